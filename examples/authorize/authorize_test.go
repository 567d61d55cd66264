package main

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/examples/internal/cli"
)

func TestConnectRefreshDisconnect(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	home := start(t, "-dir", dir)
	v := newVisitor(t, home)
	page := v.open("/")
	assert.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.body, "Fake accounts, no real Zoom.")
	assert.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'")
	for _, region := range []string{"NA", "APAC", "EU"} {
		assert.Contains(t, cardOf(page, region), "Not connected")
		assert.NotContains(t, cardOf(page, region), "<form")
	}

	consent := v.open("/connect?region=EU")
	assert.Contains(t, consent.body, "Permissions Requested")
	page = v.decide(consent, "allow")
	assert.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.body, "Europe is connected.")
	eu := cardOf(page, "EU")
	for _, want := range []string{"Connected", "3 missing", "user:update:status:admin", "user:write:admin", "Disconnect", `class="generation">1<`} {
		assert.Contains(t, eu, want)
	}
	stored, err := os.ReadFile(filepath.Join(dir, "fake-eu.token"))
	require.NoError(t, err)
	for _, secret := range strings.FieldsFunc(string(stored), func(r rune) bool { return strings.ContainsRune(`"{},:`, r) }) {
		if len(secret) > 40 {
			assert.NotContains(t, page.body, secret, "a secret on the page")
		}
	}

	page = v.press("/do/refresh/EU")
	assert.Contains(t, page.body, "Europe has a new access token.")
	assert.Contains(t, cardOf(page, "EU"), `class="generation">2<`)
	page = v.press("/do/disconnect/EU")
	assert.Contains(t, page.body, "Europe is disconnected")
	assert.Contains(t, cardOf(page, "EU"), "Not connected")
	assert.NoFileExists(t, filepath.Join(dir, "fake-eu.token"))
	assert.Equal(t, http.StatusConflict, v.press("/do/refresh/EU").status, "nothing is there to be refreshed")
}

func TestClassicScopesOpenAll(t *testing.T) {
	v := newVisitor(t, start(t))
	page := v.decide(v.open("/connect?region=APAC"), "allow")
	apac := cardOf(page, "APAC")
	assert.NotContains(t, apac, "missing")
	assert.Contains(t, apac, "user:write:admin")
	assert.Equal(t, 4, strings.Count(apac, "complete"))
}

func TestEndsOfALogin(t *testing.T) {
	home := start(t)
	v := newVisitor(t, home)
	denied := v.decide(v.open("/connect?region=NA"), "deny")
	assert.Equal(t, http.StatusForbidden, denied.status)
	assert.Contains(t, denied.body, "denied at Zoom")

	forged := v.open("/zoom/callback?code=c&state=hunter2")
	assert.Equal(t, http.StatusBadRequest, forged.status)
	assert.Contains(t, forged.body, "This link is not valid")
	assert.NotContains(t, forged.body, "hunter2")

	var callback string
	v.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(req.URL.Path, "/zoom/callback") {
			callback = req.URL.String()
		}
		return nil
	}
	page := v.decide(v.open("/connect?region=NA"), "allow")
	assert.Equal(t, http.StatusOK, page.status)
	require.NotEmpty(t, callback)
	assert.Equal(t, http.StatusBadRequest, v.open(callback).status, "replayed")
	assert.Contains(t, cardOf(v.open("/"), "NA"), "Connected")
	assert.Equal(t, http.StatusBadRequest, newVisitor(t, home).open(callback).status, "in another browser")
}

func TestRequestsThatAreNobodys(t *testing.T) {
	home := start(t)
	v := newVisitor(t, home)
	assert.Equal(t, http.StatusForbidden, v.press("/do/refresh/EU").status, "no page was open here")
	v.open("/")
	assert.Equal(t, http.StatusNotFound, v.press("/do/refresh/MARS").status)
	assert.Equal(t, http.StatusNotFound, v.open("/connect?region=MARS").status)
	assert.Equal(t, http.StatusNotFound, v.open("/nothing").status)
	assert.Equal(t, "text/css; charset=utf-8", v.open("/style.css").header.Get("Content-Type"))
	assert.Equal(t, "image/svg+xml", v.open("/icon.svg").header.Get("Content-Type"))

	cross, err := http.NewRequestWithContext(t.Context(), http.MethodPost, home+"/do/disconnect/EU", http.NoBody)
	require.NoError(t, err)
	cross.Header.Set("Origin", "https://evil.example")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusForbidden, v.see(v.Do(cross)).status)

	rebound, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home+"/", http.NoBody)
	require.NoError(t, err)
	rebound.Host = "evil.example"
	assert.Equal(t, http.StatusMisdirectedRequest, v.see(v.Do(rebound)).status)
}

