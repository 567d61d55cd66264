package zoomtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What Zoom says when a limit is reached.
const (
	qpsMessage   = "You have reached the maximum per-second rate limit for this API. Try again later."
	dailyMessage = "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."
)

// RateLimited is the 429 of a limit per second, or per minute: Zoom uses the same
// words. It has no Retry-After.
func RateLimited() Fault {
	return Fault{
		Status: http.StatusTooManyRequests,
		Header: http.Header{"X-Ratelimit-Type": {"QPS"}, "X-Ratelimit-Remaining": {"0"}},
		Body:   string(errorBody(429, qpsMessage)),
	}
}

// DailyLimit is the 429 of a day's budget; Retry-After is a date-time.
func DailyLimit(resetAt time.Time) Fault {
	return Fault{
		Status: http.StatusTooManyRequests,
		Header: http.Header{
			"X-Ratelimit-Type":      {"Daily-limit"},
			"X-Ratelimit-Remaining": {"0"},
			"Retry-After":           {resetAt.UTC().Format(time.RFC3339)},
		},
		Body: string(errorBody(429, dailyMessage)),
	}
}

// UserLimit is the 429 of a limit per user, with the poor headers that were seen
// live: no type, no Retry-After, and much remaining.
func UserLimit() Fault {
	return Fault{
		Status: http.StatusTooManyRequests,
		Header: http.Header{"X-Ratelimit-Limit": {"6000"}, "X-Ratelimit-Remaining": {"5893"}, "X-Ratelimit-Type": nil},
		Body: string(errorBody(429, "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests "+
			"permitted for this particular user. You may resume these requests at GMT 00:00:00.")),
	}
}

// ConcurrentRequest is the 429 for a second operation on the same user.
func ConcurrentRequest() Fault {
	return Fault{
		Status: http.StatusTooManyRequests,
		Body:   string(errorBody(429, "Too many concurrent requests. A request to disassociate this user has already been made.")),
	}
}

// Unauthorized is a refused access token, 401 with code 124.
func Unauthorized() Fault {
	return Fault{Status: http.StatusUnauthorized, Body: string(errorBody(124, "Invalid access token."))}
}

// TokenExpired is an expired access token as Zoom documents it: 400 with code 124.
func TokenExpired() Fault {
	return Fault{Status: http.StatusBadRequest, Body: string(errorBody(124, "Access token is expired."))}
}

// MissingScope is the refusal for want of scopes, 400 with code 4711.
func MissingScope(scopes ...string) Fault { return missing(4711, scopes) }

// MissingScopeBroken is the older refusal for want of scopes, code 104, whose body
// is not valid JSON.
func MissingScopeBroken(scopes ...string) Fault { return missing(104, scopes) }

func missing(code int, scopes []string) Fault {
	a := scopeRefusal(code, scopes)
	return Fault{Status: a.status, Body: string(a.body)}
}

// MissingPermission is the refusal for want of a permission of the user's role,
// for example "User:Edit".
func MissingPermission(permission string) Fault {
	return Failure(http.StatusBadRequest, 200, "Invalid access token. Does not contain permissions ["+permission+"].")
}

// Failure is an answer with Zoom's error body.
func Failure(status, code int, message string) Fault {
	return Fault{Status: status, Body: string(errorBody(code, message))}
}

// ServerError is a 5xx of a proxy in front of Zoom, with a page in HTML.
func ServerError(status int) Fault {
	text := http.StatusText(status)
	return Fault{
		Status: status,
		Header: http.Header{"Content-Type": {"text/html"}},
		Body:   strings.ReplaceAll("<html><head><title>T</title></head><body><center><h1>T</h1></center></body></html>\n", "T", fmt.Sprintf("%d %s", status, text)),
	}
}

// PageTokenExpired is the refusal of a page token.
func PageTokenExpired() Fault {
	a := tokenInvalid()
	return Fault{Status: a.status, Body: string(a.body)}
}

// CutBody breaks the real answer off after n bytes of its body; 0 is at once.
func CutBody(n int) Fault {
	if n <= 0 {
		n = -1
	}
	return Fault{CutAfter: n}
}

// ConnectionReset resets the connection before the request was carried out.
func ConnectionReset() Fault { return Fault{Reset: true} }

// LostAnswer carries the request out and resets the connection before the answer.
func LostAnswer() Fault { return Fault{Reset: true, Apply: true} }

// Slow delays the real answer. The request is carried out first.
func Slow(d time.Duration) Fault { return Fault{Delay: d, Apply: true} }
