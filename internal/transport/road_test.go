package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/internal/wire"
)

func TestBearer(t *testing.T) {
	refused, good := answers(http.StatusUnauthorized, ""), answers(http.StatusOK, "{}")
	for _, tc := range []struct {
		name   string
		steps  []step
		tokens tokens
		kind   Kind // of the failure; 255: none
		auth   []string
	}{
		{"no token", []step{good}, tokens{err: errors.New("no grant")}, KindToken, nil},
		{"refused once", []step{refused, good}, tokens{list: []string{"a", "b"}}, 255, []string{"Bearer a", "Bearer b"}},
		{"refused twice", []step{refused}, tokens{list: []string{"a", "b", "c"}}, KindUnauthorized, []string{"Bearer a", "Bearer b"}},
		{"the same again", []step{refused}, tokens{list: []string{"a", "a"}}, KindUnauthorized, []string{"Bearer a"}},
		{"no second token", []step{refused}, tokens{list: []string{"a"}, err: errors.New("no grant")}, KindToken, []string{"Bearer a"}},
		{"code 124 under 400", []step{answers(400, `{"code":124}`), good}, tokens{list: []string{"a", "b"}}, 255, []string{"Bearer a", "Bearer b"}},
		{"code 124 under 200", []step{answers(200, `{"code":124}`), good}, tokens{list: []string{"a", "b"}}, 255, []string{"Bearer a", "Bearer b"}},
		{"another code", []step{answers(400, `{"code":300}`)}, tokens{list: []string{"a"}}, KindStatus, []string{"Bearer a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: tc.steps}
				_, attempts, err := newTestRoad(s, func(c *Config) { c.Tokens = &tc.tokens }).Do(t.Context(), get())
				assert.Equal(t, tc.auth, s.auth)
				assert.Equal(t, len(tc.auth), attempts)
				assert.LessOrEqual(t, s.elapsed(), atOnce, "a new token is tried at once")
				if tc.kind == 255 {
					require.NoError(t, err)
					return
				}
				assert.Equal(t, tc.kind, failureOf(t, err).Kind)
			})
		})
	}
}

func TestBearerWaitsNoLongerThanTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		road := newTestRoad(&script{steps: []step{answers(200, "")}}, func(c *Config) { c.Tokens = &tokens{err: context.Canceled} })
		_, attempts, err := road.Do(ctx, get())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, KindContext, failureOf(t, err).Kind)
		assert.Zero(t, attempts)

		_, _, err = road.Do(t.Context(), get())
		assert.Equal(t, KindToken, failureOf(t, err).Kind, "the caller waits on: it was the source that gave up")
	})
}

func TestLimiterIsToldOncePerAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &observer{delay: time.Second}
		source := &tokens{list: []string{"a"}, err: errors.New("no grant")}
		waited := map[string]time.Duration{}
		road := newTestRoad(&script{steps: []step{func(*http.Request) (*http.Response, error) {
			source.list = nil // the next attempt has no token
			return answers(http.StatusTooManyRequests, "")(nil)
		}}}, func(c *Config) {
			c.Limiter, c.Tokens = limit, source
			c.Events.Waited = func(_ context.Context, reason string, d time.Duration) { waited[reason] += d }
		})
		_, attempts, err := road.Do(t.Context(), get())
		f := failureOf(t, err)
		assert.Equal(t, KindToken, f.Kind)
		assert.Equal(t, http.StatusTooManyRequests, f.Answer.Status, "the last status is kept")
		assert.Equal(t, 1, attempts)
		assert.Equal(t, 1, limit.waits, "no turn is taken for an attempt without a token")
		assert.Equal(t, 1, limit.told)
		assert.Equal(t, time.Second, waited["limiter"])
		assert.Positive(t, waited["retry"])
	})
}

func TestLimiterRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := errors.New("not today")
		limit := &observer{err: refusal}
		_, attempts, err := newTestRoad(&script{steps: []step{answers(500, "")}}, func(c *Config) { c.Limiter = limit }).Do(t.Context(), get())
		require.ErrorIs(t, err, refusal)
		assert.Equal(t, 1, attempts)
		limit = &observer{err: &Failure{Kind: KindUnreachable}}
		_, _, err = newTestRoad(&script{steps: []step{answers(500, "")}}, func(c *Config) { c.Limiter = limit }).Do(t.Context(), get())
		assert.Equal(t, KindUnreachable, failureOf(t, err).Kind)
	})
}

// A limiter's waits do not count against the time of a call.
func TestLimiterWaitsAreNotOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &observer{delay: time.Hour}
		s := &script{steps: []step{answers(500, ""), answers(500, ""), answers(200, "")}}
		_, attempts, err := newTestRoad(s, func(c *Config) { c.Limiter = limit }).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Equal(t, 3, attempts)
	})
}

func TestContextEndsDuringTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		header := http.Header{"Retry-After": {"10"}}
		s := &script{steps: []step{func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: header, Body: http.NoBody}, nil
		}}}
		begin := time.Now()
		_, attempts, err := newTestRoad(s).Do(ctx, get())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 3*time.Second, time.Since(begin))
		assert.Equal(t, 1, attempts)
		f := failureOf(t, err)
		assert.Equal(t, KindContext, f.Kind)
		assert.Equal(t, 503, f.Answer.Status)
		assert.False(t, f.RetryAt.IsZero())
	})
}

func TestOddRoundTrippers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			step step
			kind Kind
		}{
			"neither answer nor error": {func(*http.Request) (*http.Response, error) { return nil, nil }, KindUnreachable},
			"shorter than it says": {func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&sips{rest: "{"}), ContentLength: 100}, nil
			}, KindBadBody},
			"an error with the URL": {fails(&url.Error{Op: "Get", URL: "https://x/?q=secret", Err: errors.New("boom")}), KindUnreachable},
		} {
			_, attempts, err := newTestRoad(&script{steps: []step{tc.step}}).Do(t.Context(), get())
			var f *Failure
			require.ErrorAs(t, err, &f, name)
			assert.Equal(t, tc.kind, f.Kind, name)
			assert.Equal(t, 5, attempts, name)
			assert.NotContains(t, f.Error(), "secret")

			_, attempts, err = newTestRoad(&script{steps: []step{tc.step}}).Do(t.Context(), post())
			require.ErrorAs(t, err, &f, name)
			assert.True(t, f.Open, "%s: nothing proves that it was not carried out", name)
			assert.Equal(t, 1, attempts, name)
		}
		a, _, err := newTestRoad(&script{steps: []step{func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}}, nil // no body at all
		}}}).Do(t.Context(), get())
		require.NoError(t, err)
		assert.Empty(t, a.Body)
	})
}

// Behind an error status a body that breaks off says no less than the status.
func TestCutErrorBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{400, 404} {
			s := &script{steps: []step{breaks(status, "{", errors.New("broken off"))}}
			_, attempts, err := newTestRoad(s).Do(t.Context(), get())
			f := failureOf(t, err)
			assert.Equal(t, KindStatus, f.Kind, status)
			assert.Equal(t, status, f.Answer.Status)
			assert.Equal(t, 1, attempts)
			assert.Equal(t, "request failed", f.Error())
			require.NoError(t, f.Unwrap())
		}
		s := &script{steps: []step{breaks(299, "{", errors.New("broken off"))}}
		_, attempts, err := newTestRoad(s).Do(t.Context(), get())
		f := failureOf(t, err)
		assert.Equal(t, KindBadBody, f.Kind, "a success without its body is none")
		assert.Equal(t, "the body was cut: broken off", f.Error())
		assert.Equal(t, 5, attempts)
	})
}

func TestRefusalUnderSuccessIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := get()
		call.Accept = func(a *Answer) error { return wire.ParseAPIError(a.Body) }
		_, attempts, err := newTestRoad(&script{steps: []step{answers(200, `{"code":300}`)}}).Do(t.Context(), call)
		var refused *wire.APIError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, 1, attempts)
	})
}
