package canary_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomhook"
)

// What a program may hold a value in: of a field that is not exported fmt asks no
// method, and for %s it prints what is behind a pointer there.
type (
	heldToken struct {
		name  string
		token zoomauth.Token
	}
	heldPointers struct {
		token    *zoomauth.Token
		login    *zoomauth.Login
		source   *zoomauth.Source
		store    *zoomauth.FileStore
		logins   *zoomauth.MemoryLogins
		verifier *zoomhook.Verifier
	}
	heldStore   struct{ store zoomauth.FileStore }
	heldHandler struct{ handler zoomauth.Handler }
	embedded    struct{ *zoomauth.Source }
	inside      struct{ zoomauth.Token }
)

// No print form of a value of zoomauth or zoomhook tells what it holds, nor does a walk
// over its fields, but for an App, whose fields a program writes.
func TestAuthValues(t *testing.T) {
	s := newSite(t, authScanner())
	defer s.close()
	ctx := t.Context()
	app, token, login := s.app(s.tokens()), s.token(time.Hour), s.login()
	memory := &zoomauth.MemoryStore{}
	require.NoError(t, memory.Save(ctx, token))
	lease, err := memory.Lock(ctx)
	require.NoError(t, err)
	require.NoError(t, lease.Release())
	under := &zoomauth.MemoryLogins{}
	require.NoError(t, under.Put(ctx, "key", login))
	file, err := zoomauth.NewFileStore(s.home()+"/"+s.UserName, &fileLock{})
	require.NoError(t, err)
	src := s.source(s.tokens(), memory)
	_, err = src.Token(ctx)
	require.NoError(t, err)
	src.Rejected(ctx, s.AccessToken)
	s2s, err := app.ServerToServer(s.AccountID, memory, nil)
	require.NoError(t, err)
	h := s.handler(s.tokens(), true, memory)
	verifier, err := zoomhook.NewVerifier(s.WebhookToken, s.ClientSecret)
	require.NoError(t, err)
	hook, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{})
	require.NoError(t, err)
	client, err := app.Client(src)
	require.NoError(t, err)

	s.value(app, &app, zoomauth.Apps{app}, zoomauth.HandlerOptions{Apps: zoomauth.Apps{app}}, token, *token, login, memory, lease, under, file,
		*file, src, s2s, h, verifier, *verifier, hook, client, embedded{src}, inside{*token}, []zoomauth.Token{*token},
		heldHandler{*h}, map[string]*zoomauth.Login{"a": login})
	s.value(src, s2s) // once more, with the token that was fetched

	tokens := canary.NewScanner(secretsOf(&s.Secrets)...)
	s.add(tokens.Value("held", heldToken{"a", *token})...)
	s.add(tokens.Value("held", heldStore{*file})...)
	s.add(tokens.Value("held", heldPointers{token, login, src, file, under, verifier})...)
	for _, v := range []any{token, login, memory, lease, under, file, src, s2s, h, verifier, hook, client, heldPointers{token, login, src, file, under, verifier}} {
		s.add(tokens.Walk("walk", v)...)
	}
	for _, v := range []any{login, memory, lease, under, file, src, s2s, h, verifier, hook} {
		s.add(tokens.Reach("reach", v)...)
	}
	assert.Len(t, tokens.Reach("token", token), 1, "its method OAuth2")
}

// secretsOf are those whose owner can be robbed: no ids, no addresses.
func secretsOf(s *canary.Secrets) []canary.Secret {
	var list []canary.Secret
	for _, secret := range s.List() {
		switch secret.Name {
		case "account id", "e-mail", "user id", "meeting UUID", "page token":
		default:
			list = append(list, secret)
		}
	}
	return list
}

