package zoom_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

const (
	canaryAccount = "canary-account"
	canarySecret  = "canary-secret"
	goodToken     = `{"access_token":"t1","token_type":"bearer","expires_in":3599,"scope":"user:read:admin","api_url":"https://api-us.zoom.us"}`
)

// s2s is a source whose token call goes to the tape.
func s2s(tp *tape) *zoom.ServerToServerSource {
	return zoom.ServerToServer(canaryAccount, "canary-id", canarySecret, zoom.TokenHTTPClient(&http.Client{Transport: tp}), nil)
}

func TestServerToServerOptions(t *testing.T) {
	tp := newTape(answer{do: func(req *http.Request) answer {
		assert.Equal(t, "https://zoomgov.example.com/oauth/token", req.URL.String())
		return ok(goodToken)
	}})
	src := zoom.ServerToServer("a", "b", "c", zoom.TokenURL("https://zoomgov.example.com/oauth/token"), zoom.TokenHTTPClient(&http.Client{Transport: tp}))
	_, err := src.Token(t.Context())
	require.NoError(t, err)
	_, err = zoom.ServerToServer("a", "b", "c", zoom.TokenURL("http://zoom.example.com/oauth/token")).Token(t.Context())
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}

func TestServerToServerRequest(t *testing.T) {
	tp := newTape(answer{do: func(req *http.Request) answer {
		assert.Equal(t, "application/x-www-form-urlencoded", req.Header.Get("Content-Type"))
		assert.Equal(t, "https://zoom.us/oauth/token", req.URL.String(), "S7: nothing in the query")
		return ok(goodToken)
	}})
	src := s2s(tp)
	tok, err := src.Token(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "t1", tok.AccessToken)
	assert.Equal(t, "user:read:admin", tok.Extra("scope"))
	assert.Equal(t, "https://api-us.zoom.us", tok.Extra("api_url"))
	requests := tp.requests()
	require.Len(t, requests, 1)
	assert.Equal(t, "POST", requests[0].method)
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("canary-id:"+canarySecret)), requests[0].auth)
	form, err := url.ParseQuery(requests[0].body)
	require.NoError(t, err)
	assert.Equal(t, url.Values{"grant_type": {"account_credentials"}, "account_id": {canaryAccount}}, form)
	tok.AccessToken = "changed"
	tok, err = src.Token(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "t1", tok.AccessToken, "the caller's copy is the caller's")
	assert.Len(t, tp.requests(), 1)
}

// Without a client of its own the token call takes that of the client that asks,
// and clients share the token.
func TestFaultAU24ClientsShareASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		minted := 0
		var mu sync.Mutex
		alive := ""
		tp := newTape(answer{do: func(req *http.Request) answer {
			mu.Lock()
			defer mu.Unlock()
			if req.URL.Path == "/oauth/token" {
				minted++
				alive = fmt.Sprintf("t%d", minted) // kills the former one
				return answer{status: 200, body: fmt.Sprintf(`{"access_token":%q,"expires_in":3600}`, alive), delay: time.Second}
			}
			if req.Header.Get("Authorization") != "Bearer "+alive {
				return code124
			}
			return fine
		}})
		src := zoom.ServerToServer(canaryAccount, "canary-id", canarySecret)
		clients := []*zoom.Client{clientWith(t, src, tp), clientWith(t, src, tp), clientWith(t, src, tp)}
		all := func() {
			var group sync.WaitGroup
			for i := range 99 {
				group.Go(func() { assert.NoError(t, get(t.Context(), clients[i%3])) })
			}
			group.Wait()
		}
		all()
		assert.Equal(t, 1, minted)
		mu.Lock()
		alive = "of somebody else"
		mu.Unlock()
		all()
		assert.Equal(t, 2, minted, "one of the clients replaces it for all")
		time.Sleep(56 * time.Minute)
		all()
		time.Sleep(2 * time.Second) // nobody waits for the fetch
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, 3, minted)
	})
}

