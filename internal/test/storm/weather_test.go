package storm

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatkit/zoom/zoomtest"
)

// weather decides about faults: how often, of which kinds, from one seed.
type weather struct {
	rng   *rand.Rand
	rate  float64
	kinds []func(*weather, zoomtest.Request) zoomtest.Fault

	turn    int  // of what comes in turns
	emptied bool // a page was robbed of its rows
	tokens  bool // the token endpoint has its storm as well
}

func newWeather(seed uint64, kinds ...func(*weather, zoomtest.Request) zoomtest.Fault) *weather {
	w := &weather{rng: rand.New(rand.NewPCG(seed, 0x5707)), kinds: kinds}
	w.rate = []float64{0, 0.05, 0.2, 0.35, 0.6}[w.rng.IntN(5)]
	// A run sees some of the kinds, so that one that ends every listing does not
	// hide the others.
	w.rng.Shuffle(len(w.kinds), func(i, j int) { w.kinds[i], w.kinds[j] = w.kinds[j], w.kinds[i] })
	w.kinds = w.kinds[:1+w.rng.IntN(len(w.kinds))]
	w.tokens = w.rng.IntN(2) == 0
	return w
}

// strike is for zoomtest's InjectFunc. The token endpoint has troubles of its own, and
// in half of the runs only: no token, no storm.
func (w *weather) strike(r zoomtest.Request) *zoomtest.Fault {
	if w.rng.Float64() >= w.rate {
		return nil
	}
	var f zoomtest.Fault
	switch {
	case r.Route != "/oauth/token":
		f = w.kinds[w.rng.IntN(len(w.kinds))](w, r)
	case w.tokens:
		f = tokenTrouble(w)
	default:
		return nil
	}
	return &f
}

// tokenTrouble is a token endpoint that fails, sends nonsense, or hangs.
func tokenTrouble(w *weather) zoomtest.Fault {
	switch w.rng.IntN(5) {
	case 0:
		return zoomtest.RateLimited()
	case 1:
		return zoomtest.Fault{Status: http.StatusOK, Body: w.one("", "{}", "<html>sign in</html>", `{"access_token":""}`)}
	case 2:
		return zoomtest.Slow([]time.Duration{time.Second, 3 * time.Second, 29 * time.Second, 10 * time.Minute}[w.rng.IntN(4)])
	case 3:
		return zoomtest.ConnectionReset()
	default:
		return zoomtest.ServerError([]int{500, 502, 503, 404}[w.rng.IntN(4)])
	}
}

func (w *weather) one(of ...string) string { return of[w.rng.IntN(len(of))] }

func serverError(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.ServerError([]int{500, 501, 502, 503, 504, 507, 408, 425}[w.rng.IntN(8)])
}

func serverErrorAfterwards(w *weather, r zoomtest.Request) zoomtest.Fault {
	f := serverError(w, r)
	f.Apply = true
	return f
}

func retryAfter(w *weather, _ zoomtest.Request) zoomtest.Fault {
	f := zoomtest.Failure([]int{429, 503}[w.rng.IntN(2)], 0, "later")
	f.Header = http.Header{"Retry-After": {w.one("0", "1", "7", "59", "61", "9223372037", "-1", "abc", "1.5",
		time.Now().UTC().Add(5*time.Second).Format(time.RFC3339), time.Now().UTC().Add(9*time.Second).Format(http.TimeFormat))}}
	return f
}

func rateLimited(w *weather, _ zoomtest.Request) zoomtest.Fault { return zoomtest.RateLimited() }

func dailyLimit(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.DailyLimit(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))
}

func concurrent(*weather, zoomtest.Request) zoomtest.Fault { return zoomtest.ConcurrentRequest() }

func unauthorized(w *weather, _ zoomtest.Request) zoomtest.Fault {
	if w.rng.IntN(2) == 0 {
		return zoomtest.TokenExpired()
	}
	return zoomtest.Unauthorized()
}

func cut(w *weather, _ zoomtest.Request) zoomtest.Fault { return zoomtest.CutBody(w.rng.IntN(3000)) }

func reset(w *weather, _ zoomtest.Request) zoomtest.Fault {
	if w.rng.IntN(2) == 0 {
		return zoomtest.LostAnswer()
	}
	return zoomtest.ConnectionReset()
}

func slow(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Slow([]time.Duration{time.Second, 14 * time.Second, 16 * time.Second, 40 * time.Second}[w.rng.IntN(4)])
}

// nonsense is an answer with the status of a success that is none.
func nonsense(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Status: http.StatusOK, Body: w.one("", " ", "{}", "null", "[]", "<html>sign in</html>", `{"users":null}`,
		`{"users":{}}`, `{"meetings":null,"total_records":3}`, `{"next_page_token":7,"users":[],"participants":[],"meetings":[],"activity_logs":[]}`)}
}

