package zoomauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// unreadable fails to load so many times.
type unreadable struct {
	zoomauth.MemoryStore
	failures int
}

func (s *unreadable) Load(ctx context.Context) (*zoomauth.Token, error) {
	if s.failures > 0 {
		s.failures--
		return nil, errors.New("connection refused")
	}
	return s.MemoryStore.Load(ctx)
}

// TestFaultAU19StoreThatCannotBeReadAgain: another host has refreshed, Zoom refuses the
// token or its answer is lost, and the store cannot tell: nobody is asked to authorise,
// nothing is sent again, and the next call has the token of the other host.
func TestFaultAU19StoreThatCannotBeReadAgain(t *testing.T) {
	for name, answer := range map[string]func() (*http.Response, error){
		"AU19 refused": func() (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"reason":"Invalid Token!","error":"invalid_grant"}`))}, nil
		},
		"AU04 answer lost": func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &unreadable{}
				app := zoomauth.App{ClientID: "c", ClientSecret: "s"}
				first, err := app.NewToken("", "r1", time.Time{})
				require.NoError(t, err)
				second, err := app.NewToken("a2", "r2", time.Now().Add(time.Hour))
				require.NoError(t, err)
				second.Generation = 1
				require.NoError(t, store.Save(t.Context(), first))
				calls, asked := 0, 0
				app.HTTPClient = &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
					calls++
					assert.NoError(t, store.Save(context.Background(), second))
					store.failures = 1
					return answer()
				})}
				source, err := app.TokenSource(store, &zoomauth.SourceOptions{Reauthorize: func(context.Context, error) { asked++ }})
				require.NoError(t, err)
				defer func() { assert.NoError(t, source.Close()) }()
				_, err = source.Token(t.Context())
				require.Error(t, err)
				assert.NotErrorIs(t, err, zoom.ErrReauthorize)
				token, err := source.Token(t.Context())
				require.NoError(t, err)
				assert.Equal(t, "a2", token.AccessToken)
				assert.Zero(t, asked)
				assert.Equal(t, 1, calls)
			})
		})
	}
}
