package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// An installation is what the service has of a region: the app, and the token of the
// account whose admin clicked Allow, if one did.
type installation struct {
	app   zoomauth.App
	store *zoomauth.FileStore

	mu     sync.Mutex
	source *zoomauth.Source // both nil until they are needed
	client *zoom.Client
}

// install says where the token of a region is kept, and looks whether it can be.
func install(ctx context.Context, app zoomauth.App, dir, prefix string) (*installation, error) {
	path := filepath.Join(dir, prefix+strings.ToLower(string(app.Region))+".token")
	store, err := zoomauth.NewFileStore(path, flock.New(path+".lock"))
	if err != nil {
		return nil, err
	}
	// One that cannot be read stays, and the page says so.
	if _, err := store.Load(ctx); errors.Is(err, zoomauth.ErrStore) && !errors.Is(err, zoomauth.ErrStoreCorrupt) {
		return nil, err
	}
	return &installation{app: app, store: store}, nil
}

// connect returns the source and the client of the token, which are kept: they hold
// the access token, and the client keeps the account's limits.
func (i *installation) connect() (*zoomauth.Source, *zoom.Client, error) {
	if i.client != nil {
		return i.source, i.client, nil
	}
	source, err := i.app.TokenSource(i.store, nil)
	if err != nil {
		return nil, nil, err
	}
	client, err := i.app.Client(source, zoom.WithUserAgent("seatkit-examples"))
	if err != nil {
		return nil, nil, err
	}
	i.source, i.client = source, client
	return source, client, nil
}

// drop forgets what holds a token that was replaced or revoked.
func (i *installation) drop() error {
	if i.client == nil {
		return nil
	}
	_ = i.client.Close() // nothing is lost with it
	err := i.source.Close()
	i.source, i.client = nil, nil
	return err
}

// authorized is told that somebody clicked Allow.
func (i *installation) authorized() error { return i.locked(i.drop) }

// refresh gets a new access token before the old one is due.
func (i *installation) refresh(ctx context.Context) error {
	return i.locked(func() error {
		source, _, err := i.connect()
		if err != nil {
			return err
		}
		token, err := source.Installation(ctx)
		if err != nil {
			return err
		}
		source.Rejected(ctx, token.OAuth2().AccessToken) // as if Zoom had refused it
		_, err = source.Installation(ctx)
		return errors.Join(err, i.drop()) //nolint:contextcheck // Close has a time of its own
	})
}

// disconnect takes the permission back at Zoom and deletes the token here.
func (i *installation) disconnect(ctx context.Context) error {
	return i.locked(func() error {
		source, _, err := i.connect()
		if err != nil {
			return err
		}
		return errors.Join(source.Disconnect(ctx), i.drop()) //nolint:contextcheck // Close has a time of its own
	})
}

func (i *installation) locked(do func() error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return do()
}
