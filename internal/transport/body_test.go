package transport

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A body of known length is read into one piece of memory; one of unknown length
// is not read in crumbs. Neither is asked for nothing, which could go on for ever.
func TestReadAllReadsAtAGulp(t *testing.T) {
	const limit = 64 << 10
	for _, tc := range []struct {
		name        string
		size        int
		hint, limit int64
		reads       int // at most: the last one finds the end
	}{
		{"known length", 40 << 10, 40 << 10, limit, 2},
		{"known length, of the whole limit", limit, limit, limit, 2},
		{"unknown length", 8 << 10, -1, limit, 2},
		{"length left out", 8 << 10, 0, limit, 2}, // so by RoundTrippers that are no http.Transport
		{"unknown length, one doubling", 16 << 10, -1, limit, 3},
		{"unknown length, of the whole limit", limit, -1, limit, 5},
		{"length that lies", 40 << 10, 1, limit, 17},
		{"a limit of one byte", 1, -1, 1, 2},
		{"no body under a limit of nothing", 0, -1, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := &sips{rest: strings.Repeat("x", tc.size)}
			got, err := readAll(body, tc.hint, tc.limit)
			require.NoError(t, err)
			assert.Len(t, got, tc.size)
			assert.LessOrEqual(t, body.reads, tc.reads)
			assert.LessOrEqual(t, int64(cap(got)), tc.limit+1, "no more memory than the limit")
		})
	}
}

// closing tells whether the body was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// The cap is on the body, not on what the server says of its length; a body of
// exactly the cap is taken.
func TestFaultBD19BodyCap(t *testing.T) {
	const limit = 1 << 10 // of the test road
	for _, tc := range []struct {
		name   string
		status int
		size   int
		length int64 // as the server tells it
		kind   Kind  // 255: none
	}{
		{"one less", 200, limit - 1, -1, 255},
		{"the cap", 200, limit, -1, 255},
		{"the cap, and told so", 200, limit, limit, 255},
		{"one more", 200, limit + 1, -1, KindTooLarge},
		{"one more, and told so", 200, limit + 1, limit + 1, KindTooLarge},
		{"one more, and told less", 200, limit + 1, 1, KindTooLarge},
		{"an error body of the cap", 404, limit, -1, KindStatus},
		{"an error body of one more", 404, limit + 1, -1, KindTooLarge},
		{"an error body of one more, retryable", 503, limit + 1, -1, KindTooLarge},
		{"shorter than told", 200, 10, 11, KindBadBody},
		{"an error body shorter than told", 404, 10, 11, KindStatus},
		{"longer than told", 200, 11, 10, 255},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var body *closing
				s := &script{steps: []step{func(*http.Request) (*http.Response, error) {
					body = &closing{Reader: &sips{rest: strings.Repeat("x", tc.size)}}
					return &http.Response{StatusCode: tc.status, Header: http.Header{}, Body: body, ContentLength: tc.length}, nil
				}}}
				a, attempts, err := newTestRoad(s).Do(t.Context(), get())
				assert.True(t, body.closed)
				switch tc.kind {
				case 255:
					require.NoError(t, err)
					assert.Len(t, a.Body, tc.size)
				case KindBadBody:
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
					assert.Equal(t, 5, attempts)
				default:
					f := failureOf(t, err)
					assert.Equal(t, tc.kind, f.Kind)
					assert.Equal(t, tc.status, f.Answer.Status)
					assert.Equal(t, 1, attempts, "it would be as large again")
				}
			})
		})
	}
}

// A refusal whose body ends early is a refusal, whether net/http finds that out or, behind
// a RoundTripper that wrote the body again, we do: the change was not made.
func TestFaultBD01CutRefusalIsARefusal(t *testing.T) {
	for name, end := range map[string]error{"BD01 net/http finds it": io.ErrUnexpectedEOF, "BD01 the length says more": io.EOF} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: []step{func(*http.Request) (*http.Response, error) {
					body := io.MultiReader(strings.NewReader(`{"code":1001,"message":"no such user"}`), iotest.ErrReader(end))
					return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: 500}, nil
				}}}
				_, attempts, err := newTestRoad(s).Do(t.Context(), post())
				f := failureOf(t, err)
				assert.Equal(t, KindStatus, f.Kind)
				assert.Equal(t, 1001, f.Answer.Error.Code)
				assert.False(t, f.Open)
				assert.Equal(t, 1, attempts)
			})
		})
	}
}

// The answer to a HEAD tells a length and has no body.
func TestHeadHasNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := get()
		call.Method = http.MethodHead
		a, _, err := newTestRoad(&script{steps: []step{func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, ContentLength: 1000}, nil
		}}}).Do(t.Context(), call)
		require.NoError(t, err)
		assert.Empty(t, a.Body)
	})
}

// Every attempt sends the whole body again, and a call without one sends none.
func TestRequestBodyIsSentByEveryAttempt(t *testing.T) {
	for _, tc := range []struct {
		name   string
		body   []byte
		length int64
	}{
		{"a body", []byte(`{"type":1}`), 10},
		{"an empty body", []byte{}, 0},
		{"no body", nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				s := &script{steps: []step{func(req *http.Request) (*http.Response, error) {
					sent++
					assert.Equal(t, tc.length, req.ContentLength)
					var got []byte
					if req.Body != nil {
						var err error
						got, err = io.ReadAll(req.Body)
						require.NoError(t, err)
					}
					assert.Equal(t, string(tc.body), string(got))
					if sent < 3 {
						return answers(429, "")(nil)
					}
					return answers(204, "")(nil)
				}}}
				call := post()
				call.Body = tc.body
				_, attempts, err := newTestRoad(s).Do(t.Context(), call)
				require.NoError(t, err)
				assert.Equal(t, 3, attempts)
			})
		})
	}
}
