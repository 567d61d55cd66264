package zoomauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
)

func TestHandlerSession(t *testing.T) {
	refuses := errors.New("nobody is signed in")
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Session = func(r *http.Request) (string, error) {
			if name := r.Header.Get("Session"); name != "" {
				return name, nil
			}
			return "", refuses
		}
		o.Store = func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
			assert.Equal(t, "customer 1", l.Session)
			assert.Equal(t, zoomauth.RegionEU, l.Region)
			return s.store, nil
		}
	})
	v := s.visitor()
	checkPage(t, http.StatusForbidden, v.get(t.Context(), startPath))
	assert.Empty(t, v.cookies)
	v.session = "customer 1"
	good := v.allowed().Encode()
	v.session = ""
	checkPage(t, http.StatusForbidden, v.back(good))
	assert.Zero(t, codesSent(s.zoom))
	v.session = "customer 1"
	checkPage(t, http.StatusOK, v.back(good))
	assert.True(t, s.connected())
}

func TestHandlerTellsFailedWhatSessionSaid(t *testing.T) {
	refuses := errors.New("nobody is signed in")
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Failed = s.remember
		o.Session = func(*http.Request) (string, error) { return "", refuses }
	})
	res := s.visitor().get(t.Context(), startPath)
	assert.Equal(t, http.StatusTeapot, res.StatusCode)
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Len(t, s.failed, 1)
	assert.ErrorIs(t, s.failed[0], refuses)
}

func TestHandlerHooks(t *testing.T) {
	var login *zoomauth.Login
	var token *zoomauth.Token
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Session = func(r *http.Request) (string, error) { return r.Header.Get("Session"), nil }
		o.Done = func(w http.ResponseWriter, r *http.Request, l *zoomauth.Login, tok *zoomauth.Token) {
			assert.True(t, s.connected(), "saved before")
			login, token = l, tok
			http.Redirect(w, r, "/settings", http.StatusSeeOther)
		}
	})
	v := s.visitor()
	v.session = "customer 1"
	res := v.back(v.allowed().Encode())
	assert.Equal(t, http.StatusSeeOther, res.StatusCode)
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"), "the address holds the code")
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "customer 1", login.Session)
	assert.Equal(t, s.zoom.AccountID(), token.AccountID)
}

// A hook that panics is net/http's to deal with; the token is kept, the login is over.
func TestHandlerHooksPanic(t *testing.T) {
	s := newService(t, func(s *service, o *zoomauth.HandlerOptions) {
		o.Done = func(http.ResponseWriter, *http.Request, *zoomauth.Login, *zoomauth.Token) {
			panic(http.ErrAbortHandler)
		}
		o.Failed = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	})
	v := s.visitor()
	good := v.allowed().Encode()
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back("state=x") })
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) })
	assert.True(t, s.connected())
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) })
	assert.Equal(t, 1, codesSent(s.zoom))
	good = v.allowed().Encode()
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { v.back(good) }, "the next login works")
	assert.Equal(t, 2, codesSent(s.zoom))
}

// One that panics before the code is exchanged leaves no grant behind.
func TestHandlerStorePanics(t *testing.T) {
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
		o.Store = func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { panic("no vault") }
	})
	v := s.visitor()
	good := v.allowed().Encode()
	assert.PanicsWithValue(t, "no vault", func() { v.back(good) })
	assert.Zero(t, codesSent(s.zoom))
	checkPage(t, http.StatusBadRequest, v.back(good))
}

// A session that panics ends nothing.
func TestHandlerSessionPanics(t *testing.T) {
	broken := false
	s := newService(t, func(_ *service, o *zoomauth.HandlerOptions) {
		o.Session = func(*http.Request) (string, error) {
			if broken {
				panic("no sessions")
			}
			return "customer 1", nil
		}
	})
	v := s.visitor()
	good := v.allowed().Encode()
	broken = true
	assert.PanicsWithValue(t, "no sessions", func() { v.back(good) })
	broken = false
	checkPage(t, http.StatusOK, v.back(good))
}

// Who is signed in has a name: a hook that finds nobody and tells no error must not
// bind the login of one visitor to all of them.
func TestHandlerSessionWithoutAName(t *testing.T) {
	s := newService(t, withSessions)
	v := s.visitor()
	checkPage(t, http.StatusForbidden, v.get(t.Context(), startPath))
	assert.Empty(t, v.cookies)
	v.session = "customer 1"
	good := v.allowed().Encode()
	v.session = ""
	checkPage(t, http.StatusForbidden, v.back(good))
	assert.Zero(t, codesSent(s.zoom))
	v.session = "customer 1"
	checkPage(t, http.StatusOK, v.back(good))
}
