package zoomtest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Allow does what a person with a browser does who follows the link to the consent
// page and clicks Allow, in memory, and returns the address that the browser is
// sent back to, with code and state in it. It does not open that address. The host
// of the link does not matter. The error says why the page refuses the link. The
// requests are logged, and faults strike them, like any others.
func (s *Server) Allow(authorizeURL string) (callback string, err error) {
	return s.click(context.Background(), "Allow", authorizeURL, "allow")
}

// Deny is [Server.Allow] with a click on Deny: the address has error=access_denied.
func (s *Server) Deny(authorizeURL string) (callback string, err error) {
	return s.click(context.Background(), "Deny", authorizeURL, "deny")
}

func (s *Server) click(ctx context.Context, method, link, decision string) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("zoomtest: %s: %w", method, err) }
	page, err := s.browse(ctx, http.MethodGet, link, nil)
	if err != nil {
		return fail(err)
	}
	values, err := page.form(decision)
	if err != nil {
		return fail(err)
	}
	if page, err = s.browse(ctx, http.MethodPost, authorizePath, values); err != nil {
		return fail(err)
	}
	if page.location == "" {
		return fail(page.problem())
	}
	return page.location, nil
}

// ApproveDevice does what a person does who enters the user code of a device at
// the verification URI and clicks Allow or Deny, in memory. The error says why the
// page refuses the code.
func (s *Server) ApproveDevice(userCode string, allow bool) error {
	fail := func(err error) error { return fmt.Errorf("zoomtest: ApproveDevice: %w", err) }
	page, err := s.browse(context.Background(), http.MethodPost, devicePath, url.Values{"user_code": {userCode}})
	if err != nil {
		return fail(err)
	}
	decision := "deny"
	if allow {
		decision = "allow"
	}
	values, err := page.form(decision)
	if err != nil {
		return fail(err)
	}
	if page, err = s.browse(context.Background(), http.MethodPost, devicePath, values); err != nil {
		return fail(err)
	}
	if page.status != http.StatusOK {
		return fail(page.problem())
	}
	return nil
}

// ApproveLogin does what a person does with the link of zoomauth.App.Login: a browser
// opens it, over the network, follows it to the consent page, where Allow or Deny is
// clicked in memory, and goes back with the cookie that it was given. It is for
// LoginOptions.Open. The error says which step failed; what Login makes of it is told by
// Login.
func (s *Server) ApproveLogin(ctx context.Context, link string, allow bool) error {
	fail := func(err error) error { return fmt.Errorf("zoomtest: ApproveLogin: %w", err) }
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fail(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	status, consent, err := visit(ctx, browser, link)
	if err != nil {
		return fail(err)
	}
	if consent == "" {
		return fail(fmt.Errorf("the link does not lead to Zoom: status %d", status))
	}
	decision := "deny"
	if allow {
		decision = "allow"
	}
	back, err := s.click(ctx, "ApproveLogin", consent, decision)
	if err != nil {
		return err
	}
	status, _, err = visit(ctx, browser, back)
	if err == nil && status == http.StatusBadRequest {
		err = errors.New("the callback does not belong to the login")
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

func visit(ctx context.Context, browser *http.Client, link string) (status int, location string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := browser.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header.Get("Location"), err
}

// A shown is what a browser shows.
type shown struct {
	status   int
	location string
	body     string
}

var (
	ticketForm = regexp.MustCompile(`name="ticket" value="([^"]*)"`)
	reasonForm = regexp.MustCompile(`id="reason"[^>]*>([^<]*)<`)
)

// form fills in the form of a consent page.
func (p *shown) form(decision string) (url.Values, error) {
	found := ticketForm.FindStringSubmatch(p.body)
	if found == nil {
		return nil, p.problem()
	}
	return url.Values{"ticket": {html.UnescapeString(found[1])}, "decision": {decision}}, nil
}

func (p *shown) problem() error {
	if found := reasonForm.FindStringSubmatch(p.body); found != nil {
		return errors.New(html.UnescapeString(found[1]))
	}
	return fmt.Errorf("this is no page of consent: status %d", p.status)
}

func (s *Server) browse(ctx context.Context, method, link string, form url.Values) (*shown, error) {
	if strings.HasPrefix(link, "/") {
		link = "https://zoom.us" + link
	}
	req, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.RoundTripper().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return &shown{res.StatusCode, res.Header.Get("Location"), string(body)}, err
}