// The positive control: the forms that are for a store, a header or Zoom are found.
func TestAuthControl(t *testing.T) {
	s := newSite(t, nil)
	token, login := s.token(time.Hour), s.login()
	row, err := token.Encode()
	require.NoError(t, err)
	link, fresh, err := s.app(s.tokens()).AuthCodeURL()
	require.NoError(t, err)
	at, err := url.Parse(link)
	require.NoError(t, err)
	state := at.Query().Get("state")
	require.Contains(t, encoded(fresh), state)
	form := httptest.NewRequest(http.MethodPost, "https://zoom.us/oauth/token", strings.NewReader(s.callback().Encode()))
	form.SetBasicAuth(s.ClientID, s.ClientSecret)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	app := s.app(nil)
	scanner := canary.NewScanner(append(append(s.List(), s.Words()...), canary.Secret{Name: "new state", Value: state})...)
	for name, c := range map[string]struct {
		value any
		names []string
	}{
		"Token.Encode":     {row, []string{"access token", "refresh token", "account id"}},
		"Login.Encode":     {encoded(login), []string{"state", "verifier", "e-mail"}},
		"oauth2.Token":     {token.OAuth2(), []string{"access token"}},
		"Location":         {http.Header{"Location": {link}}, []string{"new state"}},
		"App's fields":     {struct{ ID, Secret string }{app.ClientID, app.ClientSecret}, []string{"client secret"}},
		"App, held":        {struct{ app zoomauth.App }{app}, []string{"client secret"}},
		"DeviceCode":       {zoomauth.DeviceCode{UserCode: s.UserCode}, []string{"user code"}}, // is to be shown
		"form, echoed":     {errors.New(dump(form)), []string{"code", "state", "Basic value"}},
		"form, encoded":    {encodings([]string{s.Code, s.State, s.UserCode, s.UserName, s.DeviceCode}), []string{"code", "state", "user code", "user name", "device code"}},
		"path":             {errors.New("open /home/" + s.UserName + "/token: permission denied"), []string{"user name"}},
		"odd answers":      {[]string{oddAnswers()["BD04 cut"], oddAnswers()["device, cut"]}, []string{"new access token", "new refresh token", "device code", "user code"}},
		"webhook, cookie":  {[]string{s.WebhookToken, s.Cookie}, []string{"webhook token", "cookie"}},
		"caller's failure": {storeErrors(&s.Secrets)["new row"], []string{"new access token", "new refresh token"}},
	} {
		hits := scanner.Value(name, c.value)
		walked := scanner.Walk(name, c.value)
		for _, want := range c.names {
			assert.True(t, found(hits, want), "%s: no hit on the %s", name, want)
			assert.True(t, found(walked, want) || name == "Login.Encode" && want == "e-mail", "%s: no hit on the %s by a walk", name, want)
		}
	}
	deep := &struct{ next any }{&struct{ by map[string][]byte }{map[string][]byte{"a": []byte(s.Code)}}}
	assert.NotEmpty(t, canary.NewScanner(s.List()...).Walk("control", deep))
	assert.NotEmpty(t, canary.NewScanner(s.List()...).Reach("control", struct{ T any }{token.OAuth2()}))
}

// Over a real network: certificates, a server that is none, redirects, proxies with a
// password.
func TestAuthNetwork(t *testing.T) {
	s := canary.New()
	secure := quietTLS()
	t.Cleanup(secure.Close)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, _ := io.ReadAll(r.Body)
		http.Redirect(w, r, "https://elsewhere.example.com/?"+string(form)+"&"+r.Header.Get("Authorization"), http.StatusPermanentRedirect)
	}))
	t.Cleanup(moved.Close)
	proxy := func(scheme, host string) *http.Transport {
		return &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: scheme, User: url.UserPassword(s.UserName, s.ProxyPassword), Host: host})}
	}
	for name, c := range map[string]struct {
		base string
		rt   *http.Transport
	}{
		"NW03 certificate":  {secure.URL, &http.Transport{}},
		"NW04 plain server": {strings.Replace(moved.URL, "http:", "https:", 1), &http.Transport{}},
		"NW10 redirect":     {moved.URL, &http.Transport{}},
		"NW18 proxy":        {"https://zoom.example.com", proxy("http", strings.TrimPrefix(moved.URL, "http://"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait before they try again
			s := newSite(t, authScanner())
			defer s.close()
			defer c.rt.CloseIdleConnections()
			app := s.app(c.rt)
			app.Endpoints = zoomauth.Endpoints{Token: c.base + "/token", Revoke: c.base + "/revoke", Device: c.base + "/device"}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := app.Exchange(ctx, s.login(), s.callback())
			s.fails(err)
			s.fails(app.Revoke(ctx, s.token(time.Hour)))
			_, err = app.DeviceLogin(ctx, func(zoomauth.DeviceCode) error { return nil })
			s.fails(err)
			store := &zoomauth.MemoryStore{}
			require.NoError(t, store.Save(ctx, s.token(-time.Hour)))
			src, err := app.TokenSource(store, s.sourceOptions())
			require.NoError(t, err)
			client, err := zoom.NewClient(src, s.options(c.rt)...)
			require.NoError(t, err)
			_, err = client.Users.Get(ctx, s.Email)
			s.fails(err)
			s.may(src.Close())
		})
	}
}
