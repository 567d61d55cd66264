package zoom_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

// A hugeBody is an error body of 30 MB that repeats one unit. Each kind is dear to one
// way of searching it.
type hugeBody struct{ kind, begin, unit, end string }

const message1001 = `{"code":1001,"message":"`

var hugeBodies = []hugeBody{
	{"one word", message1001, "a", `"}`},
	{"addresses", message1001, "a@b ", `"}`},
	{"URLs", message1001, "http://a ", `"}`},
	{"tokens", message1001, "abcdefgh12345678 ", `"}`},
	{"words of limits", message1001, "daily rate limit x ", `"}`},
	{"scopes", message1001, "user:read:admin,", `"}`},
	{"user ids", message1001, "someone@example.com", `"}`},
	{"control characters", message1001, `\u0007`, `"}`},
	{"no end", message1001, "b ", ""},
	{"quotes", message1001, `"x`, `"}`},
	{"fields", `{"code":1001,"errors":[`, `{"field":"a@b","message":"http://a"},`, `{}]}`},
	{"brackets", `{"code":1001,"x":`, "[", ""},
}

func (h hugeBody) text() string {
	const size = 30 << 20
	return h.begin + strings.Repeat(h.unit, size/len(h.unit)) + h.end
}

// Of an error the beginning is looked at: what it costs does not grow with the body.
func TestFaultBD30HugeErrorBody(t *testing.T) {
	const most = raceFactor * 4 << 20 // bytes that one call may allocate; the bodies have 30 MB
	for _, huge := range hugeBodies {
		body := huge.text()
		for _, status := range []int{http.StatusNotFound, http.StatusTooManyRequests} {
			t.Run(fmt.Sprintf("BD30 %s, %d", huge.kind, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tp := newTape(answer{status: status, body: body})
					c := tp.client(t, zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}))
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					_, err := c.Users.Get(t.Context(), "someone@example.com")
					text := err.Error()
					runtime.ReadMemStats(&after)
					assert.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(most))
					e := asError(t, err)
					assert.Equal(t, status, e.StatusCode)
					assert.Equal(t, 1001, e.Code)
					assert.Less(t, len(text), 4<<10)
					assert.NotContains(t, text, "someone@example.com")
				})
			})
		}
	}
}

// A secret that ends behind the part that is looked at is not shown in half.
func TestFaultBD30NoHalfSecret(t *testing.T) {
	for _, length := range []int{300, 1 << 10, 8 << 10, 20 << 10, 100 << 10} {
		t.Run(fmt.Sprintf("BD30 value of %d", length), func(t *testing.T) {
			value := strings.Repeat("topic with blanks ", length/18+1)
			tp := newTape(answer{status: http.StatusBadRequest, body: `{"code":300,"message":"bad: ` + value + `"}`})
			err := tp.client(t).Do(t.Context(), &zoom.Request{Method: http.MethodPost, Path: "/x", Body: map[string]string{"topic": value}}, nil)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "topic with")
		})
	}
}

func BenchmarkHugeErrorBody(b *testing.B) {
	for _, huge := range hugeBodies {
		b.Run(huge.kind, func(b *testing.B) {
			body := huge.text()
			tp := newTape(answer{status: http.StatusNotFound, body: body})
			c, err := zoom.NewClient(zoom.StaticToken("t"), zoom.WithHTTPClient(&http.Client{Transport: tp}), zoom.WithLimiter(zoom.Unlimited()))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Users.Get(b.Context(), "someone@example.com"); err == nil {
					b.Fatal("want an error")
				}
			}
		})
	}
}
