package zoomauth_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

const deviceAnswer = `{"device_code":"d3v1ce","user_code":"BCDF2345","verification_uri":"https://zoom.us/oauth_device","expires_in":900,"interval":5}`

// said is one answer of a script.
type said struct {
	status int
	body   string
	header http.Header
	err    error
}

func refusal(code string) said { return said{status: 400, body: `{"error":"` + code + `"}`} }

var (
	pending = refusal("authorization_pending")
	slower  = refusal("slow_down")
	granted = said{status: 200, body: `{"access_token":"a","refresh_token":"r","expires_in":3599}`}
)

// device is Zoom as a script: the first answer is that to the first question, the last
// one goes on for ever.
type device struct {
	code   string
	script []said
	asked  []time.Duration // since the code was given out
	begun  time.Time
}

func (d *device) RoundTrip(r *http.Request) (*http.Response, error) {
	next := said{status: 200, body: d.code}
	if strings.HasSuffix(r.URL.Path, "/devicecode") {
		d.begun = time.Now()
	} else {
		next = d.script[min(len(d.asked), len(d.script)-1)]
		d.asked = append(d.asked, time.Since(d.begun))
	}
	if next.err != nil {
		return nil, next.err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, values := range next.header {
		header[name] = values
	}
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func (d *device) login(t *testing.T) (*zoomauth.Token, error) {
	t.Helper()
	app := zoomauth.App{ClientID: "id", ClientSecret: "secret", HTTPClient: &http.Client{Transport: d}}
	return app.DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { return nil })
}

// When a device asks: never sooner than it was told, and slower after each trouble.
func TestDeviceLoginPace(t *testing.T) {
	later := func(seconds int) said {
		return said{status: 429, body: `{}`, header: http.Header{"Retry-After": {strconv.Itoa(seconds)}}}
	}
	outage, lost := said{status: 503, body: "<html>"}, said{err: io.ErrUnexpectedEOF}
	for name, c := range map[string]struct {
		code   string
		script []said
		asked  []int // seconds
		is     error
	}{
		"at once":                {deviceAnswer, []said{granted}, []int{5}, nil},
		"pending":                {deviceAnswer, []said{pending, pending, granted}, []int{5, 10, 15}, nil},
		"a longer interval":      {strings.Replace(deviceAnswer, `"interval":5`, `"interval":"20"`, 1), []said{pending, granted}, []int{20, 40}, nil},
		"no interval":            {strings.Replace(deviceAnswer, `,"interval":5`, ``, 1), []said{pending, granted}, []int{5, 10}, nil},
		"an interval of zero":    {strings.Replace(deviceAnswer, `"interval":5`, `"interval":0`, 1), []said{pending, granted}, []int{5, 10}, nil},
		"an interval below":      {strings.Replace(deviceAnswer, `"interval":5`, `"interval":-5`, 1), []said{pending, granted}, []int{5, 10}, nil},
		"hardly an interval":     {strings.Replace(deviceAnswer, `"interval":5`, `"interval":0.001`, 1), []said{pending, granted}, []int{1, 2}, nil},
		"a huge interval":        {strings.Replace(deviceAnswer, `"interval":5`, `"interval":1e6`, 1), []said{pending, granted}, []int{60, 120}, nil},
		"an interval that isn't": {strings.Replace(deviceAnswer, `"interval":5`, `"interval":"soon"`, 1), []said{pending, granted}, []int{5, 10}, nil},
		"slow down":              {deviceAnswer, []said{pending, slower, slower, pending, granted}, []int{5, 10, 20, 35, 50}, nil},
		"slow down, at last": {
			strings.Replace(deviceAnswer, `"interval":5`, `"interval":50`, 1),
			[]said{slower, slower, slower, granted},
			[]int{50, 105, 165, 225},
			nil,
		},
		"outage":                          {deviceAnswer, []said{outage, outage, pending, granted}, []int{5, 15, 30, 45}, nil},
		"lost":                            {deviceAnswer, []said{lost, pending, granted}, []int{5, 15, 25}, nil},
		"lost, spent":                     {deviceAnswer, []said{lost, refusal("invalid_grant")}, []int{5, 15}, zoom.ErrReauthorize},
		"429, long":                       {deviceAnswer, []said{later(90), pending, granted}, []int{5, 95, 105}, nil},
		"429, longer than the code lives": {deviceAnswer, []said{later(3600)}, []int{5}, zoom.ErrReauthorize},
		"denied":                          {deviceAnswer, []said{pending, refusal("access_denied")}, []int{5, 10}, zoom.ErrReauthorize},
		"expired":                         {deviceAnswer, []said{refusal("expired_token")}, []int{5}, zoom.ErrReauthorize},
		"app switched off":                {deviceAnswer, []said{{status: 400, body: `{"code":4738,"message":"x"}`}}, []int{5}, zoom.ErrForbidden},
		"secret changed":                  {deviceAnswer, []said{pending, refusal("invalid_client")}, []int{5, 10}, zoom.ErrClientCredentials},
		"no refresh token":                {deviceAnswer, []said{{status: 200, body: `{"access_token":"a"}`}}, []int{5, 5}, zoom.ErrBadResponse},
		"no access token":                 {deviceAnswer, []said{{status: 200, body: `{"refresh_token":"r"}`}}, []int{5, 5}, zoom.ErrBadResponse}, // and a revocation
		"a page of a proxy":               {deviceAnswer, []said{{status: 200, body: `<html>`}, granted}, []int{5, 15}, nil},
		"a redirect":                      {deviceAnswer, []said{{status: 302, header: http.Header{"Location": {"https://evil.example"}}}}, []int{5}, zoom.ErrRedirect},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{code: c.code, script: c.script}
				token, err := d.login(t)
				if c.is == nil {
					require.NoError(t, err)
					assert.Equal(t, "r", refreshTokenOf(t, token))
				} else {
					require.ErrorIs(t, err, c.is)
					assert.Nil(t, token)
				}
				var asked []int
				for _, after := range d.asked {
					asked = append(asked, int(after.Seconds()))
				}
				assert.Equal(t, c.asked, asked)
			})
		})
	}
}

