package zoomtest

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DeviceCodeLife is how long the codes of a device can be used, on the server's
// clock.
const DeviceCodeLife = 15 * time.Minute

// deviceInterval is how long a device waits between two questions; each that comes
// too early makes it longer by as much (RFC 8628, section 3.5).
const deviceInterval = 5 * time.Second

// A device waits for somebody to allow it elsewhere.
type device struct {
	userCode string
	expires  time.Time
	interval time.Duration
	asked    time.Time // when the device asked last
	grant    *grant    // once it was allowed
	denied   bool
}

func (d *device) decided() bool { return d.grant != nil || d.denied }

// postDeviceCode is POST /oauth/devicecode.
func postDeviceCode(c *call) *answer {
	if refusal := c.authenticate(c.form(), false); refusal != nil {
		return refusal
	}
	s := c.s
	maps.DeleteFunc(s.oauth.devices, func(_ string, d *device) bool { return c.now.After(d.expires.Add(time.Hour)) })
	d := &device{userCode: s.newUserCode(), expires: c.now.Add(DeviceCodeLife), interval: deviceInterval}
	code := s.newID() + s.newID()
	s.oauth.devices[code] = d
	base := "https://zoom.us"
	if s.listener != nil {
		base = s.listener.URL
	}
	o := beginObject(nil)
	o.text("device_code", code)
	o.text("user_code", d.userCode)
	o.text("verification_uri", base+devicePath)
	o.text("verification_uri_complete", base+deviceDonePath+d.userCode)
	o.number("expires_in", int64(DeviceCodeLife/time.Second))
	o.number("interval", int64(deviceInterval/time.Second))
	return ok(o.end())
}

// newUserCode has no letters and digits that look alike, and no vowels, which
// could make words.
func (s *Server) newUserCode() string {
	const letters = "bcdfghjkmnpqrstvwxz23456789"
	code := make([]byte, 8)
	for i := range code {
		code[i] = letters[s.random.IntN(len(letters))]
	}
	return string(code)
}

// poll is the grant of a device code. Its errors are those of RFC 8628.
func (c *call) poll(form url.Values) *answer {
	code := form.Get("device_code")
	if code == "" {
		return badForm()
	}
	s := c.s
	d := s.oauth.devices[code]
	switch {
	case d == nil:
		return oauthError("Invalid device code", "invalid_grant")
	case !c.now.Before(d.expires):
		return oauthError("The device code has expired", "expired_token")
	case d.denied:
		return oauthError("The user denied the request", "access_denied")
	case d.grant != nil:
		delete(s.oauth.devices, code)
		g := s.newGrant(d.grant)
		return c.answerTokens(g, s.newRefreshToken(g, c.now))
	}
	early := !d.asked.IsZero() && c.now.Before(d.asked.Add(d.interval))
	d.asked = c.now
	if early {
		d.interval += deviceInterval
		return oauthError("The device asks too often", "slow_down")
	}
	return oauthError("The user has not decided yet", "authorization_pending")
}

// getDevice is the page at the verification URI, where the user code is entered.
func getDevice(c *call) *answer {
	return entryPage(http.StatusOK, c.query.Get("user_code"), "")
}

// getDeviceComplete is the link that holds the user code already. It still has to
// be compared with what the device shows.
func getDeviceComplete(c *call) *answer { return c.deviceConsent(c.params[0]) }

// postDevice takes the user code, or what was clicked then.
func postDevice(c *call) *answer {
	form := c.form()
	if form.Has("ticket") {
		return postDecision(c)
	}
	return c.deviceConsent(form.Get("user_code"))
}

func (c *call) deviceConsent(entered string) *answer {
	code := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(entered))
	var d *device
	for _, known := range c.s.oauth.devices {
		if known.userCode == code && c.now.Before(known.expires) && !known.decided() {
			d = known
		}
	}
	if d == nil {
		return entryPage(http.StatusBadRequest, entered, "There is no such code, or it was used or has expired.")
	}
	return c.consentPage(devicePath, nil, d.userCode, func(c *call, allow bool) *answer {
		switch {
		case !c.now.Before(d.expires) || d.decided():
			return entryPage(http.StatusBadRequest, "", "The code was used or has expired meanwhile.")
		case !allow:
			d.denied = true
			return donePage("Denied", "The app gets no access. You can close this page.")
		}
		d.grant = c.s.consent()
		return donePage("Allowed", "Go on at your device. You can close this page.")
	})
}

func entryPage(status int, userCode, wrong string) *answer {
	return htmlPage(status, &pageContent{Title: "Connect a device", Entry: &entryContent{userCode, wrong}}, []string{"'self'"})
}
