package zoompg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/contrib/zoompg"
)

// dsn is the address of the server that TestMain starts.
var dsn string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	server, err := startServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, "zoompg: these tests need PostgreSQL (Debian: apt-get install postgresql):", err)
		return 1
	}
	defer server.stop()
	dsn = server.dsn
	return m.Run()
}

// server is a PostgreSQL of the tests' own, in a directory that goes with it.
type server struct {
	dir, dsn string
	process  *exec.Cmd
}

// startServer makes a cluster and starts it on a socket in its directory. PostgreSQL does
// not run as root, so root lends it the user postgres.
func startServer() (s *server, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zoompg") // its path has to fit into the address of a socket
	if err != nil {
		return nil, err
	}
	s = &server{dir: dir, dsn: "host=" + dir + " user=postgres dbname=postgres"}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	attributes, err := lend(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	init := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	init.Dir, init.SysProcAttr = dir, attributes
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.process = exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60")
	s.process.Dir, s.process.SysProcAttr, s.process.Stdout, s.process.Stderr = dir, attributes, log, log
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	err = s.await()
	return s, err
}

func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // Debian
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("there is no %s", name)
	}
	slices.Sort(found)
	return found[len(found)-1], nil
}

// lend gives a directory to the user that PostgreSQL is to run as.
func lend(dir string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return attributes, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attributes, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres")
}

// await waits until the server answers.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		pool, err := pgxpool.New(ctx, s.dsn)
		if err == nil {
			err = pool.Ping(ctx)
			pool.Close()
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("the server does not answer: %w: %s", err, log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) stop() {
	if s.process != nil && s.process.Process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT) // at once: nothing of it is kept
		_ = s.process.Wait()
	}
	_ = os.RemoveAll(s.dir)
}

// database makes a database of the test's own and returns a pool of n connections.
func database(t testing.TB, n int32) *pgxpool.Pool {
	t.Helper()
	ctx := context.Background()
	admin := pool(t, "postgres", 1)
	name := fmt.Sprintf("test_%d", time.Now().UnixNano())
	_, err := admin.Exec(ctx, "CREATE DATABASE "+name)
	require.NoError(t, err)
	p := pool(t, name, n)
	require.NoError(t, zoompg.Migrate(ctx, p))
	return p
}

// pool is one more process, as the database sees it.
func pool(t testing.TB, database string, n int32) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.ConnConfig.Database = database
	config.MaxConns = n
	p, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func tokens(t testing.TB, p *pgxpool.Pool, name string) *zoompg.TokenStore {
	t.Helper()
	s, err := zoompg.NewTokenStore(p, name)
	require.NoError(t, err)
	return s
}
