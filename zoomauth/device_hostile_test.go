package zoomauth_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

// What is shown to a person, on a terminal or as a link to click, is only what a code
// and a page of Zoom can look like.
func TestDeviceLoginHostileAnswers(t *testing.T) {
	put := func(name, value string) string {
		return strings.NewReplacer(
			map[string]string{
				"device_code": `"d3v1ce"`, "user_code": `"BCDF2345"`, "verification_uri": `"https://zoom.us/oauth_device"`,
			}[name], value).Replace(deviceAnswer)
	}
	for name, answer := range map[string]string{
		"empty":                     ``,
		"not JSON":                  `<html>`,
		"nothing":                   `{}`,
		"a list":                    `[]`,
		"cut":                       deviceAnswer[:40],
		"text after it":             deviceAnswer + `{}`,
		"a name twice":              strings.Replace(deviceAnswer, `{`, `{"user_code":"a",`, 1),
		"no device code":            put("device_code", `""`),
		"device code with a line":   put("device_code", `"a\r\nb"`),
		"device code null":          put("device_code", `null`),
		"device code a list":        put("device_code", `["a"]`),
		"no user code":              put("user_code", `""`),
		"user code null":            put("user_code", `null`),
		"user code clears":          put("user_code", `"\u001b[2JBCDF"`),
		"user code with a line":     put("user_code", `"BCDF\nYour password:"`),
		"user code goes back":       put("user_code", `"BCDF\rXYZ"`),
		"user code with a bell":     put("user_code", `"BCDF\u0007"`),
		"user code of C1":           put("user_code", `"BCDF\u009b2J"`),
		"user code turned":          put("user_code", `"BCDF\u202e5432"`),
		"user code with no width":   put("user_code", `"BC\u200bDF"`),
		"user code of half a pair":  put("user_code", `"BC\ud800DF"`),
		"user code is long":         put("user_code", `"`+strings.Repeat("B", 65)+`"`),
		"no link":                   put("verification_uri", `""`),
		"link null":                 put("verification_uri", `null`),
		"link is http":              put("verification_uri", `"http://zoom.us/oauth_device"`),
		"link is a script":          put("verification_uri", `"javascript:alert(1)//https://zoom.us"`),
		"link is a file":            put("verification_uri", `"file:///etc/passwd"`),
		"link is a program's":       put("verification_uri", `"zoommtg://zoom.us/join"`),
		"link is data":              put("verification_uri", `"data:text/html,x"`),
		"link is relative":          put("verification_uri", `"/oauth_device"`),
		"link has no scheme":        put("verification_uri", `"//zoom.us/oauth_device"`),
		"link has no host":          put("verification_uri", `"https:///oauth_device"`),
		"link has no slashes":       put("verification_uri", `"https:zoom.us"`),
		"link is an option":         put("verification_uri", `"--help"`),
		"link looks like another's": put("verification_uri", `"https://zoom.us@evil.example/"`),
		"link with a line":          put("verification_uri", `"https://zoom.us/\nx"`),
		"link with an escape":       put("verification_uri", `"https://zoom.us/\u001b]8;;x"`),
		"link with a blank":         put("verification_uri", `"https://zoom.us/ x"`),
		"link in other letters":     put("verification_uri", `"https://zооm.us/oauth_device"`),
		"link is long":              put("verification_uri", `"https://zoom.us/`+strings.Repeat("x", 3000)+`"`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{code: answer, script: []said{granted}}
				app := zoomauth.App{ClientID: "id", ClientSecret: "secret", HTTPClient: &http.Client{Transport: d}}
				_, err := app.DeviceLogin(t.Context(), func(c zoomauth.DeviceCode) error {
					t.Errorf("shown: %+q", c)
					return nil
				})
				require.ErrorIs(t, err, zoom.ErrBadResponse)
				assert.NotContains(t, err.Error(), "BCDF")
				assert.Empty(t, d.asked)
			})
		})
	}
}

func TestDeviceLoginOddAnswers(t *testing.T) {
	full := func(link string) string {
		return strings.Replace(deviceAnswer, `}`, `,"verification_uri_complete":`+link+`}`, 1)
	}
	life := func(seconds string) string {
		return strings.Replace(deviceAnswer, `"expires_in":900`, `"expires_in":`+seconds, 1)
	}
	const good = "https://zoom.us/oauth/device/complete/BCDF2345?x=y"
	for name, c := range map[string]struct {
		answer, full string
		life         time.Duration
	}{
		"plain":                    {deviceAnswer, "", 15 * time.Minute},
		"full link":                {full(`"` + good + `"`), good, 15 * time.Minute},
		"full link is http":        {full(`"http://zoom.us/x"`), "", 15 * time.Minute},
		"full link is a script":    {full(`"javascript:alert(1)"`), "", 15 * time.Minute},
		"full link with an escape": {full(`"https://zoom.us/\u001b[2J"`), "", 15 * time.Minute},
		"full link with a user":    {full(`"https://zoom.us@evil.example/"`), "", 15 * time.Minute},
		"full link is a number":    {full(`7`), "", 15 * time.Minute},
		"loopback, of a fake":      {strings.Replace(deviceAnswer, "https://zoom.us", "http://127.0.0.1:8080", 1), "", 15 * time.Minute},
		"user code with a dash":    {strings.Replace(deviceAnswer, "BCDF2345", "BCDF-2345", 1), "", 15 * time.Minute},
		"lives a minute":           {life(`60`), "", time.Minute},
		"lives as a text":          {life(`"60"`), "", time.Minute},
		"lives for ever":           {life(`1e7`), "", time.Hour},
		"lives beyond all":         {life(`1e400`), "", 15 * time.Minute},
		"lives no time":            {life(`0`), "", 15 * time.Minute},
		"died before":              {life(`-60`), "", 15 * time.Minute},
		"lives null":               {life(`null`), "", 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &device{code: c.answer, script: []said{granted}}
				app := zoomauth.App{ClientID: "id", ClientSecret: "secret", HTTPClient: &http.Client{Transport: d}}
				shown := 0
				_, err := app.DeviceLogin(t.Context(), func(code zoomauth.DeviceCode) error {
					shown++
					assert.Equal(t, c.full, code.FullLink)
					assert.Equal(t, c.life, time.Until(code.Expires))
					return nil
				})
				require.NoError(t, err)
				assert.Equal(t, 1, shown)
			})
		})
	}
}
