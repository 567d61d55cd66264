package canary_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
)

type badBody struct{ s string }

func (b badBody) MarshalJSON() ([]byte, error)  { return nil, errors.New("cannot write " + b.s) }
func (b *badBody) UnmarshalJSON(t []byte) error { return errors.New("cannot read " + string(t)) }

func second[T any](_ T, err error) error { return err }

// What the caller passes is refused without being repeated, wherever the secrets
// stand in it.
func TestInput(t *testing.T) {
	s := newSite(t, canary.NewScanner(new(canary.New()).List()...))
	defer s.close()
	echo := wire(func(req *http.Request) (*http.Response, error) {
		return response(req, http.StatusOK, nil, strings.NewReader(`"`+s.AccessToken+`"`)), nil
	})
	c, ctx := s.client(echo), t.Context()
	for i, secret := range s.List() {
		if skips(i) {
			continue
		}
		v := secret.Value
		for _, req := range []*zoom.Request{
			{Path: "/users/" + v},
			{Path: "/users?next_page_token=" + v},
			{Path: v},
			{Path: "/users/{" + v + "}", PathValues: []string{""}},
			{Path: "https://" + v + "@api.zoom.us/v2/users"},
			{Path: "/users/{" + v},
			{Path: "/users#" + v},
			{Path: "/users/" + url.PathEscape(v)},
			{Method: v, Path: "/users"},
			{Path: "/users/{userId}", PathValues: []string{v + "\n"}},
			{Path: "/users/{userId}", PathValues: []string{v, v}},
			{Path: "/users/{userId}", PathValues: []string{v + strings.Repeat("x", 300)}},
			{Path: "/users/{userId}", PathValues: []string{"../" + v}},
			{Path: "/users", Body: badBody{v}},
			{Path: "/users", Body: func() {}},
			{Path: "/users", Class: 99, Query: url.Values{"q": {v}}},
		} {
			var out badBody
			s.fails(c.Do(ctx, req, &out))
			s.fails(second(zoom.ListOf[json.RawMessage](c, req, v).Collect(ctx)))
		}
		s.fails(second(c.Users.Get(ctx, v+" "+v)))
		s.fails(second(c.Users.List(&zoom.ListUsersOptions{Status: zoom.UserStatus(v), IncludeFields: v, License: v}).Collect(ctx)))
		s.fails(second(c.Reports.UserMeetings(v, &zoom.UserMeetingsOptions{Type: zoom.UserMeetingsType(v)}).Collect(ctx)))
		s.fails(second(c.Users.Roster(nil).Resume("0.0.x." + v).Collect(ctx)))
		s.fails(second(c.Users.Roster(nil).Page(ctx, v)))
		s.fails(c.Users.SetStatus(ctx, v, zoom.StatusAction(v)))
		s.fails(c.Users.Update(ctx, v, &zoom.UserUpdate{HostKey: &v, FirstName: new(strings.Repeat(v, 9))}))
		s.fails(second(zoom.ParseIncludeFreeUsers(v)))

		for _, address := range []string{
			"https://user:" + url.PathEscape(v) + "@api.zoom.us/v2", "https://api.zoom.us/v2?token=" + url.QueryEscape(v), "http://api.zoom.us/" + url.PathEscape(v),
			"https://api.zoom.us/#" + url.PathEscape(v), "://" + v, "https://user:" + v + "@[::1", v, "https://api.zoom.us:port" + v,
		} {
			if _, err := zoom.NewClient(zoom.StaticToken(v), zoom.WithBaseURL(address)); err != nil { // what begins with a slash is a path
				s.fails(err)
			}
			src := zoom.ServerToServer(s.AccountID, s.ClientID, s.ClientSecret)
			src.TokenURL = address
			s.fails(second(s.clientOf(src, echo).Users.Get(ctx, v)))
		}
		s.fails(second(zoom.NewClient(zoom.StaticToken(v), zoom.WithUserAgent(v+"\n"))))
	}
	var none context.Context
	s.fails(second(c.Users.Get(none, s.Email)))
}