// rewritten is the real answer, damaged in a way that can be noticed.
func rewritten(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Rewrite: func(body []byte) []byte {
		switch w.rng.IntN(4) {
		case 0:
			return append(body, '{', '}')
		case 1:
			return bytes.Replace(body, []byte(`"email":"`), []byte(`"email":"`+"\xff"), 1)
		case 2:
			return bytes.Replace(body, []byte(`{`), []byte(`{"next_page_token":"t","next_page_token":"u",`), 1)
		default:
			return bytes.TrimSuffix(bytes.TrimSpace(body), []byte("}"))
		}
	}}
}

// harmless is damage that must not show.
func harmless(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{
		Header: http.Header{"X-Ratelimit-Limit": {w.one("", "abc", "-7", "99999999999999999999")}, "X-Ratelimit-Remaining": {w.one("", "x", "12")}, "Retry-After": {"60"}},
		Rewrite: func(body []byte) []byte {
			return bytes.Replace(body, []byte(`{`), []byte("\xef\xbb\xbf"+`{"new_field_`+strconv.Itoa(w.rng.IntN(99))+`":[1,{"a":null}],`), 1)
		},
	}
}

func redirect(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Status: 301 + w.rng.IntN(8), Header: http.Header{"Location": {"https://elsewhere.example.com/"}}}
}

func pageTokenExpired(_ *weather, r zoomtest.Request) zoomtest.Fault {
	if r.Query.Get("next_page_token") == "" {
		return zoomtest.ServerError(http.StatusBadGateway)
	}
	return zoomtest.PageTokenExpired()
}

func forbidden(*weather, zoomtest.Request) zoomtest.Fault {
	return zoomtest.Failure(http.StatusForbidden, 0, "REST API access denied for this account")
}

// skewed is a wait beside a clock that is far off.
func skewed(w *weather, r zoomtest.Request) zoomtest.Fault {
	f := retryAfter(w, r)
	f.Header.Set("Date", w.one("Thu, 01 Jan 1970 00:00:00 GMT", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat),
		time.Now().Add(26*time.Hour).UTC().Format(http.TimeFormat), "yesterday"))
	return f
}

// otherDay is the end of another class's day.
func otherDay(w *weather, r zoomtest.Request) zoomtest.Fault {
	f := dailyLimit(w, r)
	f.Header.Set("X-RateLimit-Category", w.one("Light", "Medium", "Heavy", "Resource-intensive", "?"))
	return f
}

// refused200 is a refusal under the status of a success.
func refused200(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Status: http.StatusOK, Body: w.one(
		`{"code":429,"message":"You have reached the maximum daily rate limit for this API.","users":[]}`,
		`{"code":200,"message":"No permission."}`, `{"code":1010,"message":"User does not belong to this account.","users":[],"meetings":[]}`,
		`{"code":300,"message":"?"}`)}
}

// strange404 says nothing about what was asked for.
func strange404(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Status: http.StatusNotFound, Body: w.one("", "<html>404</html>", `{"code":2300,"message":"This API endpoint is not recognized."}`)}
}

// alternating is a bad token and a server failure in turns.
func alternating(w *weather, _ zoomtest.Request) zoomtest.Fault {
	if w.turn++; w.turn%2 == 0 {
		return zoomtest.Unauthorized()
	}
	return zoomtest.ServerError(http.StatusInternalServerError)
}

// long is a failure with much to say.
func long(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Failure(http.StatusInternalServerError, w.rng.IntN(2)*1001, strings.Repeat("person@example.com ", 1<<w.rng.IntN(14)))
}

// fewerRows empties the list of a page, whose count says otherwise.
func fewerRows(w *weather, _ zoomtest.Request) zoomtest.Fault {
	w.emptied = true
	return zoomtest.Fault{Rewrite: func(body []byte) []byte {
		from, to := bytes.Index(body, []byte(`"users":[`)), bytes.LastIndexByte(body, ']')
		if from < 0 || to < from {
			return body
		}
		return slices.Concat(body[:from], []byte(`"users":[`), body[to:])
	}}
}

// oddRows are rows as Zoom's descriptions allow them, and some beyond.
func oddRows(w *weather, _ zoomtest.Request) zoomtest.Fault {
	return zoomtest.Fault{Rewrite: func(body []byte) []byte {
		switch w.rng.IntN(3) {
		case 0:
			return bytes.ReplaceAll(body, []byte(`"verified":1`), []byte(`"verified":true`))
		case 1:
			return bytes.ReplaceAll(body, []byte(`"status":"pending",`), nil)
		default:
			return bytes.ReplaceAll(body, []byte(`"dept":"`), []byte(`"dept":{},"department":"`))
		}
	}}
}
