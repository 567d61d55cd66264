package zoomtest

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the pages
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ticketLife is how long a consent page waits for its click.
const ticketLife = 15 * time.Minute

// A ticket is the right to one click on one consent page. The page holds its name
// alone, so that nothing of the request can be changed between the two.
type ticket struct {
	expires time.Time
	decide  func(c *call, allow bool) *answer
}

var (
	//go:embed consent.html
	pageHTML string
	//go:embed consent.css
	pageCSS string

	// The style stands in the page, and the policy allows it by its hash.
	pages     = template.Must(template.New("page").Parse(strings.Replace(pageHTML, "STYLE", pageCSS, 1)))
	styleHash = func() string {
		sum := sha256.Sum256([]byte(pageCSS))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// A pageContent is one of four pages; the others are nil or empty.
type pageContent struct {
	Title   string
	Consent *consentContent
	Problem *problem
	Entry   *entryContent
	Done    string
}

type consentContent struct {
	ClientID, AccountID, Email string
	Groups                     []scopeGroup
	Action, Ticket             string
	Back                       string // the host where the browser goes then; "" on the way of a device
	UserCode                   string
}

type entryContent struct{ UserCode, Wrong string }

// consentPage asks for the scopes of the app and keeps what a click does. It goes
// back to an address, or nowhere when the consent is for a device with a user code.
func (c *call) consentPage(action string, back *url.URL, userCode string, decide func(*call, bool) *answer) *answer {
	s := c.s
	maps.DeleteFunc(s.oauth.tickets, func(_ string, t *ticket) bool { return !c.now.Before(t.expires) })
	name := s.newID()
	s.oauth.tickets[name] = &ticket{expires: c.now.Add(ticketLife), decide: decide}
	content := &consentContent{
		ClientID: s.clientID, AccountID: s.accountID, Groups: describeScopes(s.scopes),
		Action: action, Ticket: name, UserCode: userCode,
	}
	if m := s.admin(); m != nil {
		content.Email = m.user.Email
	}
	targets := []string{"'self'"}
	if back != nil {
		content.Back = back.Host
		// Chromium holds form-action against the redirect after the POST too.
		targets = append(targets, sourceOf(back))
	}
	return htmlPage(http.StatusOK, &pageContent{Title: "Permissions Requested", Consent: content}, targets)
}

// sourceOf names an origin in a content security policy, which knows no IPv6
// addresses: there the scheme has to do.
func sourceOf(u *url.URL) string {
	if strings.HasPrefix(u.Host, "[") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}

func refusalPage(p problem) *answer {
	return htmlPage(http.StatusBadRequest, &pageContent{Title: "Something went wrong", Problem: &p}, nil)
}

func donePage(title, text string) *answer {
	return htmlPage(http.StatusOK, &pageContent{Title: title, Done: text}, nil)
}

func htmlPage(status int, content *pageContent, targets []string) *answer {
	var body bytes.Buffer
	if err := pages.Execute(&body, content); err != nil {
		panic("zoomtest: a page cannot be written: " + err.Error())
	}
	header := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	secure(header, targets)
	return &answer{status: status, header: header, body: body.Bytes()}
}

// secure sets the headers of what a browser is shown. Forms may go to the targets
// only.
func secure(header http.Header, targets []string) {
	if len(targets) == 0 {
		targets = []string{"'none'"}
	}
	header.Set("Content-Security-Policy", "default-src 'none'; style-src "+styleHash+
		"; form-action "+strings.Join(targets, " ")+"; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
}
