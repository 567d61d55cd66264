package canary_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
)

// site is one error path: the secrets planted, and all that was printed on it.
type site struct {
	t *testing.T
	canary.Secrets
	scanner *canary.Scanner
	name    string

	mu   sync.Mutex // of what follows
	log  bytes.Buffer
	hits []canary.Hit
}

func newSite(t *testing.T, scanner *canary.Scanner) *site {
	t.Helper()
	return &site{t: t, Secrets: canary.New(), scanner: scanner, name: t.Name()}
}

// add keeps what was found. Hooks run beside the call.
func (s *site) add(hits ...canary.Hit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits = append(s.hits, hits...)
}

// Write takes what the loggers write.
func (s *site) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *site) hook(name string, ctx context.Context, args ...any) { //nolint:revive // the hook's name reads best first
	for _, verb := range []string{"%v", "%+v"} { // %#v walks through what a timer or a cancel changes meanwhile
		s.add(s.scanner.Text(s.name, "context of hook "+name, fmt.Sprintf(verb, ctx))...)
	}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			s.add(s.scanner.Error(s.name+": hook "+name, err)...)
			continue
		}
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			s.add(s.scanner.Text(s.name, "hook "+name+" "+verb, fmt.Sprintf(verb, arg))...)
		}
		text, err := json.Marshal(arg)
		s.add(s.scanner.Text(s.name, "hook "+name+" JSON", fmt.Sprint(string(text), err))...)
	}
}

// trace prints every argument of every hook.
func (s *site) trace() *zoom.Trace {
	return &zoom.Trace{
		Start:   func(ctx context.Context, c zoom.CallInfo) context.Context { s.hook("Start", ctx, c); return ctx },
		Wait:    func(ctx context.Context, w zoom.WaitInfo) { s.hook("Wait", ctx, w) },
		Attempt: func(ctx context.Context, a zoom.AttemptInfo) { s.hook("Attempt", ctx, a, a.Err) },
		Token:   func(ctx context.Context, i zoom.TokenInfo) { s.hook("Token", ctx, i, i.Err) },
		Page:    func(ctx context.Context, p zoom.PageInfo) { s.hook("Page", ctx, p) },
		Budget:  func(ctx context.Context, b zoom.BudgetInfo) { s.hook("Budget", ctx, b) },
		Done:    func(ctx context.Context, d zoom.DoneInfo) { s.hook("Done", ctx, d, d.Err) },
	}
}

// watch is a limiter that refuses with an error, if it has one, and prints what
// it is told about answers.
type watch struct {
	s   *site
	err error
}

func (w watch) Wait(ctx context.Context, _ zoom.RateClass) error {
	if w.err != nil {
		return w.err
	}
	return ctx.Err()
}

func (w watch) Observe(ctx context.Context, _ zoom.RateClass, r zoom.RateLimit) {
	w.s.hook("Observe", ctx, r)
}

// options watch all that a client says.
func (s *site) options(rt http.RoundTripper) []zoom.Option {
	debug := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	return []zoom.Option{
		zoom.WithHTTPClient(&http.Client{Transport: rt}),
		zoom.WithLimiter(watch{s: s}),
		zoom.WithTrace(s.trace()),
		zoom.WithLogger(slog.New(slog.NewMultiHandler(slog.NewTextHandler(s, debug), slog.NewJSONHandler(s, debug)))),
		zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 2, MinDelay: time.Millisecond, MaxDelay: time.Millisecond}),
	}
}

// client has the access token and a wire.
func (s *site) client(rt http.RoundTripper, opts ...zoom.Option) *zoom.Client {
	return s.clientOf(zoom.StaticToken(s.AccessToken), rt, opts...)
}

func (s *site) clientOf(src zoom.TokenSource, rt http.RoundTripper, opts ...zoom.Option) *zoom.Client {
	s.t.Helper()
	c, err := zoom.NewClient(src, append(s.options(rt), opts...)...)
	require.NoError(s.t, err)
	return c
}

// fails scans an error, which must be there.
func (s *site) fails(err error) {
	s.t.Helper()
	require.Error(s.t, err)
	s.add(s.scanner.Error(s.name, err)...)
}

