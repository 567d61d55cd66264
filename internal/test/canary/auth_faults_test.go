package canary_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/seatkit/zoom/internal/test/canary"
)

// refusals are what Zoom's OAuth endpoints say no with.
var refusals = []struct {
	status      int
	err, reason string
}{
	{400, "invalid_grant", "Invalid Token!"},
	{401, "invalid_request", "Invalid Token!"},
	{400, "invalid_client", "Invalid client_id or client_secret"},
	{401, "unauthorized_client", "not authorised"},
	{400, "unsupported_grant_type", "unsupported grant type"},
	{400, "invalid_request", "Bad Request"},
	{400, "invalid_request", "Invalid redirect uri"},
	{400, "invalid_scope", "scope"},
	{400, "access_denied", "denied"},
	{400, "expired_token", "expired"},
	{400, "authorization_pending", "pending"},
	{400, "slow_down", "slow down"},
	{403, "", "forbidden"},
	{408, "", "timeout"},
	{425, "", "too early"},
	{429, "", "too many"},
	{500, "", "failure"},
	{503, "", "maintenance"},
}

var refusalCodes = []int{4700, 4702, 4704, 4705, 4706, 4709, 4711, 4717, 4724, 4732, 4733, 4734, 4735, 4737, 4738, 4740, 4741}

// oauthFaults are what the OAuth endpoints can do besides the faults of any wire.
func oauthFaults() map[string]func() wire {
	all := map[string]func() wire{}
	for _, r := range refusals {
		all[fmt.Sprintf("AU18 %d %s %s", r.status, r.err, r.reason)] = echoes(r.status, r.err, r.reason, 0)
	}
	for i, code := range refusalCodes {
		all["AU20 code "+strconv.Itoa(code)] = echoes([]int{400, 401}[i%2], []string{"invalid_request", "", "invalid_grant"}[i%3], "Bad Request", code)
	}
	for name, body := range oddAnswers() {
		all[name] = oddly(http.StatusOK, body)
		all[name+", refused"] = oddly(http.StatusBadRequest, body)
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		all["NW10 redirect "+strconv.Itoa(status)] = func() wire {
			return func(req *http.Request) (*http.Response, error) {
				header, list := telltale(req), pieces(req)
				header.Set("Location", "https://elsewhere.example.com/?"+strings.Join(list, "&"))
				return response(req, status, header, strings.NewReader(strings.Join(list, " "))), nil
			}
		}
	}
	for name, say := range map[string]func(list []string) error{
		"every form":   func(list []string) error { return errors.New(strings.Join(encodings(list), " ")) },
		"one by one":   func(list []string) error { return errors.Join(errorsOf(list)...) },
		"in a message": func(list []string) error { return fmt.Errorf("the token %s was refused", list[len(list)-1]) },
		"alone":        func(list []string) error { return errors.New(list[len(list)-1]) },
		"in an URL": func(list []string) error {
			return &url.Error{Op: "Post", URL: "https://zoom.us/oauth/token?" + strings.Join(list, "&"), Err: io.ErrUnexpectedEOF}
		},
		"tls": func(list []string) error {
			return fmt.Errorf("tls: failed to verify certificate: %s", strings.Join(list, " "))
		},
	} {
		all["AU18 wire, "+name] = breaks(func(req *http.Request) error { return say(pieces(req)) })
	}
	all["BD24 hangs"] = func() wire {
		return func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, fmt.Errorf("%s: %w", dump(req), req.Context().Err())
		}
	}
	return all
}

