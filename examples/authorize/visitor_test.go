package main

import (
	"bufio"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noCredentials takes the credentials of the machine out of the environment.
func noCredentials(t *testing.T) {
	t.Helper()
	for _, region := range regions {
		for _, name := range []string{"CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URL"} {
			t.Setenv(prefixOf(region)+name, "") // puts the old value back at the end of the test
			require.NoError(t, os.Unsetenv(prefixOf(region)+name))
		}
	}
}

// start runs the program until the end of the test.
func start(t *testing.T, args ...string) (home string) {
	t.Helper()
	noCredentials(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-demo", "-addr", "127.0.0.1:0"}, args...), in, io.Discard)
		in.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "Open "), "/ in a browser.")
}

// A visitor is a person with a browser.
type visitor struct {
	*http.Client
	t    *testing.T
	home string
}

func newVisitor(t *testing.T, home string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{&http.Client{Jar: jar, Timeout: 30 * time.Second}, t, home}
}

// A seen page is what a request, and the redirects behind it, ended in.
type seen struct {
	status int
	at     *url.URL
	body   string
	header http.Header
}

func (v *visitor) see(res *http.Response, err error) seen {
	v.t.Helper()
	require.NoError(v.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	return seen{res.StatusCode, res.Request.URL, string(body), res.Header}
}

func (v *visitor) open(address string) seen {
	v.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.home + address
	}
	return v.see(v.Get(address))
}

func (v *visitor) press(path string) seen {
	v.t.Helper()
	return v.see(v.PostForm(v.home+path, nil))
}

var hiddenTicket = regexp.MustCompile(`action="([^"]+)"[^§]*name="ticket" value="([^"]+)"`)

// decide clicks Allow or Deny on the consent page.
func (v *visitor) decide(consent seen, decision string) seen {
	v.t.Helper()
	form := hiddenTicket.FindStringSubmatch(consent.body)
	require.Len(v.t, form, 3, consent.body)
	action, err := consent.at.Parse(html.UnescapeString(form[1]))
	require.NoError(v.t, err)
	return v.see(v.PostForm(action.String(), url.Values{"ticket": {html.UnescapeString(form[2])}, "decision": {decision}}))
}

// cardOf is the part of the home page about a region.
func cardOf(page seen, region string) string {
	_, rest, _ := strings.Cut(page.body, `<section class="card" id="`+region+`"`)
	part, _, _ := strings.Cut(rest, "</section>")
	return part
}