// Against the fake: an answer with the token that was lost cannot be had again.
func TestDeviceLoginLostToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		_, err := appOf(srv).DeviceLogin(t.Context(), func(c zoomauth.DeviceCode) error {
			srv.Inject(zoomtest.LostAnswer().On("POST", "/oauth/token"))
			return srv.ApproveDevice(c.UserCode, true)
		})
		require.ErrorIs(t, err, zoom.ErrReauthorize)
		assert.Equal(t, 2, codesSent(srv))
	})
}

// The answer with the code was lost: another code costs nothing.
func TestDeviceLoginLostCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer()
		srv.Inject(zoomtest.LostAnswer().On("POST", "/oauth/devicecode"))
		_, err := appOf(srv).DeviceLogin(t.Context(), decide(t, srv, time.Second, true))
		require.NoError(t, err)
	})
}

// S1: the device code is a secret, and so is what Zoom says of it.
func TestDeviceLoginErrorsTellNothing(t *testing.T) {
	secrets := canary.New()
	scanner := canary.NewScanner(secrets.List()...)
	code := strings.Replace(deviceAnswer, "d3v1ce", url.QueryEscape(secrets.Code), 1)
	for name, answer := range map[string]said{
		"refusal": {status: 400, body: `{"error":"invalid_grant","reason":"` + secrets.Code + `"}`},
		"name":    {status: 400, body: `{"error":"` + secrets.Code + `"}`},
		"page":    {status: 404, body: secrets.Code + secrets.ClientSecret},
		"shape":   {status: 200, body: `{"access_token":"","x":"` + secrets.Code + `"}`},
		"header":  {status: 400, header: http.Header{"X-Zm-Trackingid": {secrets.Code}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{code: code, script: []said{answer}}
				app := zoomauth.App{ClientID: secrets.ClientID, ClientSecret: secrets.ClientSecret, HTTPClient: &http.Client{Transport: d}}
				_, err := app.DeviceLogin(t.Context(), func(zoomauth.DeviceCode) error { return nil })
				require.Error(t, err)
				for _, hit := range scanner.Error(name, err) {
					t.Error(hit)
				}
			})
		})
	}
}