// oddAnswers are successes that are none, or not whole: with new tokens, which must
// not be told either.
func oddAnswers() map[string]string {
	s := canary.New()
	fill := strings.NewReplacer("ACCESS", s.NextAccess, "REFRESH", s.NextRefresh, "DEVICE", s.DeviceCode, "USER", s.UserCode)
	answers := map[string]string{
		"BD04 cut":             `{"access_token":"ACCESS","token_type":"bearer","refresh_token":"REFRESH`,
		"AU12 lifetime":        `{"access_token":"ACCESS","refresh_token":"REFRESH","expires_in":"PIECE","scope":"PIECE","api_url":"PIECE"}`,
		"AU14 no refresh":      `{"access_token":"ACCESS","expires_in":3600,"scope":"user:read"}`,
		"AU15 no access":       `{"access_token":"","refresh_token":"REFRESH"}`,
		"AU16 twice":           `{"access_token":"ACCESS","refresh_token":"REFRESH","refresh_token":"PIECE"}`,
		"AU17 header":          `{"access_token":"ACCESS\r\nX-A: b","refresh_token":"REFRESH"}`,
		"AU17 refresh":         `{"access_token":"ACCESS","refresh_token":"REFRESH REFRESH"}`,
		"AU18 form":            `access_token=ACCESS&refresh_token=REFRESH&ALL`,
		"AU18 HTML":            `<html><form><input name="refresh_token" value="REFRESH"><input value="ALL"></form></html>`,
		"AU18 echo":            `{"error":"REFRESH","reason":"ALL","errorCode":"ACCESS","code":"REFRESH","message":"ACCESS"}`,
		"BD17 documents":       `{"access_token":"ACCESS"}{"refresh_token":"REFRESH"}`,
		"BD15 types":           `{"access_token":["ACCESS"],"refresh_token":{"REFRESH":"PIECE"},"expires_in":{}}`,
		"BD14 list":            `["ACCESS","REFRESH","PIECE"]`,
		"BD10 UTF-8":           `{"access_token":"ACCESS` + "\xff" + `","refresh_token":"REFRESH` + "\xff" + `"}`,
		"BD19 long":            `{"access_token":"ACCESS","refresh_token":"REFRESH","x":"` + strings.Repeat("REFRESH ", 10_000) + `"}`,
		"device, no link":      `{"device_code":"DEVICE","user_code":"USER","interval":1}`,
		"device, no code":      `{"device_code":"DEVICE ","user_code":"USER","verification_uri":"https://zoom.us/d?c=USER"}`,
		"device, bad":          `{"device_code":"DEVICE","user_code":"USER\u0007","verification_uri":"PIECE"}`,
		"device, cut":          `{"device_code":"DEVICE","user_code":"USER`,
		"device, twice":        `{"device_code":"DEVICE","user_code":"USER","user_code":"USER-USER"}`,
		"device, then nothing": `{"device_code":"DEVICE","user_code":"USER","verification_uri":"https://zoom.us/d","verification_uri_complete":"https://zoom.us/d?c=USER","interval":1,"expires_in":5}`,
	}
	for name, body := range answers {
		answers[name] = fill.Replace(body)
	}
	return answers
}

// oddly returns an answer with pieces of the request in it, the values of the form
// first.
func oddly(status int, body string) func() wire {
	return func() wire {
		turn := 0
		return func(req *http.Request) (*http.Response, error) {
			list := pieces(req)
			turn++
			piece := list[(len(list)-turn%len(list))%len(list)]
			return response(req, status, telltale(req), strings.NewReader(raw(body)(piece, list))), nil
		}
	}
}

// echoes returns a refusal that repeats the form and the header in every encoding, in
// every member and header that a client might read.
func echoes(status int, code, reason string, number int) func() wire {
	return func() wire {
		turn := 0
		return func(req *http.Request) (*http.Response, error) {
			list := pieces(req)
			forms := encodings(list)
			all := strings.Join(forms, " ")
			header := telltale(req)
			header.Set("X-Zm-Trackingid", forms[turn%len(forms)])
			turn++
			body := map[string]any{
				"reason": reason + " " + all, "error_description": all, "message": all, "errorMessage": all, "error_uri": "https://zoom.us/?" + all,
				"errors": []map[string]string{{"field": all, "message": all}}, "form": all,
			}
			if code != "" {
				body["error"] = code
			} else {
				body["error"] = forms[turn%len(forms)]
			}
			if number != 0 {
				body["code"], body["errorCode"] = number, strconv.Itoa(number)
			}
			return response(req, status, header, strings.NewReader(string(jsonOf(body)))), nil
		}
	}
}

// encodings returns texts as a server, a proxy or a log could write them.
func encodings(list []string) []string {
	forms := append([]string(nil), list...)
	for _, text := range list[max(0, len(list)-6):] { // the values of the form, which come last
		forms = append(forms,
			url.QueryEscape(text), url.PathEscape(text), url.QueryEscape(url.QueryEscape(text)), html.EscapeString(text), strconv.Quote(text),
			strings.ToUpper(text), strings.ToLower(text), fmt.Sprintf("%x", text), fmt.Sprintf("%X", text),
			base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte("x"+text)), text[:min(len(text), 20)],
		)
	}
	return forms
}

func errorsOf(list []string) []error {
	var errs []error
	for _, text := range list {
		errs = append(errs, errors.New(text))
	}
	return errs
}

// authFaults are all of them.
func authFaults() map[string]func() wire {
	all := faults()
	maps.Copy(all, oauthFaults())
	return all
}
