package zoomtest

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A login is a request for consent that was found good.
type login struct {
	redirect string
	state    string
	hasState bool
	proof    proof
}

// A problem is why a page refuses: Zoom's number where its table of OAuth errors
// has one, else the word of RFC 6749.
type problem struct{ Code, Reason string }

// getAuthorize is GET /oauth/authorize. It asks for consent, or says what is wrong
// with the link. It never redirects to an address that it has not accepted, and on
// a bad link not at all.
func getAuthorize(c *call) *answer {
	l, wrong := c.s.readLogin(c.query)
	if wrong != nil {
		return refusalPage(*wrong)
	}
	back := parseRedirect(l.redirect)
	return c.consentPage(authorizePath, back, "", func(c *call, allow bool) *answer {
		values := "error=access_denied"
		if allow {
			code := &authorizationCode{grant: c.s.consent(), redirect: l.redirect, proof: l.proof}
			values = "code=" + url.QueryEscape(c.s.newCode(code, c.now))
		}
		if l.hasState {
			values += "&state=" + url.QueryEscape(l.state)
		}
		header := http.Header{"Location": {addQuery(l.redirect, values)}}
		secure(header, nil)
		return &answer{status: http.StatusFound, header: header}
	})
}

func (s *Server) readLogin(query url.Values) (*login, *problem) {
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method"} {
		if len(query[name]) > 1 {
			return nil, &problem{"invalid_request", "The parameter " + name + " is there twice."}
		}
	}
	l := &login{
		redirect: query.Get("redirect_uri"), state: query.Get("state"), hasState: query.Has("state"),
		proof: proof{query.Get("code_challenge"), query.Get("code_challenge_method")},
	}
	proven := query.Has("code_challenge") || query.Has("code_challenge_method")
	if proven && !query.Has("code_challenge_method") {
		l.proof.method = methodPlain // Zoom's default, and a trap
	}
	switch {
	case !same(query.Get("client_id"), s.clientID):
		return nil, &problem{"4702", "Invalid client_id: " + query.Get("client_id")}
	case parseRedirect(l.redirect) == nil, len(s.redirects) > 0 && !slices.Contains(s.redirects, l.redirect):
		return nil, &problem{"4709", "Redirect URI mismatch: " + l.redirect}
	case query.Has("scope"): // scopes come from the settings of the app
		return nil, &problem{"invalid_scope", "Invalid scope: " + query.Get("scope")}
	case query.Get("response_type") != "code":
		return nil, &problem{"unsupported_response_type", "Invalid response_type: " + query.Get("response_type")}
	case proven && !l.proof.wellFormed():
		return nil, &problem{"invalid_request", "Invalid code_challenge or code_challenge_method."}
	case !proven && s.public:
		return nil, &problem{"invalid_request", "A public client has to send a code_challenge."}
	}
	return l, nil
}

// postDecision takes what was clicked on a consent page, for the ticket in it. A
// ticket serves one click: a second one, or one on a page of long ago, is told so.
func postDecision(c *call) *answer {
	form := c.form()
	name, decision := form.Get("ticket"), form.Get("decision")
	t := c.s.oauth.tickets[name]
	switch {
	case t == nil, !c.now.Before(t.expires):
		return refusalPage(problem{"invalid_request", "This page was used already, or is too old. Start again."})
	case decision != "allow" && decision != "deny":
		return refusalPage(problem{"invalid_request", "Neither Allow nor Deny was clicked."})
	}
	delete(c.s.oauth.tickets, name)
	return t.decide(c, decision == "allow")
}

var hostForm = regexp.MustCompile(`^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?$`)

// parseRedirect returns nil for what cannot be a redirect URI: want https, or http
// on a loopback address (Zoom takes the latter from public clients only, and only
// lately), without a fragment and without a user. Its characters are limited to
// those that can stand in a header; its host goes into the page's policy.
func parseRedirect(text string) *url.URL {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`#\<>"`, r) }) {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Opaque != "" || !hostForm.MatchString(u.Host) {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback() {
		return u
	}
	return nil
}

// addQuery leaves the query that an address has as it is.
func addQuery(address, values string) string {
	_, query, has := strings.Cut(address, "?")
	switch {
	case !has:
		return address + "?" + values
	case query == "" || strings.HasSuffix(query, "&"):
		return address + values
	default:
		return address + "&" + values
	}
}
