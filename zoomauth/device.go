package zoomauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/oauth"
	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/redact"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// A DeviceCode is what a person needs to authorise on another device.
type DeviceCode struct {
	UserCode string    // to be typed in
	Link     string    // where
	FullLink string    // the same with the code in it, for a QR code; may be empty
	Expires  time.Time // 15 minutes from now, as a rule
}

const (
	opDevice         = "auth.device"
	deviceGrant      = "urn:ietf:params:oauth:grant-type:device_code"
	deviceLife       = 15 * time.Minute
	deviceInterval   = 5 * time.Second
	deviceShortest   = time.Second
	deviceSlowerBy   = 5 * time.Second
	deviceLongest    = time.Hour
	deviceSlowestAsk = time.Minute
	maxUserCode      = 64
)

// DeviceLogin lets somebody authorise on another device, for a machine without a
// browser: show is given a code and an address, and the call waits until the person
// has clicked Allow there. The app must have the feature "Use App on Device", which
// Zoom switches on for private apps on request (not confirmed for all app types).
// The token is not saved yet; see [Keep].
//
// Errors: [zoom.ErrReauthorize] for Deny and for a code that ran out.
//
// API: POST https://zoom.us/oauth/devicecode.
// https://developers.zoom.us/blog/device-authorization/
func (a App) DeviceLogin(ctx context.Context, show func(DeviceCode) error) (*Token, error) {
	if ctx == nil || show == nil {
		return nil, invalid(opDevice, errors.New("context, show: is nil"))
	}
	d := &device{}
	_, err := a.post(ctx, opDevice, a.Endpoints.withDefaults().Device, oauth.Form{
		Route: "/oauth/devicecode", Values: url.Values{"client_id": {a.ClientID}}, Repeatable: true,
		Accept: func(answer *transport.Answer) error { return d.read(answer.Body, time.Now()) },
	})
	if err != nil {
		return nil, err
	}
	if err := show(d.shown); err != nil {
		return nil, opError(opDevice, redact.Cause(err, d.shown.UserCode, d.shown.FullLink))
	}
	for {
		if err := pace.Pause(ctx, d.pause(time.Now())); err != nil {
			return nil, opError(opDevice, err)
		}
		if !time.Now().Before(d.shown.Expires) {
			return nil, opError(opDevice, fmt.Errorf("%w: nobody authorised in time", zoom.ErrReauthorize))
		}
		t, err := a.handOut(ctx, func(ctx context.Context, a App, g *newGrant) (*Token, error) { return a.poll(ctx, g, d) })
		if t != nil || err != nil {
			return t, err
		}
	}
}

// poll asks once. Neither a token nor an error means: not yet. What failed is asked
// again in its turn, not at once: that would be sooner than the device may.
func (a App) poll(ctx context.Context, g *newGrant, d *device) (*Token, error) {
	grant, lost, err := a.grant(ctx, opDevice, url.Values{"grant_type": {deviceGrant}, "device_code": {d.code()}}, false, &g.read)
	if err != nil {
		e, ok := errors.AsType[*zoom.Error](err)
		if !ok {
			return nil, err
		}
		given := g.read.Grant()
		switch {
		case lost && given != nil: // the code is used up
			return nil, a.endUseless(ctx, opDevice, given, lostCode(err))
		case e.Message == "authorization_pending":
			return nil, nil
		case e.Message == "slow_down":
			d.slowDown(time.Time{})
			return nil, nil
		case lost, errors.Is(err, zoom.ErrTimeout), errors.Is(err, zoom.ErrUnreachable), errors.Is(err, zoom.ErrServer), errors.Is(err, zoom.ErrRateLimited):
			d.slowDown(e.RetryAt) // as the standard wants it; the code is still good
			return nil, nil
		default:
			return nil, a.endUseless(ctx, opDevice, grant, err)
		}
	}
	if grant.RefreshToken == "" {
		return nil, a.endUseless(ctx, opDevice, grant, opError(opDevice, fmt.Errorf("%w: there is no refresh token", zoom.ErrBadResponse)))
	}
	return a.authorized(grant), nil
}

// device is a device authorisation under way.
type device struct {
	redactor
	shown    DeviceCode
	code     secret
	interval time.Duration
	notSoon  time.Time // what the server asked for; zero: nothing
}

// pause is how long to wait before the next question; a code that has run out ends it.
func (d *device) pause(now time.Time) time.Duration {
	return min(max(d.interval, d.notSoon.Sub(now)), d.shown.Expires.Sub(now))
}

func (d *device) slowDown(notSoon time.Time) {
	d.interval, d.notSoon = min(d.interval+deviceSlowerBy, deviceSlowestAsk), notSoon
}

func (d *device) read(body []byte, now time.Time) error {
	members, err := wire.Members(body)
	if err != nil {
		return err
	}
	text := func(name string) string {
		value, _ := wire.Text(members[name])
		return value
	}
	seconds := func(name string, otherwise, most time.Duration) time.Duration {
		if value, err := wire.Seconds(members[name]); err == nil && value > 0 {
			return min(value, most)
		}
		return otherwise
	}
	code := text("device_code")
	d.shown = DeviceCode{
		UserCode: text("user_code"), Link: text("verification_uri"), FullLink: text("verification_uri_complete"),
		Expires: now.Add(seconds("expires_in", deviceLife, deviceLongest)),
	}
	d.code = hide(code)
	d.interval = max(seconds("interval", deviceInterval, deviceSlowestAsk), deviceShortest)
	if !oauth.IsHeaderSafe(code) || !isLink(d.shown.Link) || !isPrintable(d.shown.UserCode) {
		return &wire.ShapeError{Reason: "a part of the device code is missing or cannot be shown"}
	}
	if !isLink(d.shown.FullLink) {
		d.shown.FullLink = ""
	}
	return nil
}

// isLink reports whether an address may be shown to be opened: that of a page, and to
// the eye that of its host.
func isLink(text string) bool {
	u, err := url.Parse(text)
	if err != nil || !oauth.IsHeaderSafe(text) || len(text) > maxURL || u.Hostname() == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && wire.IsLoopback(u.Hostname())
}

// isPrintable keeps what moves the cursor away from a terminal.
func isPrintable(text string) bool {
	return text != "" && len(text) <= maxUserCode && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}
