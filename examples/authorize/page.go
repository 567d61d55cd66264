package main

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/seatkit/zoom/zoomauth"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed style.css
	style []byte
	//go:embed icon.svg
	icon []byte

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"date": func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 MST") },
		"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"away": away,
	}).Parse(pageHTML))
)

// A content is the home page, or a message.
type content struct {
	Fake    bool
	Dir     string
	Done    string
	Cards   []*card
	Message *message
}

var doneTexts = map[string]string{
	"connected":    "is connected.",
	"refreshed":    "has a new access token.",
	"disconnected": "is disconnected: Zoom has revoked the permission, and the token is deleted here.",
}

func (s *service) showHome(w http.ResponseWriter, r *http.Request) {
	c := &content{Fake: s.fake, Dir: s.dir, Cards: s.look(r.Context())}
	query := r.URL.Query()
	if i, text := s.installation(zoomauth.Region(query.Get("region"))), doneTexts[query.Get("done")]; i != nil && text != "" {
		c.Done = titleOf(i.app.Region) + " " + text
	}
	s.setCookie(w)
	write(w, http.StatusOK, c)
}

func write(w http.ResponseWriter, status int, c *content) {
	var body bytes.Buffer
	if err := page.Execute(&body, c); err != nil {
		http.Error(w, "The page cannot be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // the browser may have gone
}

// secure lets a page load our style and icon and nothing else, and post to us alone.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

func static(contentType string, data []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(data)
	})
}

// away says how far a moment is from now: "in 59 minutes", "89 days ago".
func away(t time.Time) string {
	d := time.Until(t)
	form := "in %d %s"
	if d < 0 {
		d, form = -d, "%d %s ago"
	}
	d += time.Second / 2
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / unit.size); n > 1 || n == 1 && unit.name == "minute" {
			if n != 1 {
				unit.name += "s"
			}
			return fmt.Sprintf(form, n, unit.name)
		}
	}
	return "just now"
}
