package zoomhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/internal/test/canary"
	"github.com/seatkit/zoom/zoomhook"
)

// The signature was computed with openssl dgst -sha256 -hmac.
func TestVerifyKnownSignature(t *testing.T) {
	v, err := zoomhook.NewVerifier("secret-token")
	require.NoError(t, err)
	h := headers("v0=5bf589ba0d72be66de81b2097664649b9abbb31606ed64646eaea60d2d76b70b", "1739923528")
	require.NoError(t, v.Verify(h, []byte(`{"event":"user.created"}`), time.Unix(1739923528, 0)))
}

func TestVerify(t *testing.T) {
	const body = `{"event":"user.created","payload":{}}`
	now := time.Unix(1739923528, 0)
	const stamp = "1739923528"
	good := "v0=" + sum(token, "v0:"+stamp+":"+body)
	values := func(signatures, stamps []string) http.Header {
		return http.Header{"X-Zm-Signature": signatures, "X-Zm-Request-Timestamp": stamps}
	}
	forStamp := func(stamp string) http.Header { return headers("v0="+sum(token, "v0:"+stamp+":"+body), stamp) }
	for name, tc := range map[string]struct {
		h    http.Header
		body string
		want error
	}{
		"good":                              {headers(good, stamp), body, nil},
		"good, of the old token":            {signed(oldToken, body, now), body, nil},
		"5 minutes old":                     {signed(token, body, now.Add(-5*time.Minute)), body, nil},
		"5 minutes ahead":                   {signed(token, body, now.Add(5*time.Minute)), body, nil},
		"no body":                           {signed(token, "", now), "", nil},
		"older":                             {signed(token, body, now.Add(-5*time.Minute-time.Second)), body, zoomhook.ErrStale},
		"further ahead":                     {signed(token, body, now.Add(5*time.Minute+time.Second)), body, zoomhook.ErrStale},
		"of 1970":                           {forStamp("0"), body, zoomhook.ErrStale},
		"of the year 5138":                  {forStamp("99999999999"), body, zoomhook.ErrStale},
		"old and forged":                    {headers(good, "1"), body, zoomhook.ErrSignature},
		"no header":                         {http.Header{}, body, zoomhook.ErrSignature},
		"nil header":                        {nil, body, zoomhook.ErrSignature},
		"no signature":                      {values(nil, []string{stamp}), body, zoomhook.ErrSignature},
		"no timestamp":                      {values([]string{good}, nil), body, zoomhook.ErrSignature},
		"two signatures":                    {values([]string{good, good}, []string{stamp}), body, zoomhook.ErrSignature},
		"a wrong and a good signature":      {values([]string{"v0=00", good}, []string{stamp}), body, zoomhook.ErrSignature},
		"two signatures in one line":        {headers(good+", "+good, stamp), body, zoomhook.ErrSignature},
		"two timestamps":                    {values([]string{good}, []string{stamp, stamp}), body, zoomhook.ErrSignature},
		"empty":                             {headers("", stamp), body, zoomhook.ErrSignature},
		"version alone":                     {headers("v0=", stamp), body, zoomhook.ErrSignature},
		"another version":                   {headers("v1"+good[2:], stamp), body, zoomhook.ErrSignature},
		"no version":                        {headers(good[3:], stamp), body, zoomhook.ErrSignature},
		"upper case":                        {headers("v0="+strings.ToUpper(good[3:]), stamp), body, zoomhook.ErrSignature},
		"cut":                               {headers(good[:len(good)-1], stamp), body, zoomhook.ErrSignature},
		"longer":                            {headers(good+"0", stamp), body, zoomhook.ErrSignature},
		"not hexadecimal":                   {headers("v0="+strings.Repeat("g", 64), stamp), body, zoomhook.ErrSignature},
		"of another body":                   {headers(good, stamp), body + " ", zoomhook.ErrSignature},
		"of JSON written anew":              {headers(good, stamp), `{"payload":{},"event":"user.created"}`, zoomhook.ErrSignature},
		"of another timestamp":              {headers(good, "1739923529"), body, zoomhook.ErrSignature},
		"of another secret":                 {signed("another", body, now), body, zoomhook.ErrSignature},
		"of the body alone":                 {headers("v0="+sum(token, body), stamp), body, zoomhook.ErrSignature},
		"timestamp in milliseconds":         {forStamp(stamp + "000"), body, zoomhook.ErrSignature},
		"timestamp with a sign":             {forStamp("+" + stamp), body, zoomhook.ErrSignature},
		"negative timestamp":                {forStamp("-1"), body, zoomhook.ErrSignature},
		"timestamp with blanks":             {forStamp(" " + stamp), body, zoomhook.ErrSignature},
		"timestamp with a fraction":         {forStamp(stamp + ".0"), body, zoomhook.ErrSignature},
		"timestamp as a date":               {forStamp("2025-02-19T00:05:28Z"), body, zoomhook.ErrSignature},
		"empty timestamp":                   {forStamp(""), body, zoomhook.ErrSignature},
		"timestamp beyond 64 bits":          {forStamp(strings.Repeat("9", 30)), body, zoomhook.ErrSignature},
		"body that begins in the timestamp": {headers(good, stamp+`:{"event"`), `"user.created","payload":{}}`, zoomhook.ErrSignature},
		"digits of another script":          {forStamp("١٧٣٩٩٢٣٥٢٨"), body, zoomhook.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := zoomhook.NewVerifier(token, oldToken)
			require.NoError(t, err)
			err = v.Verify(tc.h, []byte(tc.body), now)
			if tc.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.want)
			assert.NotContains(t, err.Error(), "\n")
			assert.Regexp(t, `^zoomhook: [^:]`, err.Error())
			for _, value := range append(tc.h.Values("X-Zm-Signature"), tc.h.Values("X-Zm-Request-Timestamp")...) {
				if len(value) > 2 {
					assert.NotContains(t, err.Error(), value)
				}
			}
		})
	}
}

