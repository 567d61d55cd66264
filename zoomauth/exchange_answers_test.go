package zoomauth_test

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// What Zoom's answers to a code mean, and how often the code is sent.
func TestExchangeAnswers(t *testing.T) {
	answer := func(status int, body string) zoomtest.Fault { return zoomtest.Fault{Status: status, Body: body} }
	limited := zoomtest.RateLimited()
	limited.Header = http.Header{"Retry-After": {"2"}}
	for name, c := range map[string]struct {
		fault zoomtest.Fault
		is    error // nil: it ends well
		sent  int
	}{
		"redirect mismatch":           {answer(400, `{"code":4709,"message":"Redirect URI mismatch"}`), zoom.ErrInvalidArgument, 1},
		"redirect mismatch in words":  {answer(400, `{"reason":"Redirect URI mismatch","error":"invalid_request"}`), zoom.ErrInvalidArgument, 1},
		"client id":                   {answer(400, `{"code":4702,"message":"x"}`), zoom.ErrClientCredentials, 1},
		"client secret":               {answer(401, `{"reason":"x","error":"invalid_client"}`), zoom.ErrClientCredentials, 1},
		"app disabled":                {answer(400, `{"code":4717,"message":"x"}`), zoom.ErrForbidden, 1},
		"code expired":                {answer(400, `{"code":4733,"message":"x"}`), zoom.ErrReauthorize, 1},
		"code invalid":                {answer(400, `{"code":4734,"message":"x"}`), zoom.ErrReauthorize, 1},
		"grant invalid":               {answer(400, `{"reason":"x","error":"invalid_grant"}`), zoom.ErrReauthorize, 1},
		"answer lost":                 {zoomtest.LostAnswer(), zoom.ErrReauthorize, 1},
		"answer cut":                  {zoomtest.CutBody(10), zoom.ErrReauthorize, 1},
		"failure after the fact":      {zoomtest.ServerError(502), zoom.ErrReauthorize, 1},
		"too slow":                    {zoomtest.Slow(time.Minute), zoom.ErrReauthorize, 1},
		"rate limit":                  {limited, nil, 2},
		"no refresh token":            {answer(200, `{"access_token":"a"}`), zoom.ErrBadResponse, 1},
		"no access token":             {answer(200, `{"refresh_token":"r"}`), zoom.ErrBadResponse, 1},
		"access token with a line":    {answer(200, `{"access_token":"a\r\nb","refresh_token":"r"}`), zoom.ErrBadResponse, 1},
		"refresh token twice":         {answer(200, `{"access_token":"a","refresh_token":"r","refresh_token":"s"}`), zoom.ErrBadResponse, 1},
		"redirected":                  {zoomtest.Fault{Status: 307, Header: http.Header{"Location": {"https://evil.example"}}}, zoom.ErrRedirect, 1},
		"odd lifetime, odd api_url":   {answer(200, `{"access_token":"a","refresh_token":"r","expires_in":"x","api_url":"\u0000"}`), nil, 1},
		"something nobody told about": {answer(418, `{"code":9999,"message":"x"}`), zoom.ErrBadResponse, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := zoomtest.NewServer()
				app := appOf(srv)
				login, back := begun(t, srv, app)
				srv.Inject(c.fault.On("POST", "/oauth/token"))
				token, err := app.Exchange(t.Context(), login, back)
				if c.is == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, c.is)
					assert.Nil(t, token)
				}
				assert.Equal(t, c.sent, codesSent(srv))
				_, err = app.Exchange(t.Context(), login, back)
				require.ErrorIs(t, err, zoomauth.ErrLogin, "a login is good once, however it ended")
			})
		})
	}
}

// A code that surely never left this machine is sent again.
func TestExchangeDialsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		app := appOf(srv)
		login, back := begun(t, srv, app)
		dials := 0
		app.HTTPClient = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if dials++; dials < 3 {
				err := &net.OpError{Op: "dial", Err: net.UnknownNetworkError("none")}
				reportDial(r, err)
				return nil, err
			}
			return srv.RoundTripper().RoundTrip(r)
		})}
		_, err := app.Exchange(t.Context(), login, back)
		require.NoError(t, err)
		assert.Equal(t, 3, dials)
		assert.Equal(t, 1, codesSent(srv))
	})
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