// A listing that goes wrong does not tell its page token, nor does its error
// where it is held by value, copied or printed by a verb that asks no method.
func TestPages(t *testing.T) {
	secrets := canary.New()
	scanner := canary.NewScanner(secrets.List()...)
	page := func(next, users string) wire {
		return func(req *http.Request) (*http.Response, error) {
			return response(req, http.StatusOK, nil, strings.NewReader(fmt.Sprintf(`{"next_page_token":%q,"total_records":9,"users":[%s]}`, next, users))), nil
		}
	}
	row := fmt.Sprintf(`{"id":%q,"email":%q,"type":2,"status":"active"}`, secrets.UserID, secrets.Email)
	for name, w := range map[string]wire{
		"PG01 loop":     page(secrets.PageToken, row),
		"PG03 empty":    page(secrets.PageToken, ""),
		"PG09 short":    page("", row),
		"PG12 no token": page("\ufffd"+secrets.PageToken, row),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, scanner)
				defer s.close()
				c := s.client(w)
				lists := []*zoom.List[*zoom.User]{c.Users.Roster(nil), c.Users.Roster(nil).Prefetch(), c.Users.List(nil).Resume(s.PageToken), c.Users.List(nil)}
				for _, l := range lists {
					s.value(l)
					if _, err := l.Collect(t.Context()); err != nil {
						var failed *zoom.PageError
						require.ErrorAs(t, err, &failed)
						s.fails(err)
						s.value(*failed, struct{ Last zoom.PageError }{*failed}, struct{ zoom.PageError }{*failed}, []zoom.PageError{*failed},
							map[string]*zoom.PageError{"a": failed}, struct{ *zoom.PageError }{failed})
					}
				}
			})
		})
	}
}

// The values that a program holds.
func TestValues(t *testing.T) {
	s := newSite(t, canary.NewScanner(new(canary.New()).List()...))
	defer s.close()
	s2s := zoom.ServerToServer(s.AccountID, s.ClientID, s.ClientSecret)
	for _, src := range []zoom.TokenSource{zoom.StaticToken(s.AccessToken), s2s} {
		c := s.clientOf(src, nil)
		s.value(src, c, c.Users, c.Meetings, c.Reports, c.Users.List(nil).Resume(s.PageToken), c.Reports.Participants(s.UUID, nil),
			c.Meetings.List(s.Email, nil), zoom.ListOf[any](c, s.request(), "x"))
	}
	s.value(*s2s, struct{ Source *zoom.ServerToServerSource }{s2s})
}

// quietTLS is a server with a certificate of nobody's.
func quietTLS() *httptest.Server {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it says that we refuse its certificate
	secure.StartTLS()
	return secure
}

// Over a real network: proxies with a password, certificates, redirects.
func TestNetwork(t *testing.T) {
	s := newSite(t, canary.NewScanner(new(canary.New()).List()...))
	defer s.close()
	proxy := &url.URL{Scheme: "http", User: url.UserPassword("user", s.ProxyPassword), Host: "127.0.0.1:1"}
	secure := quietTLS()
	defer secure.Close()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Proxy-Authenticate", r.Header.Get("Proxy-Authorization"))
		http.Error(w, r.Header.Get("Proxy-Authorization")+" is wrong", http.StatusProxyAuthRequired)
	}))
	defer refuses.Close()
	strict := *proxy
	strict.Host = strings.TrimPrefix(refuses.URL, "http://")
	socks := *proxy
	socks.Scheme = "socks5"
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example.com"+r.URL.RequestURI()+"?token="+r.Header.Get("Authorization"), http.StatusTemporaryRedirect)
	}))
	defer moved.Close()

	for name, c := range map[string]struct {
		base string
		rt   *http.Transport
	}{
		"NW02 refused":         {"http://127.0.0.1:1/v2", &http.Transport{}},
		"NW03 certificate":     {secure.URL + "/v2", &http.Transport{}},
		"NW04 plain server":    {strings.Replace(moved.URL, "http:", "https:", 1) + "/v2", &http.Transport{}},
		"NW08 redirect":        {moved.URL + "/v2", &http.Transport{}},
		"NW18 proxy down":      {"https://api.example.com/v2", &http.Transport{Proxy: http.ProxyURL(proxy)}},
		"NW18 proxy down, own": {"http://127.0.0.1:2/v2", &http.Transport{Proxy: http.ProxyURL(proxy)}},
		"NW18 socks down":      {"https://api.example.com/v2", &http.Transport{Proxy: http.ProxyURL(&socks)}},
		"NW18 proxy refuses":   {"https://api.example.com/v2", &http.Transport{Proxy: http.ProxyURL(&strict)}},
		"NW18 proxy, plain":    {"http://127.0.0.1:2/v2", &http.Transport{Proxy: http.ProxyURL(&strict)}},
		"NW18 proxy address": {"https://api.example.com/v2", &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
			return nil, fmt.Errorf("invalid proxy address %q", proxy)
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			defer c.rt.CloseIdleConnections()
			client := s.client(c.rt, zoom.WithBaseURL(c.base))
			for _, call := range calls {
				if err := call.run(s, context.Background(), client); err != nil {
					s.fails(err)
				} else {
					t.Error("no error")
				}
			}
		})
	}
}
