package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"

	"github.com/seatkit/zoom/zoomauth"
)

const (
	connectPath = "/connect"
	stylePath   = "/style.css"
	iconPath    = "/icon.svg"
	actionPath  = "/do/" // of the forms
)

var ownPaths = []string{"", "/", connectPath, stylePath, iconPath}

// settings are what run makes of flags and environment.
type settings struct {
	apps zoomauth.Apps
	dir  string
	base string // where it listens
	fake bool   // the accounts are invented
}

// A service is the pages, and what stands behind them.
type service struct {
	settings
	home          string // where the browser goes: the host of the redirect URLs
	installations []*installation
	login         *zoomauth.Handler
	pageKey       string // of the cookie that a form must come with
	handler       http.Handler
}

func newService(ctx context.Context, set settings) (*service, error) {
	s := &service{settings: set, home: originOf(set.apps[0]), pageKey: rand.Text()}
	if err := os.MkdirAll(set.dir, 0o700); err != nil {
		return nil, err
	}
	prefix := ""
	if set.fake {
		prefix = "fake-" // never taken for a real one
	}
	for _, app := range set.apps {
		i, err := install(ctx, app, set.dir, prefix)
		if err != nil {
			return nil, errors.Join(errors.New("-dir: tokens cannot be kept there"), err)
		}
		s.installations = append(s.installations, i)
	}
	var err error
	s.login, err = zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps: set.apps,
		Store: func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
			return s.installation(l.Region).store, nil
		},
		Done:   s.connected,
		Failed: s.fail,
	})
	if err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// installation returns nil for a region without an app.
func (s *service) installation(region zoomauth.Region) *installation {
	at := slices.IndexFunc(s.installations, func(i *installation) bool { return i.app.Region == region })
	if at < 0 {
		return nil
	}
	return s.installations[at]
}

// look fills the cards side by side.
func (s *service) look(ctx context.Context) []*card {
	cards := make([]*card, len(s.installations))
	var group sync.WaitGroup
	for at, i := range s.installations {
		group.Go(func() { cards[at] = i.look(ctx) })
	}
	group.Wait()
	return cards
}

// close saves what is not saved yet.
func (s *service) close() error {
	var errs []error
	for _, i := range s.installations {
		errs = append(errs, i.locked(i.drop))
	}
	return errors.Join(errs...)
}

func originOf(app zoomauth.App) string {
	u := redirectOf(app)
	return u.Scheme + "://" + u.Host
}

func callbackPath(app zoomauth.App) string { return redirectOf(app).EscapedPath() }

// redirectOf returns an empty URL for one that cannot be read.
func redirectOf(app zoomauth.App) *url.URL {
	u, err := url.Parse(app.RedirectURL)
	if err != nil {
		return &url.URL{}
	}
	return u
}