func TestFaultAU12Lifetimes(t *testing.T) {
	for field, want := range map[string]time.Duration{
		`"expires_in":3600`:                      time.Hour,
		`"expires_in":"1800"`:                    30 * time.Minute,
		`"expires_in":3599.5`:                    3599*time.Second + 500*time.Millisecond,
		`"expires_in":""`:                        time.Hour,
		`"expires_in":1e400`:                     time.Hour,
		`"expires_in":null`:                      time.Hour,
		`"expires_in":"soon"`:                    time.Hour,
		`"expires_in":-5`:                        time.Hour,
		`"expires_in":{}`:                        time.Hour,
		`"expires_in":0, "AU13":1`:               time.Hour,
		`"AU13":"no expires_in"`:                 time.Hour,
		`"scope":7,"api_url":{},"token_type":[]`: time.Hour,
	} {
		t.Run(field, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tok, err := s2s(newTape(ok(`{"access_token":"t1",` + field + `}`))).Token(t.Context())
				require.NoError(t, err)
				assert.Equal(t, want, time.Until(tok.Expiry))
			})
		})
	}
}

func TestServerToServerFails(t *testing.T) {
	form := "grant_type=account_credentials&account_id=" + canaryAccount + " " + canarySecret
	for _, tc := range []struct {
		name    string
		answers []answer
		is      error
		tries   int
		status  int
	}{
		{"AU20 invalid client", []answer{{status: 400, body: `{"reason":"Invalid client_id or client_secret canary-id","error":"invalid_client"}`}}, zoom.ErrClientCredentials, 1, 400},
		{"AU20 401", []answer{{status: 401, body: `{"reason":"canary-account","error":"invalid_request"}`}}, zoom.ErrClientCredentials, 1, 401},
		{"wrong account", []answer{{status: 400, body: `{"reason":"Bad Request","error":"invalid_request"}`}}, zoom.ErrClientCredentials, 1, 400},
		{"AU20 code 4702", []answer{refusal(400, 4702, "Invalid client canary-id")}, zoom.ErrClientCredentials, 1, 400},
		{"AU11 500", []answer{{status: 500, body: form}}, zoom.ErrServer, 3, 500},
		{"AU11 no answer", []answer{lost}, zoom.ErrUnreachable, 3, 0},
		{"AU11 429", []answer{{status: 429}}, zoom.ErrRateLimited, 3, 429},
		{"AU11 429, RL07 an hour", []answer{{status: 429, header: map[string]string{"Retry-After": "3600"}}}, zoom.ErrRateLimited, 1, 429},
		{"AU18 HTML that echoes the form", []answer{{status: 200, body: "<html>" + form}}, zoom.ErrBadResponse, 3, 200},
		{"AU18 AU39 400 HTML", []answer{{status: 400, body: "<html>" + form}}, zoom.ErrBadResponse, 1, 400},
		{"AU39 404", []answer{{status: 404}}, zoom.ErrBadResponse, 1, 404},
		{"AU39 500 with a code", []answer{{status: 500, body: `{"error":"invalid_client"}`}}, zoom.ErrServer, 3, 500},
		{"AU15 no token", []answer{ok(`{"token_type":"bearer","canary-account":1}`)}, zoom.ErrBadResponse, 3, 200},
		{"AU15 empty token", []answer{ok(`{"access_token":""}`)}, zoom.ErrBadResponse, 3, 200},
		{"AU16 token twice", []answer{ok(`{"access_token":"canary-a","access_token":"canary-b"}`)}, zoom.ErrBadResponse, 3, 200},
		{"AU17 CR LF", []answer{ok(`{"access_token":"canary\r\nHost: evil"}`)}, zoom.ErrBadResponse, 3, 200},
		{"NW10 307", []answer{{status: 307, header: map[string]string{"Location": "https://evil.example.com/canary"}}}, zoom.ErrRedirect, 1, 307},
		{"NW10 308", []answer{{status: 308, header: map[string]string{"Location": "https://evil.example.com/canary"}}}, zoom.ErrRedirect, 1, 308},
		{"1 MiB", []answer{ok(`{"access_token":"` + strings.Repeat("x", 1<<20) + `"}`)}, zoom.ErrBodyTooLarge, 1, 200},
		{"TLS", []answer{{err: errors.New("tls: handshake failure")}}, zoom.ErrTLS, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp, api := newTape(tc.answers...), newTape(fine)
				err := get(t.Context(), clientWith(t, s2s(tp), api))
				require.ErrorIs(t, err, tc.is)
				assert.Len(t, tp.requests(), tc.tries)
				assert.Empty(t, api.requests())
				for _, r := range tp.requests() {
					assert.Equal(t, "/oauth/token", r.path, "nothing goes elsewhere")
				}
				var e *zoom.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, tc.status, e.StatusCode)
				assert.Equal(t, "users.get", e.Op)
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					assert.NotContains(t, fmt.Sprintf(verb, err), "canary", verb)
				}
				text, errJSON := json.Marshal(err)
				require.NoError(t, errJSON)
				assert.NotContains(t, string(text), "canary")
				assert.NotContains(t, err.Error(), "\n")
			})
		})
	}
	t.Run("AU11 it recovers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tp := newTape(answer{status: 503}, lost, ok(goodToken))
			require.NoError(t, get(t.Context(), clientWith(t, s2s(tp), newTape(fine))))
			assert.Len(t, tp.requests(), 3)
		})
	})
}