func TestStaleSaysByHowMuch(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	now := time.Unix(1739923528, 0)
	err = v.Verify(signed(token, "", now.Add(6*time.Minute)), nil, now)
	require.EqualError(t, err, "zoomhook: timestamp outside of the accepted window: 6m0s ahead")
}

func TestNewVerifierRefuses(t *testing.T) {
	for name, tokens := range map[string][]string{
		"none": nil, "an empty one": {""}, "one of two is empty": {token, ""}, "a line end": {token + "\n"}, "a blank": {" " + token},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := zoomhook.NewVerifier(tokens...)
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			assert.NotContains(t, err.Error(), token)
			assert.Nil(t, v)
		})
	}
}

// A verifier that has no secret believes nobody.
func TestVerifierThatWasNotMade(t *testing.T) {
	for name, v := range map[string]*zoomhook.Verifier{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, v.Verify(signed("", "", time.Now()), nil, time.Now()), zoom.ErrInvalidArgument)
			h, err := zoomhook.NewHandler(v, zoomhook.Handlers{})
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			assert.Nil(t, h)
		})
	}
}

func TestS2SecretsAreNotPrinted(t *testing.T) {
	scanner := canary.NewScanner(canary.Secret{Name: "secret token", Value: token}, canary.Secret{Name: "old secret token", Value: oldToken})
	require.NotEmpty(t, scanner.Value("control", struct{ token string }{token}), "the scanner finds what is printed")

	v, err := zoomhook.NewVerifier(token, oldToken)
	require.NoError(t, err)
	h, err := zoomhook.NewHandler(v, zoomhook.Handlers{})
	require.NoError(t, err)
	type byPointer struct{ v *zoomhook.Verifier }
	type byValue struct{ v zoomhook.Verifier }
	for _, holder := range []any{v, *v, h, byPointer{v}, byValue{*v}, &byValue{*v}, []any{v, *v}, map[string]zoomhook.Verifier{"v": *v}} {
		assert.Empty(t, scanner.Value("holder", holder))
	}
	assert.Empty(t, scanner.Error("stale", v.Verify(signed(token, "", time.Unix(0, 0)), nil, time.Now())))

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, "[redacted]", fmt.Sprintf(verb, v))
		assert.Equal(t, "[redacted]", fmt.Sprintf(verb, *v))
	}
	text, err := json.Marshal(v)
	require.NoError(t, err)
	assert.Equal(t, `"[redacted]"`, string(text))
}

func TestFaultWH02BadMaxAge(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	for _, d := range []time.Duration{0, -time.Second, 24*time.Hour + 1, 1 << 62} {
		t.Run(fmt.Sprintf("WH02 %s", d), func(t *testing.T) {
			bad := v.WithMaxAge(d)
			require.ErrorIs(t, bad.Verify(signed(token, "", time.Now()), nil, time.Now()), zoom.ErrInvalidArgument)
			h, err := zoomhook.NewHandler(bad, zoomhook.Handlers{})
			require.ErrorIs(t, err, zoom.ErrInvalidArgument)
			assert.Nil(t, h)
		})
	}
	require.NoError(t, v.Verify(signed(token, "", time.Now()), nil, time.Now()), "the first one stays as it was")
	var none *zoomhook.Verifier
	require.ErrorIs(t, none.WithMaxAge(time.Hour).Verify(nil, nil, time.Now()), zoom.ErrInvalidArgument)
}

// A gateway hands the headers over with names as it likes.
func TestFaultWH03NamesOfTheHeaders(t *testing.T) {
	v, err := zoomhook.NewVerifier(token)
	require.NoError(t, err)
	good := signed(token, deleted, time.Now())
	signature, stamp := good["X-Zm-Signature"], good["X-Zm-Request-Timestamp"]
	for name, tc := range map[string]struct {
		h  http.Header
		ok bool
	}{
		"as HTTP has them":         {good, true},
		"lower case":               {http.Header{"x-zm-signature": signature, "x-zm-request-timestamp": stamp}, true},
		"upper case":               {http.Header{"X-ZM-SIGNATURE": signature, "X-ZM-REQUEST-TIMESTAMP": stamp}, true},
		"mixed":                    {http.Header{"x-zm-Signature": signature, "X-Zm-Request-Timestamp": stamp}, true},
		"one of them twice":        {http.Header{"x-zm-signature": signature, "X-Zm-Signature": signature, "x-zm-request-timestamp": stamp}, false},
		"a forged one beside":      {http.Header{"x-zm-signature": {"v0=" + strings.Repeat("0", 64)}, "X-Zm-Signature": signature, "x-zm-request-timestamp": stamp}, false},
		"another timestamp beside": {http.Header{"x-zm-signature": signature, "x-zm-request-timestamp": stamp, "X-ZM-Request-Timestamp": {"1"}}, false},
		"another name":             {http.Header{"x_zm_signature": signature, "x-zm-request-timestamp": stamp}, false},
	} {
		t.Run("WH03 "+name, func(t *testing.T) {
			err := v.Verify(tc.h, []byte(deleted), time.Now())
			e := newEndpoint(t, nil)
			status := e.post(deleted, tc.h).Code
			if tc.ok {
				require.NoError(t, err)
				assert.Equal(t, http.StatusNoContent, status)
				return
			}
			require.ErrorIs(t, err, zoomhook.ErrSignature)
			assert.Equal(t, http.StatusUnauthorized, status)
		})
	}
}
