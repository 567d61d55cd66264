package zoomauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/seatkit/zoom/internal/redact"
)

// callbackQuery reads a callback strictly.
func callbackQuery(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodGet {
		return nil, errMethod
	}
	if len(r.URL.RawQuery) > maxQuery {
		return nil, errCallback
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errCallback
	}
	return query, nil
}

func (h *Handler) session(r *http.Request) (string, error) {
	name := h.opts().Session
	if name == nil {
		return "", nil
	}
	session, err := name(r)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", errSession, redact.Cause(err))
	case session == "":
		return "", errSession
	}
	return session, nil
}

// binding returns the cookie of the browser, if it is one of ours.
func (h *Handler) binding(r *http.Request) (string, bool) {
	cookies := r.CookiesNamed(h.cookie)
	if len(cookies) != 1 {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookies[0].Value)
	return cookies[0].Value, err == nil && len(raw) == 32
}

// brought returns the cookie that came with a callback, or says why there is none.
func (h *Handler) brought(r *http.Request) (string, error) {
	binding, ok := h.binding(r)
	switch {
	case ok:
		return binding, nil
	case len(r.CookiesNamed(h.cookie)) > 0:
		return "", errCookies
	case h.elsewhere.Load():
		return "", errElsewhere
	default:
		return "", errNoCookie
	}
}

// noteHost notes that a browser came to Start at another host than that of the redirect
// URL. That may be right behind a proxy that changes the Host header, so it is no failure.
func (h *Handler) noteHost(r *http.Request, app App) {
	u, err := app.redirect()
	if err != nil || r.Host == "" || sameHost(r.Host, u.Host) || !h.elsewhere.CompareAndSwap(false, true) {
		return
	}
	if log := h.opts().Logger; log != nil {
		log.WarnContext(r.Context(), "zoomauth: Start was opened at another host than that of the redirect URL: "+
			"the callback gets no cookie, unless a proxy in front changes the Host header", "redirect_host", u.Host)
	}
}

// sameHost compares hosts without their ports, as cookies do.
func sameHost(a, b string) bool {
	name := func(host string) string { return (&url.URL{Host: host}).Hostname() }
	return strings.EqualFold(name(a), name(b))
}

// fail reports a failure to the operator and answers the browser. Neither depends on the
// other.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, at string, err error) {
	if log := h.opts().Logger; log != nil {
		log.Log(r.Context(), levelOf(err), "zoomauth: a login failed", "at", at, "error", err)
	}
	if errors.Is(err, errMethod) {
		w.Header().Set("Allow", http.MethodGet)
	}
	if failed := h.opts().Failed; failed != nil {
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		failed(w, r, err)
		return
	}
	ServeFailure(w, err)
}

// levelOf says whether an operator has to mend something, or a person to begin again.
func levelOf(err error) slog.Level {
	switch page := pageOf(err); {
	case page == pageDenied:
		return slog.LevelInfo
	case page.status >= http.StatusInternalServerError:
		return slog.LevelError
	default:
		return slog.LevelWarn
	}
}