func TestArguments(t *testing.T) {
	noCredentials(t)
	for name, args := range map[string][]string{
		"-addr": {"-demo", "-addr", "0.0.0.0:8477"}, "arguments": {"-demo", "more"}, "flag": {"-nonsense"}, "port": {"-demo", "-addr", "127.0.0.1:99999"},
		"EX01 no credentials": {}, "EX01 no credentials, a directory": {"-dir", t.TempDir()},
	} {
		var stdout bytes.Buffer
		var usage *cli.UsageError
		require.ErrorAs(t, run(t.Context(), args, &stdout, io.Discard), &usage, name)
		assert.Empty(t, stdout.String(), name)
	}
	t.Setenv("ZOOM_CLIENT_ID", "id")
	t.Setenv("ZOOM_CLIENT_SECRET", "secret-of-the-app")
	t.Setenv("ZOOM_REDIRECT_URL", "https://app.example/zoom/callback")
	err := run(t.Context(), nil, io.Discard, io.Discard)
	require.ErrorContains(t, err, "-dir")
	require.NotContains(t, err.Error(), "secret-of-the-app")
}

func TestReadApps(t *testing.T) {
	const callback = "https://app.example/zoom/callback"
	for name, tc := range map[string]struct {
		variables map[string]string
		apps      int
		says      string
	}{
		"none":          {nil, 0, ""},
		"one":           {map[string]string{"ZOOM_CLIENT_ID": "id", "ZOOM_CLIENT_SECRET": "s", "ZOOM_REDIRECT_URL": callback}, 1, ""},
		"public client": {map[string]string{"ZOOM_CLIENT_ID": "id", "ZOOM_REDIRECT_URL": "http://127.0.0.1:8477/zoom/callback"}, 1, ""},
		"a region":      {map[string]string{"ZOOM_EU_CLIENT_ID": "id", "ZOOM_EU_CLIENT_SECRET": "s", "ZOOM_EU_REDIRECT_URL": callback}, 1, ""},
		"incomplete":    {map[string]string{"ZOOM_EU_CLIENT_ID": "id"}, 0, "ZOOM_EU_CLIENT_SECRET, ZOOM_EU_REDIRECT_URL not set"},
		"empty":         {map[string]string{"ZOOM_CLIENT_ID": ""}, 0, "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET, ZOOM_REDIRECT_URL not set"},
		"bad redirect":  {map[string]string{"ZOOM_CLIENT_ID": "id", "ZOOM_CLIENT_SECRET": "s", "ZOOM_REDIRECT_URL": "ftp://x/y"}, 0, "ZOOM_REDIRECT_URL"},
		"our own path":  {map[string]string{"ZOOM_CLIENT_ID": "id", "ZOOM_CLIENT_SECRET": "s", "ZOOM_REDIRECT_URL": "https://app.example/connect"}, 0, "does not use itself"},
		"both ways":     {map[string]string{"ZOOM_CLIENT_ID": "id", "ZOOM_EU_CLIENT_ID": "id", "ZOOM_EU_CLIENT_SECRET": "s", "ZOOM_EU_REDIRECT_URL": callback}, 0, "the ones or the others"},
	} {
		t.Run(name, func(t *testing.T) {
			apps, err := readApps(func(name string) (string, bool) { value, ok := tc.variables[name]; return value, ok })
			if tc.says != "" {
				require.ErrorContains(t, err, tc.says)
				return
			}
			require.NoError(t, err)
			assert.Len(t, apps, tc.apps)
		})
	}
}

func TestCallbackURLOfTheConsentPage(t *testing.T) {
	home := start(t)
	consent := newVisitor(t, home).open("/connect?region=EU")
	back, err := url.Parse(consent.at.Query().Get("redirect_uri"))
	require.NoError(t, err)
	assert.Equal(t, home+"/zoom/callback", back.String())
	assert.False(t, consent.at.Query().Has("scope"), "Zoom refuses it")
}
