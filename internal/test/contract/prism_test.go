package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary stand in for Prism.
func TestMain(m *testing.M) {
	switch os.Getenv("CONTRACT_STANDIN") {
	case "listen":
		standIn()
	case "fail":
		fmt.Println("no such description")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// standIn answers 404 on the port that it is told, for a minute at most.
func standIn() {
	port := os.Args[slices.Index(os.Args, "--port")+1]
	server := &http.Server{Addr: net.JoinHostPort("127.0.0.1", port), Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	time.AfterFunc(time.Minute, func() { os.Exit(0) })
	fmt.Println(server.ListenAndServe())
}

func TestPrismStartsAndStops(t *testing.T) {
	t.Setenv("CONTRACT_STANDIN", "listen")
	p, err := startPrism(t.Context(), []string{os.Args[0]}, "mock", "file")
	require.NoError(t, err)
	resp, err := http.Get(p.url)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	p.stop()
	_, err = http.Get(p.url)
	assert.Error(t, err, "the port is closed")
}

func TestPrismThatFailsIsQuoted(t *testing.T) {
	t.Setenv("CONTRACT_STANDIN", "fail")
	_, err := startPrism(t.Context(), []string{os.Args[0]}, "mock")
	require.ErrorContains(t, err, "no such description")

	_, err = startPrism(t.Context(), []string{"/no/such/program"})
	require.ErrorContains(t, err, "starting Prism")
}

func TestPrismEndsWithItsContext(t *testing.T) {
	t.Setenv("CONTRACT_STANDIN", "listen")
	ctx, cancel := context.WithCancel(t.Context())
	p, err := startPrism(ctx, []string{os.Args[0]})
	require.NoError(t, err)
	cancel()
	<-p.exited
}

func TestTailKeepsTheEnd(t *testing.T) {
	var log tail
	_, _ = log.Write(bytes.Repeat([]byte("x"), 2*tailSize))
	_, _ = log.Write([]byte("end"))
	assert.Len(t, log.String(), tailSize)
	assert.Equal(t, "xend", log.String()[tailSize-4:])
}

func TestRunRefusesBadArguments(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-spec", "no/such/file"}, {"-prism", ""}, {"more"}, {"-nonsense"}} {
		assert.Error(t, run(t.Context(), args, &out, &out), "%q", args)
	}
}

// TestRunFindsEveryFault runs the whole check against a server that is no Prism
// and knows nothing: it has to fail, and to end.
func TestRunFindsEveryFault(t *testing.T) {
	t.Setenv("CONTRACT_STANDIN", "listen")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-prism", os.Args[0], "-timeout", "20s"}, &out, &out)
	require.Error(t, err)
	assert.Contains(t, out.String(), "FAIL  Users.Get")
	assert.NotContains(t, out.String(), "ok  ")
}
