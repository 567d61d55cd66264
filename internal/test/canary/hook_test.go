package canary_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomhook"
)

// signature is what Zoom writes beside a body.
func (s *site) signature(body string, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.WebhookToken))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return http.Header{"X-Zm-Request-Timestamp": {stamp}, "X-Zm-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}
}

// deliver sends an event whose handlers do what fail does, and scans what everybody is
// told.
func (s *site) deliver(header http.Header, body io.Reader, fail func() error) *httptest.ResponseRecorder {
	s.t.Helper()
	verifier, err := zoomhook.NewVerifier(s.WebhookToken, s.ClientSecret)
	require.NoError(s.t, err)
	h, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{
		AppDeauthorized: func(context.Context, *zoomhook.AppDeauthorized) error { return fail() },
		User:            func(context.Context, *zoomhook.UserEvent) error { return fail() },
		Other:           func(context.Context, *zoomhook.Event) error { return fail() },
		Failed: func(ctx context.Context, status int, err error) {
			s.hook("Failed", ctx, status, err)
			s.add(s.scanner.Walk(s.name+": hook Failed", err)...)
		},
	})
	require.NoError(s.t, err)
	r := httptest.NewRequest(http.MethodPost, "/zoom/events?token="+s.AccessToken, body)
	r.Header = header
	r.Header.Set("Authorization", "Bearer "+s.AccessToken)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	s.shown(w)
	return w
}

// event is a delivery with what identifies people in it.
func (s *site) event(kind string) string {
	return string(jsonOf(map[string]any{"event": kind, "event_ts": time.Now().UnixMilli(), "payload": map[string]any{
		"account_id": s.AccountID, "user_id": s.UserID, "client_id": s.ClientID, "signature": s.State, "operator": s.Email,
		"object": map[string]any{"id": s.UserID, "email": s.Email, "first_name": s.UserName, "uuid": s.UUID},
	}}))
}

var eventKinds = []string{"app_deauthorized", "user.updated", "user.deleted", "meeting.started"}

// What a handler says, or panics with, is for nobody: not for Zoom, and for the log only
// in plain words.
func TestHookHandlers(t *testing.T) {
	everyAuthSecret(t, func(t *testing.T, s *site, _ string, err error) {
		for _, kind := range eventKinds {
			for _, fail := range []func() error{
				func() error { return err },
				func() error { return fmt.Errorf("no row of %s, known as %s: %w", s.Email, s.UserName, err) },
				func() error { panic(err) },
				func() error { panic(err.Error() + " " + s.WebhookToken + " of " + s.UserName) },
			} {
				body := s.event(kind)
				w := s.deliver(s.signature(body, time.Now()), strings.NewReader(body), fail)
				require.Equal(t, http.StatusInternalServerError, w.Code)
			}
		}
	})
}

