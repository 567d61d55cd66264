//go:build linux || darwin

package racetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

const workerVariable = "RACETEST_WORKER" // set in the environment of a worker

// A job is the first line that a worker reads.
type job struct {
	Address                string // of the gate in front of the fake
	ClientID, ClientSecret string
	AccountID              string // not empty: server-to-server
	User                   string // whom a call asks for
	Path                   string // of the token file
	Unlocked               bool   // the lock locks nothing
}

// Further lines are commands.
const (
	call = "call" // one call of the API, and one line with its outcome
	loop = "loop" // calls without end, until one fails
	end  = "end"  // close the source and end
)

// Lines of a worker.
const (
	ready       = "ready"
	waits       = "waits" // for a lock that another process holds
	good        = "ok"
	reauthorize = "reauthorize" // a person must authorise again; the error follows
	failed      = "error"       // the error follows
)

func (j job) app() zoomauth.App {
	return zoomauth.App{
		Region: zoomauth.RegionEU, ClientID: j.ClientID, ClientSecret: j.ClientSecret,
		Endpoints: zoomauth.Endpoints{Token: j.Address + "/oauth/token", API: j.Address + "/v2"},
	}
}

// work is the life of a worker. It also ends with its input, and so with its parent,
// whatever it does just then.
func work(stdin io.Reader, stdout io.Writer) error {
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(stdout, line)
	}
	lines := bufio.NewScanner(stdin)
	var j job
	if !lines.Scan() {
		return errors.New("no job")
	}
	if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
		return err
	}
	source, client, err := j.client(say)
	if err != nil {
		return err
	}
	outcome := func() string {
		_, err := client.Users.Get(context.Background(), j.User)
		switch {
		case err == nil:
			return good
		case errors.Is(err, zoom.ErrReauthorize):
			return reauthorize + " " + err.Error()
		default:
			return failed + " " + err.Error()
		}
	}
	say(ready)
	for lines.Scan() {
		switch lines.Text() {
		case call:
			go func() { say(outcome()) }()
		case loop:
			go func() {
				for last := good; last == good; {
					last = outcome()
					say(last)
				}
			}()
		case end:
			return source.Close()
		}
	}
	return errors.New("the test has gone")
}

func (j job) client(say func(string)) (*zoomauth.Source, *zoom.Client, error) {
	var lock zoomauth.FileLock = tellingLock{flock.New(j.Path + ".lock"), say}
	if j.Unlocked {
		lock = noLock{}
	}
	store, err := zoomauth.NewFileStore(j.Path, lock)
	if err != nil {
		return nil, nil, err
	}
	source, err := j.app().TokenSource(store, nil)
	if j.AccountID != "" {
		source, err = j.app().ServerToServer(j.AccountID, store, nil)
	}
	if err != nil {
		return nil, nil, err
	}
	client, err := j.app().Client(source, zoom.WithLimiter(zoom.Unlimited()))
	return source, client, err
}

// A tellingLock tells before it waits.
type tellingLock struct {
	*flock.Flock
	say func(string)
}

func (l tellingLock) TryLockContext(ctx context.Context, retryDelay time.Duration) (bool, error) {
	if locked, err := l.TryLock(); locked || err != nil {
		return locked, err
	}
	l.say(waits)
	return l.Flock.TryLockContext(ctx, retryDelay)
}

// A noLock locks nothing, for the control.
type noLock struct{}

func (noLock) TryLockContext(context.Context, time.Duration) (bool, error) { return true, nil }
func (noLock) Unlock() error                                               { return nil }
