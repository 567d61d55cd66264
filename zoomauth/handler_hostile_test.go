package zoomauth_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A word that stands in every hostile request, and must not come back.
const strange = "k4nary"

// hostile is a request as bytes on the wire. {HOST}, {PATH}, {CODE}, {STATE} and
// {COOKIE} are those of a login under way. Status 0: not sent there. The paths and
// hosts of a web service are its own, so that only the terminal looks at them.
type hostile struct {
	name          string
	request       string
	web, terminal int
	httpd         bool // net/http answers by itself, in plain words
}

const (
	goodTarget = "{PATH}?code={CODE}&state={STATE}"
	badTarget  = "{PATH}?code=" + strange + "&state=" + strange
)

// get is a request with the headers of a browser.
func get(target string, more ...string) string {
	return ask("GET", target, more...)
}

func ask(method, target string, more ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: {HOST}\r\nCookie: {COOKIE}\r\nUser-Agent: " + strange + "\r\n" + lines(more) + "\r\n"
}

func lines(headers []string) string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String()
}

// host is a good callback with another Host line, or none.
func host(header string) string {
	return "GET " + goodTarget + " HTTP/1.1\r\n" + header + "Cookie: {COOKIE}\r\n\r\n"
}

func hostileRequests() []hostile {
	const html = "%3Cscript%3Ealert(%22" + strange + "%22)%3C/script%3E"
	table := []hostile{
		{"HEAD", ask("HEAD", goodTarget), 405, 405, false},
		{"POST", ask("POST", goodTarget, "Content-Length: 0"), 405, 405, false},
		{"POST of a form", ask("POST", "{PATH}", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 19") + "code={CODE}&state=x", 405, 405, false},
		{"PUT", ask("PUT", goodTarget), 405, 405, false},
		{"DELETE", ask("DELETE", goodTarget), 405, 405, false},
		{"PATCH", ask("PATCH", goodTarget), 405, 405, false},
		{"TRACE", ask("TRACE", goodTarget), 405, 405, false},
		{"OPTIONS, a preflight", ask("OPTIONS", goodTarget, "Origin: https://"+strange+".example", "Access-Control-Request-Method: GET"), 405, 405, false},
		{"OPTIONS *", ask("OPTIONS", "*"), 0, 404, false},
		{"CONNECT", ask("CONNECT", "{HOST}"), 405, 404, false},
		{"a method in small letters", ask("get", goodTarget), 405, 405, false},
		{"a method of its own", ask(strange, goodTarget), 405, 405, false},
		{"a method that is none", ask("GE(T", goodTarget), 400, 400, true},

		{"no Host", host(""), 400, 400, true},
		{"two Hosts", host("Host: {HOST}\r\nHost: {HOST}\r\n"), 400, 400, true},
		{"a Host that is none", host("Host: a b\r\n"), 400, 400, true},
		{"a Host with a user", host("Host: " + strange + "@{HOST}\r\n"), 400, 400, true},
		{"HTTP/1.0 without a Host", "GET " + badTarget + " HTTP/1.0\r\nCookie: {COOKIE}\r\n\r\n", 400, 404, false},
		{"HTTP/1.0", "GET " + badTarget + " HTTP/1.0\r\nHost: {HOST}\r\nCookie: {COOKIE}\r\n\r\n", 400, 400, false},
		{"HTTP/3.0", "GET " + goodTarget + " HTTP/3.0\r\nHost: {HOST}\r\n\r\n", 505, 505, true},
		{"HTTP/0.9", "GET " + goodTarget + "\r\n\r\n", 400, 400, true},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 404, false},
		{"an upgrade", get(badTarget, "Connection: Upgrade", "Upgrade: websocket"), 400, 400, false},

		{"absolute-form of another host", get("http://" + strange + ".example" + goodTarget), 0, 404, false},
		{"absolute-form with a wrong state", "GET http://{HOST}" + badTarget + " HTTP/1.1\r\nHost: " + strange + "\r\nCookie: {COOKIE}\r\n\r\n", 400, 400, false},
		{"absolute-form with a user", get("http://" + strange + "@{HOST}" + badTarget), 400, 400, false},
		{"absolute-form without a host", get("http:///" + strange), 400, 404, false},
		{"a target that is no path", get(strange), 400, 400, true},
		{"a forwarded host", get(badTarget, "X-Forwarded-Host: "+strange, "Forwarded: host="+strange, "X-Original-URL: "+goodTarget, "X-HTTP-Method-Override: GET"), 400, 400, false},
		{"cross-origin headers", get(badTarget, "Origin: https://"+strange+".example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Referer: https://"+strange+".example/"), 400, 400, false},

		{"a huge header", get(goodTarget, "X: "+strings.Repeat(strange, 10_000)), 0, 431, true},
		{"many headers", get(goodTarget, strings.Repeat("X: "+strange+"\r\n", 5000)+"Y: y"), 0, 431, true},
		{"a header that is none", get(goodTarget, strange), 400, 400, true},
		{"a folded header", get(badTarget, "X: a", " "+strange), 400, 400, false},
		{"a header with a NUL", get(goodTarget, "X: "+strange+"\x00"), 400, 400, true},
		{"a body", get(badTarget, "Content-Length: 6") + strange, 400, 400, false},
		{"two lengths", get(goodTarget, "Content-Length: 6", "Content-Length: 7") + strange, 400, 400, true},
		{"an odd encoding", get(goodTarget, "Transfer-Encoding: "+strange) + strange, 501, 501, true},

		{"a huge query", get(goodTarget + "&x=" + strings.Repeat(strange, 1500)), 400, 400, false},
		{"a huge target", get(goodTarget + "&x=" + strings.Repeat(strange, 10_000)), 0, 431, true},
		{"a broken escape", get(goodTarget + "&x=%zz" + strange), 400, 400, false},
		{"a cut escape", get(goodTarget + "&" + strange + "=%2"), 400, 400, false},
		{"semicolons", get("{PATH}?code={CODE};state={STATE};" + strange), 400, 400, false},
		{"a semicolon more", get(goodTarget + ";" + strange), 400, 400, false},
		{"an escaped NUL", get(goodTarget + "%00" + strange), 400, 400, false},
		{"a NUL", get(goodTarget + "\x00" + strange), 400, 400, true},
		{"an escaped line", get("{PATH}?code={CODE}&state={STATE}%0d%0aSet-Cookie:%20" + strange + "=1"), 400, 400, false},
		{"a line", get("{PATH}?code={CODE}&state=\r\nLocation: https://" + strange + ".example"), 400, 400, true},
		{"a lone line feed", get(goodTarget + "\n" + strange), 400, 400, true},
		{"a byte that is no UTF-8", get(goodTarget + "%ff" + strange), 400, 400, false},
		{"HTML everywhere", get("{PATH}?code=" + html + "&state=" + html + "&error=" + html + "&error_description=" + html + "&" + html + "=" + html), 400, 400, false},
		{"HTML as an error", get("{PATH}?error=" + html + "&error_description=" + html + "&error_uri=javascript:" + strange + "&state=" + strange), 400, 400, false},
		{"a redirect wanted", get(badTarget + "&redirect_uri=https://" + strange + ".example&next=//" + strange + ".example&return_to=/" + strange), 400, 400, false},
		{"an access token instead", get("{PATH}?access_token=" + strange + "&token_type=bearer&state={STATE}"), 400, 400, false},
		{"another issuer", get(badTarget + "&iss=https://" + strange + ".example"), 400, 400, false},

		{"two cookies", get(goodTarget, "Cookie: {COOKIE}"), 400, 0, false},
		{"no cookie", strings.Replace(get(goodTarget), "Cookie: {COOKIE}\r\n", "", 1), 400, 0, false},
		{"a foreign cookie", strings.Replace(get(goodTarget), "{COOKIE}", cookieName+"="+strings.Repeat("A", 43), 1), 400, 0, false},
		{"a cookie of another name", strings.Replace(get(goodTarget), "{COOKIE}", "x{COOKIE}", 1), 400, 0, false},
		{"an odd cookie", strings.Replace(get(goodTarget), "{COOKIE}", cookieName+"="+strange, 1), 400, 0, false},
		{"the cookie in the query", strings.Replace(get(goodTarget+"&{COOKIE}"), "Cookie: {COOKIE}\r\n", "", 1), 400, 0, false},
	}
	for name, query := range map[string]string{
		"code doubled": "code={CODE}&code={CODE}&state={STATE}", "state doubled": "code={CODE}&state={STATE}&state={STATE}",
		"state doubled, wrong first": "code={CODE}&state=" + strange + "&state={STATE}", "state alone": "state={STATE}",
		"code alone": "code={CODE}", "code and error": "code={CODE}&state={STATE}&error=access_denied", "nothing": "",
		"error doubled": "error=access_denied&error=" + strange + "&state={STATE}", "error alone": "error=access_denied",
		"error, wrong state": "error=access_denied&state=" + strange, "names in capitals": "CODE={CODE}&STATE={STATE}",
		"names in lists": "code[]={CODE}&state[]={STATE}", "code empty": "code=&state={STATE}", "state empty": "code={CODE}&state=",
	} {
		table = append(table, hostile{name, get("{PATH}?" + query), 400, 400, false})
	}
	for _, target := range []string{
		"/", "", "/favicon.ico", "/callback/", "/callback/" + strange, "/callbac", "/callbackk", "/CALLBACK", "/callback%20", "/callback%00",
		"/callback;" + strange, "/callback#", "//callback", "/./callback", "/x/../callback", "/callback/../callback", "/../callback",
		"/%2e%2e/callback", "/%2e/callback", "/..%2fcallback", "/%2fcallback", "/call%62ack", "/%63%61%6c%6c%62%61%63%6b", `/\callback`, "/x/..\\callback", "/callback%2f", "/cállback",
	} {
		if target == "" {
			continue // no request at all
		}
		status := 404
		table = append(table, hostile{"path " + target, get(target + "?code={CODE}&state={STATE}"), 0, status, false})
	}
	for _, name := range []string{
		strange + ".example", "localhost", "localhost:{PORT}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{PORT}:80", "127.0.0.2:{PORT}", "127.1:{PORT}", "0.0.0.0:{PORT}",
		"127.0.0.1:{PORT}.", "127.0.0.1:0{PORT}", "127.0.0.1.:{PORT}", "127.0.0.1." + strange + ".example:{PORT}", "[::1]:{PORT}", "[::ffff:127.0.0.1]:{PORT}", "",
	} {
		table = append(table, hostile{"host " + name, host("Host: " + name + "\r\n"), 0, 404, false})
	}
	return table
}

func (h hostile) bytes(host, path, code, state, cookie string) string {
	_, port, _ := net.SplitHostPort(host)
	return strings.NewReplacer("{HOST}", host, "{PORT}", port, "{PATH}", path, "{CODE}", code, "{STATE}", state, "{COOKIE}", cookie).Replace(h.request)
}

// check sees that the answer says nothing of the request and leads nowhere.
func (h hostile) check(t *testing.T, status int, res shown) {
	t.Helper()
	if h.httpd {
		assert.Equal(t, status, res.StatusCode)
		assert.Equal(t, "text/plain; charset=utf-8", res.Header.Get("Content-Type"))
		assert.Empty(t, res.Header.Get("Location"))
	} else {
		checkPage(t, status, res)
	}
	assert.NotContains(t, strings.ToLower(fmt.Sprint(res.Header, res.body)), strange)
	assert.Empty(t, res.Header.Get("Access-Control-Allow-Origin"))
	if status == http.StatusMethodNotAllowed {
		assert.Equal(t, "GET", res.Header.Get("Allow"))
	}
}

func TestHandlerHostileRequests(t *testing.T) {
	sent := 0
	for _, h := range hostileRequests() {
		if h.web == 0 {
			continue
		}
		sent++
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, nil)
			web := httptest.NewServer(s)
			defer web.Close()
			v := s.visitor()
			good := v.allowed()
			request := h.bytes(web.Listener.Addr().String(), callbackPath, good.Get("code"), good.Get("state"), cookieName+"="+v.cookies[cookieName])
			h.check(t, h.web, raw(t, (&net.Dialer{}).DialContext, web.Listener.Addr().String(), request))
			assert.Zero(t, codesSent(s.zoom), "the code was exchanged")
			checkPage(t, http.StatusOK, v.back(good.Encode()))
			assert.Equal(t, 1, codesSent(s.zoom))
		})
	}
	require.Greater(t, sent, 20)
}

func TestLoginHostileRequests(t *testing.T) {
	sent := 0
	for _, h := range hostileRequests() {
		if h.terminal == 0 {
			continue
		}
		sent++
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			w := beginAtLoopback(t)
			good := w.allowed()
			h.check(t, h.terminal, w.raw(h.bytes(w.host, "/callback", good.Get("code"), good.Get("state"), w.cookie.Name+"="+w.cookie.Value)))
			assert.Zero(t, codesSent(w.zoom), "the code was exchanged")
			assert.True(t, w.isOpen(), "the login is over")
			// A browser that comes from Zoom says so.
			checkPage(t, http.StatusOK, w.raw(strings.NewReplacer("{HOST}", w.host).Replace(
				"GET /callback?"+good.Encode()+" HTTP/1.1\r\nHost: {HOST}\r\nCookie: "+w.cookie.Name+"="+w.cookie.Value+"\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nReferer: https://zoom.us/\r\n\r\n")))
			w.checkConnected()
		})
	}
	require.Greater(t, sent, 20)
}
