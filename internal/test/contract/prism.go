package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// readyWithin is how long Prism may take to open its port; npx may have to fetch
// it first.
const readyWithin = 90 * time.Second

// A prism is a running Prism: a mock, or a proxy in front of something.
type prism struct {
	url    string
	cancel context.CancelFunc
	exited chan struct{}
	log    *tail
}

// startPrism runs Prism on a free port and waits until the port is open. It ends
// with ctx, and with stop.
func startPrism(ctx context.Context, command []string, args ...string) (*prism, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	line := append(append([]string{}, command...), args...)
	line = append(line, "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--verboseLevel", "warn")
	p := &prism{
		url:    "http://127.0.0.1:" + strconv.Itoa(port),
		cancel: cancel, exited: make(chan struct{}), log: &tail{},
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // the command is the maintainer's own argument
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.WaitDelay = 5 * time.Second
	endWithChildren(cmd)
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("starting Prism: %w", err)
	}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait() // how it ended is in the log
	}()
	if err := p.await(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting Prism: %w; it said:\n%s", err, p.log)
	}
	return p, nil
}

func (p *prism) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return errors.New("ended before it opened its port")
		case <-ctx.Done():
			return fmt.Errorf("opened no port: %w", ctx.Err())
		}
	}
}

// stop ends Prism and whatever it started, and waits for that.
func (p *prism) stop() {
	p.cancel()
	<-p.exited
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port // a TCP listener has no other address
	return port, l.Close()
}

// A tail keeps the end of what a program prints.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	t.buf = bytes.Clone(t.buf[max(0, len(t.buf)-tailSize):])
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
