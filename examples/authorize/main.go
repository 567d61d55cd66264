// Authorize is a small web service that connects Zoom accounts: a button for each
// region sends an admin to Zoom's "Permissions Requested", Allow brings a token back,
// and the page shows whose it is, until when, what it opens, and how many users the
// account has. Refresh and Disconnect do what they say.
//
//	go -C examples run ./authorize -demo
//	go -C examples run ./authorize -addr 127.0.0.1:9000 -dir ~/.zoom-tokens
//
// The app is in ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_REDIRECT_URL, as it is
// registered in Zoom's Marketplace; a vendor with an app for each region has those of
// ZOOM_NA_CLIENT_ID … ZOOM_NA_REDIRECT_URL, and APAC and EU, or some of them. With
// -demo there are three invented accounts inside the program, with a consent
// page of their own, and the page says so. A public client, whose redirect URL is
// http on loopback, has no secret.
//
// Tokens are kept in -dir, a file for each region that only its owner can read.
// Several processes may share it.
//
// The service has no sign-in of its own and listens on loopback only. Zoom wants an
// https redirect URL: let a tunnel or a reverse proxy that asks who you are forward
// it to -addr.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/seatkit/zoom/examples/internal/cli"
	"github.com/seatkit/zoom/zoomauth"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := cli.Flags("authorize", "[flags]")
	flags.Usage = func() { usage(flags) }
	addr := flags.String("addr", "127.0.0.1:8477", "listen on this loopback `address`; port 0 lets the system choose")
	demo := flags.Bool("demo", false, "work with invented accounts inside the program")
	dir := flags.String("dir", "", "keep the tokens in this `directory`; needed with credentials; with -demo a temporary one is the default")
	if err := cli.Parse(flags, args, stderr); err != nil {
		return err
	}
	if err := cli.NoArguments(flags); err != nil {
		return err
	}
	apps, err := chooseApps(*demo, *dir)
	if err != nil {
		return err
	}

	listener, err := listen(ctx, *addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	set := settings{apps: apps, dir: *dir, base: "http://" + listener.Addr().String()}
	if len(apps) == 0 {
		cli.Printf(stderr, "DEMO: these are invented accounts inside the program, and no real Zoom.\n")
		set.fake = true
		var closeFakes func()
		set.apps, closeFakes = startFakes(set.base + "/zoom/callback")
		defer closeFakes()
	}
	if set.dir == "" {
		if set.dir, err = os.MkdirTemp("", "zoom-authorize-"); err != nil {
			return err
		}
		defer os.RemoveAll(set.dir)
	}
	s, err := newService(ctx, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }() // a token may not be saved yet
	if s.home != set.base {
		cli.Printf(stderr, "%s has to lead to %s, as a tunnel or a reverse proxy makes it.\n", s.home, listener.Addr())
	}
	if _, err := fmt.Fprintf(stdout, "Open %s/ in a browser.\n", s.home); err != nil {
		return err
	}
	return serve(ctx, listener, s)
}

// chooseApps returns the apps of the environment, none for a demonstration.
func chooseApps(demo bool, dir string) (zoomauth.Apps, error) {
	if demo {
		return nil, nil
	}
	apps, err := readApps(os.LookupEnv)
	switch {
	case err != nil:
		return nil, &cli.UsageError{Err: err}
	case len(apps) == 0:
		return nil, cli.Usagef("no credentials: set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_REDIRECT_URL; -demo shows the program with invented accounts")
	case dir == "":
		return nil, cli.Usagef("with credentials in the environment -dir is needed: the tokens are kept in it")
	}
	return apps, nil
}

func usage(flags *flag.FlagSet) {
	cli.Printf(flags.Output(), "usage: %s [flags]\n", flags.Name())
	flags.PrintDefaults()
	cli.Printf(flags.Output(), "Exit status: 0 ended by a signal, 1 failed, 2 wrong flags or no credentials.\n")
	cli.Printf(flags.Output(), "The app is taken from the environment: ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET, ZOOM_REDIRECT_URL, or ZOOM_NA_CLIENT_ID … for the regions NA, APAC, EU.\n")
}

// listen refuses an address that others could reach.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil || !tcp.IP.IsLoopback() {
		return nil, cli.Usagef("-addr: want a loopback address with a port, as 127.0.0.1:8477")
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", tcp.String())
}

// serve answers until ctx ends, and lets the requests under way end as well.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(ctx), server.Close())
}
