package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
)

// sourceFunc is a token source for a test.
type sourceFunc func(ctx context.Context) (*oauth2.Token, error)

func (f sourceFunc) Token(ctx context.Context) (*oauth2.Token, error) { return f(ctx) }

// A call whose token was refused is sent again at once, and must end when the
// second attempt does not even get to the wire.
func TestRefusedTokenThenNoAttempt(t *testing.T) {
	errVault := errors.New("the vault is sealed")
	refused := answer{status: http.StatusUnauthorized, body: `{"code":124,"message":"Invalid access token."}`}

	t.Run("token source fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tp, asked := newTape(refused), 0
			c, err := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) {
				if asked++; asked > 1 {
					return nil, errVault
				}
				return &oauth2.Token{AccessToken: "one"}, nil
			}), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
			require.NoError(t, err)
			_, err = c.Users.Get(t.Context(), "u")
			require.ErrorIs(t, err, errVault)
			require.Equal(t, 2, asked)
			require.Len(t, tp.requests(), 1)
		})
	})

	t.Run("limiter refuses", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			tp, tokens := newTape(refused), 0
			limiter := zoom.NewLocalLimiter(zoom.PlanFree, zoom.LimitPerDay(zoom.ClassLight, 1))
			c, err := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) {
				tokens++
				return &oauth2.Token{AccessToken: "t" + time.Duration(tokens).String()}, nil
			}), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(limiter))
			require.NoError(t, err)
			_, err = c.Users.Get(t.Context(), "u")
			require.ErrorIs(t, err, zoom.ErrDailyLimit)
			require.Equal(t, 2, tokens)
			require.Len(t, tp.requests(), 1)
		})
	})
}

// A nil *Error in an error is one that its maker forgot; it is no reason to panic.
func TestTokenSourceReturnsATypedNil(t *testing.T) {
	for name, wrap := range map[string]func(*zoom.Error) error{
		"bare":    func(e *zoom.Error) error { return e },
		"wrapped": func(e *zoom.Error) error { return fmt.Errorf("vault: %w", e) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := zoom.NewClient(sourceFunc(func(context.Context) (*oauth2.Token, error) { return nil, wrap(nil) }))
			require.NoError(t, err)
			_, err = c.Users.Get(t.Context(), "u")
			require.Error(t, err)
			require.NotEmpty(t, err.Error())
		})
	}
}

// What the limiter says stands once in the text, in the words of the call.
func TestLimiterRefusalReadsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := zoom.NewLocalLimiter(zoom.PlanFree, zoom.LimitPerDay(zoom.ClassLight, 1))
		zoom.SetResumeJitter(limiter, 0)
		c := newTape(ok(`{"id":"u"}`)).client(t, zoom.WithLimiter(limiter))
		_, err := c.Users.Get(t.Context(), "u")
		require.NoError(t, err)
		_, err = c.Users.Get(t.Context(), "u")
		require.EqualError(t, err, "zoom: users.get: GET /users/{userId}: daily limit reached, retry at 2000-01-02T00:00:00Z")
	})
}
