package zoomauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/seatkit/zoom/internal/redact"
)

// callbackQuery reads a callback strictly.
func callbackQuery(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodGet {
		return nil, errMethod
	}
	if len(r.URL.RawQuery) > maxQuery {
		return nil, ErrLogin
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, ErrLogin
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

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errMethod) {
		w.Header().Set("Allow", http.MethodGet)
	}
	if failed := h.opts().Failed; failed != nil {
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		failed(w, r, err)
		return
	}
	pageOf(err).write(w)
}