func TestServerToServerRefusesEmptyCredentials(t *testing.T) {
	for _, c := range [][3]string{
		{"", "b", "c"},
		{"a", "", "c"},
		{"a", "b", ""},
		{" ", "b", "c"},
		{"a", "\t", "c"},
		{"a", "b", "\n"},
		{"a", "b", "c\n"},
		{"a", "b", "c\r\n"},
		{"a\n", "b", "c"},
		{"a", " b", "c"},
		{"a", "b", "c\x00d"},
	} {
		tp := newTape(ok(goodToken))
		src := zoom.ServerToServer(c[0], c[1], c[2])
		src.HTTPClient = &http.Client{Transport: tp}
		_, err := src.Token(t.Context())
		refusedUnsent(t, tp, err)
		_, err = zoom.NewClient(src)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
		assert.Regexp(t, "token source: the (account id|client id|client secret) ", err.Error())
	}
}

// Every print form, of every type that holds a secret.
func TestNoPrintFormShowsASecret(t *testing.T) {
	tp := newTape(ok(`{"access_token":"canary-token","expires_in":3600}`), fine)
	src := s2s(tp)
	client := clientWith(t, src, newTape(fine))
	require.NoError(t, get(t.Context(), client))
	// A refused token that could not be replaced is still remembered.
	refused := clientWith(t, &mint{fails: func(n int) error {
		if n > 1 {
			return errors.New("sealed")
		}
		return nil
	}, name: "canary-"}, newTape(code124))
	require.Error(t, get(t.Context(), refused))
	static := zoom.StaticToken("canary-token")
	wrapped := zoom.FromOAuth2(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "canary-token"}))
	for name, v := range map[string]any{
		"source": src, "source by value": *src, "static": static, "oauth2": wrapped, "client": client, "client with a refused token": refused,
		"in a struct": struct{ S any }{src}, "in an exported field": struct{ S *zoom.ServerToServerSource }{src}, "in a slice": []zoom.TokenSource{src, static, wrapped},
		"in a map": map[string]zoom.TokenSource{"a": src},
		// fmt asks no method of what stands in an unexported field.
		"unexported": struct{ s *zoom.ServerToServerSource }{src}, "unexported, by value": struct{ s zoom.ServerToServerSource }{*src},
		"unexported, static": struct{ s zoom.TokenSource }{static}, "unexported, oauth2": struct{ s zoom.TokenSource }{wrapped},
		"unexported, client": struct{ c *zoom.Client }{refused}, "services": struct{ U *zoom.UsersService }{refused.Users},
	} {
		for where, text := range printForms(t, v) {
			assert.NotContains(t, text, "canary", "%s: %s", name, where)
			assert.NotContains(t, text, fmt.Sprintf("%x", "canary"), "%s: %s", name, where)
		}
	}
	// The control: the same scan finds what is not redacted.
	hits := 0
	for _, text := range printForms(t, &oauth2.Token{AccessToken: "canary-token"}) {
		if strings.Contains(text, "canary") {
			hits++
		}
	}
	assert.GreaterOrEqual(t, hits, 5)
}

func printForms(t *testing.T, v any) map[string]string {
	t.Helper()
	forms := map[string]string{"Sprint": fmt.Sprint(v), "error": fmt.Errorf("x: %v", v).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		forms[verb] = fmt.Sprintf(verb, v)
	}
	if text, err := json.Marshal(v); err == nil {
		forms["JSON"] = string(text)
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", slog.Any("v", v))
	slog.New(slog.NewJSONHandler(&b, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", slog.Any("v", v))
	forms["slog"] = b.String()
	return forms
}