// value scans what is no error.
func (s *site) value(values ...any) {
	for _, v := range values {
		s.add(s.scanner.Value(s.name, v)...)
	}
}

// close reports what was found.
func (s *site) close() {
	s.t.Helper()
	s.mu.Lock()
	log := s.log.String()
	s.mu.Unlock()
	for line := range strings.Lines(log) {
		s.add(s.scanner.Text(s.name, "the client's logger", line)...)
	}
	s.mu.Lock()
	hits := slices.Clone(s.hits)
	s.mu.Unlock()
	seen := map[string]bool{}
	for _, hit := range hits {
		if text := hit.String(); !seen[text] {
			seen[text] = true
			s.t.Error(text)
		}
	}
}

// A call is a way into the client, with all the secrets that fit into it.
type call struct {
	name string
	run  func(s *site, ctx context.Context, c *zoom.Client) error
}

var calls = []call{
	{"get", func(s *site, ctx context.Context, c *zoom.Client) error {
		_, err := c.Users.Get(ctx, s.Email)
		return err
	}},
	{"list", func(s *site, ctx context.Context, c *zoom.Client) error {
		l := c.Users.List(nil).Resume(s.PageToken)
		_, err := l.Collect(ctx)
		return err
	}},
	{"roster", func(s *site, ctx context.Context, c *zoom.Client) error {
		_, err := c.Users.Roster(nil).Collect(ctx)
		return err
	}},
	{"participants", func(s *site, ctx context.Context, c *zoom.Client) error {
		l := c.Reports.Participants(s.UUID, nil)
		_, err := l.Page(ctx, s.PageToken)
		return err
	}},
	{"update", func(s *site, ctx context.Context, c *zoom.Client) error {
		return c.Users.Update(ctx, s.UserID, &zoom.UserUpdate{Manager: &s.Email, CMSUserID: &s.AccountID, HostKey: new("123456")})
	}},
	{"reclaim", func(s *site, ctx context.Context, c *zoom.Client) error {
		_, err := c.Users.Reclaim(ctx, s.Email, zoom.ReclaimDeactivate, nil)
		return err
	}},
	{"do", func(s *site, ctx context.Context, c *zoom.Client) error {
		return c.Do(ctx, s.request(), new(map[string]any))
	}},
}

// request holds every secret there is.
func (s *site) request() *zoom.Request {
	q := url.Values{}
	body := map[string]any{}
	for _, secret := range s.List() {
		q.Set(strings.ReplaceAll(secret.Name, " ", "_"), secret.Value)
		body[secret.Name] = []any{map[string]string{"value": secret.Value}}
	}
	return &zoom.Request{
		Method: http.MethodPost, Path: "/users/{userId}/meetings/{meetingId}", PathValues: []string{s.Email, s.UUID},
		Query: q, Body: body, Idempotent: true,
	}
}

// pieces are what a server may repeat of a request.
func pieces(req *http.Request) []string {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	auth := req.Header.Get("Authorization")
	_, credential, _ := strings.Cut(auth, " ")
	last := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	list := []string{
		"Authorization: " + auth, credential, "'" + credential + "'", strings.ToUpper(credential),
		req.URL.String(), req.URL.RequestURI(), req.URL.Path, req.URL.EscapedPath(), last, strings.ToLower(last),
		req.URL.RawQuery, string(body), base64Of(body), base64Of([]byte(auth)),
		req.Method + " " + req.URL.RequestURI() + " HTTP/1.1\r\nHost: " + req.URL.Host + "\r\nAuthorization: " + auth + "\r\n\r\n" + string(body),
	}
	query := req.URL.Query()
	for _, key := range slices.Sorted(maps.Keys(query)) {
		list = append(list, query[key]...)
	}
	if strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(body))
		for _, key := range slices.Sorted(maps.Keys(form)) {
			list = append(list, form[key]...)
		}
	}
	return list
}

// dump is all of it in one text.
func dump(req *http.Request) string { return strings.Join(pieces(req), "\n") }
