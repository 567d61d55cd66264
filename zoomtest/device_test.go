package zoomtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomtest"
)

// connect asks for the codes of a device.
func connect(t *testing.T, s *zoomtest.Server, address string, client *http.Client) reply {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, address, nil)
	require.NoError(t, err)
	req.SetBasicAuth("id", "secret")
	res, err := client.Do(req)
	require.NoError(t, err)
	return read(t, res)
}

// A deviceFlow is a device that waits.
type deviceFlow struct {
	t              *testing.T
	s              *zoomtest.Server
	code, userCode string
}

func device(t *testing.T, s *zoomtest.Server) deviceFlow {
	t.Helper()
	r := connect(t, s, "https://zoom.us/oauth/devicecode", &http.Client{Transport: s.RoundTripper()})
	require.Equal(t, 200, r.status, r.body)
	return deviceFlow{t, s, r.text("device_code"), r.text("user_code")}
}

func (d deviceFlow) poll() reply {
	d.t.Helper()
	return fetch(d.t, d.s, "id", "secret", "", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.code}})
}

func (d deviceFlow) refused(code string) {
	d.t.Helper()
	r := d.poll()
	assert.Equal(d.t, http.StatusBadRequest, r.status)
	assert.Equal(d.t, code, r.text("error"))
	assert.NotEmpty(d.t, r.text("reason"))
}

func TestDeviceCodes(t *testing.T) {
	s := app()
	defer s.Close()
	r := connect(t, s, "https://zoom.us/oauth/devicecode", &http.Client{Transport: s.RoundTripper()})
	assert.Equal(t, "https://zoom.us/oauth_device", r.text("verification_uri"))
	assert.Equal(t, "https://zoom.us/oauth/device/complete/"+r.text("user_code"), r.text("verification_uri_complete"))
	assert.EqualValues(t, "900", r.json()["expires_in"])
	assert.EqualValues(t, "5", r.json()["interval"])
	assert.Regexp(t, `^[a-z2-9]{8}$`, r.text("user_code"))

	r = connect(t, s, s.DeviceURL(), http.DefaultClient)
	res, err := http.Get(r.text("verification_uri_complete"))
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), `<p class="code">`+r.text("user_code")+`</p>`)

	refused(t, browse(t, s, "https://zoom.us/oauth/devicecode", url.Values{}), badApp)
}

func TestDeviceGrant(t *testing.T) {
	s := app()
	d := device(t, s)
	d.refused("authorization_pending")
	d.refused("slow_down")
	s.Advance(10*time.Second - 1)
	d.refused("slow_down")
	s.Advance(15 * time.Second)
	d.refused("authorization_pending")

	spelled := strings.ToUpper(d.userCode[:4]) + "-" + d.userCode[4:]
	require.NoError(t, s.ApproveDevice(spelled, true))
	r := d.poll()
	require.Equal(t, 200, r.status, r.body)
	assert.True(t, s.GrantAlive(r.text("refresh_token")))
	assert.Equal(t, "owner@example.com", (&caller{t, s, r.text("access_token")}).get("/users/me").text("email"))
	assert.Equal(t, 1, s.TokenCalls())
	d.refused("invalid_grant")
	assert.ErrorContains(t, s.ApproveDevice(d.userCode, true), "There is no such code")

	d = device(t, s)
	require.NoError(t, s.ApproveDevice(d.userCode, false))
	d.refused("access_denied")
	assert.EqualError(t, s.ApproveDevice(d.userCode, true), "zoomtest: ApproveDevice: There is no such code, or it was used or has expired.")

	d = device(t, s)
	s.Advance(zoomtest.DeviceCodeLife)
	d.refused("expired_token")
	assert.Error(t, s.ApproveDevice(d.userCode, true))
	s.Advance(2 * time.Hour)
	device(t, s)
	d.refused("invalid_grant")
	refused(t, fetch(t, s, "id", "secret", "", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}}), badForm)
}

func TestDevicePages(t *testing.T) {
	s := app()
	const address = "https://zoom.us/oauth_device"
	r := browse(t, s, address+"?user_code=%22%3E%3Cb%3E", nil)
	assert.Equal(t, 200, r.status)
	assert.Equal(t, `"><b>`, r.between(`name="user_code" value="`, `" `))
	assert.Contains(t, r.header.Get("Content-Security-Policy"), "form-action 'self';")

	d := device(t, s)
	r = browse(t, s, address, url.Values{"user_code": {"wrong"}})
	assert.Equal(t, 400, r.status)
	assert.Contains(t, r.body, "There is no such code")

	r = browse(t, s, address, url.Values{"user_code": {d.userCode}})
	assert.Equal(t, 200, r.status)
	assert.Contains(t, r.body, "<h1>Permissions Requested</h1>")
	assert.Contains(t, r.body, "View the list of users")
	assert.NotContains(t, r.body, "Then your browser goes to")
	second := browse(t, s, address, url.Values{"user_code": {d.userCode}})
	late := url.Values{"ticket": {second.ticket()}, "decision": {"deny"}}

	r = browse(t, s, address, url.Values{"ticket": {r.ticket()}, "decision": {"allow"}})
	assert.Equal(t, 200, r.status)
	assert.Contains(t, r.between(`id="done">`, "<"), "Go on at your device")
	assert.Contains(t, r.header.Get("Content-Security-Policy"), "form-action 'none';")
	r = browse(t, s, address, late)
	assert.Equal(t, 400, r.status, "decided on another page")
	assert.Equal(t, 200, d.poll().status)

	assert.Equal(t, 400, browse(t, s, "https://zoom.us/oauth/device/complete/wrong", nil).status)
}

func TestApproveDeviceWhenThingsGoWrong(t *testing.T) {
	s := app()
	d := device(t, s)
	s.Inject(zoomtest.ConnectionReset().On("POST", "/oauth_device"))
	assert.ErrorContains(t, s.ApproveDevice(d.userCode, true), "connection reset")
	s.Inject(zoomtest.CutBody(10).On("POST", "/oauth_device"))
	assert.ErrorContains(t, s.ApproveDevice(d.userCode, true), "unexpected EOF")
	s.Inject(zoomtest.ServerError(502).On("POST", "/oauth_device").After(1))
	assert.EqualError(t, s.ApproveDevice(d.userCode, true), "zoomtest: ApproveDevice: this is no page of consent: status 502")
	s.Inject(zoomtest.LostAnswer().On("POST", "/oauth_device").After(1))
	assert.ErrorContains(t, s.ApproveDevice(d.userCode, true), "connection reset")
	assert.Equal(t, 200, d.poll().status, "the click was taken")
}