// Deliveries that are refused are not repeated, and neither is what they were signed
// with.
func TestHookRefuses(t *testing.T) {
	scanner := authScanner()
	none := func() error { return nil }
	for name, run := range map[string]func(s *site){
		"unsigned": func(s *site) { s.deliver(http.Header{}, strings.NewReader(s.event("user.updated")), none) },
		"wrong body": func(s *site) {
			s.deliver(s.signature("x", time.Now()), strings.NewReader(s.event("user.updated")), none)
		},
		"stale": func(s *site) {
			body := s.event("user.updated")
			s.deliver(s.signature(body, time.Now().Add(-time.Hour)), strings.NewReader(body), none)
		},
		"odd headers": func(s *site) {
			for _, secret := range append(s.List(), s.Words()...) {
				for _, header := range []http.Header{
					{"X-Zm-Signature": {secret.Value}, "X-Zm-Request-Timestamp": {secret.Value}},
					{"X-Zm-Signature": {"v0=" + secret.Value}, "X-Zm-Request-Timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}},
					{"X-Zm-Signature": {secret.Value, secret.Value}},
				} {
					s.deliver(header, strings.NewReader(secret.Value), none)
				}
			}
		},
		"long": func(s *site) {
			body := strings.Repeat(s.event("user.updated"), 3000)
			s.deliver(s.signature(body, time.Now()), strings.NewReader(body), none)
		},
		"body breaks": func(s *site) {
			for _, err := range storeErrors(&s.Secrets) {
				s.deliver(s.signature("", time.Now()), io.MultiReader(strings.NewReader(s.RefreshToken), failing{err}), none)
			}
		},
		"not JSON": func(s *site) {
			for _, secret := range append(s.List(), s.Words()...) {
				v := secret.Value
				for _, body := range []string{
					v, `"` + v + `"`, `{"event":"` + v, fmt.Sprintf(`{%q:1,%[1]q:2}`, v), fmt.Sprintf(`{"event":{%q:1}}`, v), fmt.Sprintf(`{"event":"user.updated","payload":{"object":{%q:1,%[1]q:2}}}`, v),
					fmt.Sprintf(`{"event":"user.updated","payload":%q}`, v), fmt.Sprintf(`{"event":"user.updated","payload":{"object":{"type":%q,"x":%[1]q}}}`, v),
					fmt.Sprintf(`{"event":"app_deauthorized","payload":{"user_id":%q}}`, v), `{"event":"app_deauthorized","payload":{"account_id":"` + v + "\xff" + `"}}`,
					fmt.Sprintf(`{"event":"endpoint.url_validation","payload":{"plainToken":[%q]}}`, v), fmt.Sprintf(`{"event":"endpoint.url_validation","payload":{"plainToken":"v0:%s"}}`, jsonText(v)),
					fmt.Sprintf(`{"event":"user.deleted"}%s`, v),
				} {
					s.deliver(s.signature(body, time.Now()), strings.NewReader(body), none)
				}
			}
		},
		"method": func(s *site) {
			for _, method := range []string{http.MethodGet, http.MethodPut, "BREW"} {
				verifier, err := zoomhook.NewVerifier(s.WebhookToken)
				require.NoError(s.t, err)
				h, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{Failed: func(ctx context.Context, status int, err error) { s.hook("Failed", ctx, status, err) }})
				require.NoError(s.t, err)
				s.visit(h, httptest.NewRequest(method, "/zoom/events?x="+s.AccessToken, strings.NewReader(s.event("user.updated"))))
			}
		},
		"verifier": func(s *site) {
			for _, token := range []string{s.WebhookToken + "\n", " " + s.WebhookToken} {
				s.may(second(zoomhook.NewVerifier(s.WebhookToken, token)))
			}
			s.may(second(zoomhook.NewHandler(nil, zoomhook.Handlers{})))
			verifier, err := zoomhook.NewVerifier(s.WebhookToken)
			require.NoError(s.t, err)
			s.may(verifier.Verify(s.signature("x", time.Now()), []byte(s.Email), time.Now()))
			s.may(verifier.Verify(nil, nil, time.Now()))
			s.may(new(zoomhook.Verifier).Verify(s.signature("x", time.Now()), []byte(s.Email), time.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, scanner)
				defer s.close()
				run(s)
			})
		})
	}
}

func jsonText(v string) string { return strings.Trim(string(jsonOf(v)), `"`) }

// The answer to a challenge holds the challenge and its signature and nothing that they
// were made with; a signature that came is printed nowhere.
func TestHookChallenge(t *testing.T) {
	s := newSite(t, authScanner())
	defer s.close()
	body := `{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}`
	w := s.deliver(s.signature(body, time.Now()), strings.NewReader(body), nil)
	require.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), "encryptedToken")

	body = s.event("user.deleted")
	header := s.signature(body, time.Now())
	signed := canary.Secret{Name: "signature", Value: strings.TrimPrefix(header.Get("X-Zm-Signature"), "v0=")}
	s.scanner = canary.NewScanner(append(s.List(), signed)...)
	s.deliver(header, strings.NewReader(body), func() error { return errors.New("signed " + signed.Value + ": " + header.Get("X-Zm-Signature")) })
	body += " "
	s.deliver(header, strings.NewReader(body), nil)
}
