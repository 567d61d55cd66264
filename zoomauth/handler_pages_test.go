package zoomauth_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func TestHandlerPagesOfFailures(t *testing.T) {
	pages := zoomauth.Pages()
	const done, denied, refused, down, failed = 0, 1, 3, 4, 5
	for name, c := range map[string]struct {
		fault  zoomtest.Fault
		status int
		page   int
	}{
		"works":                 {zoomtest.Fault{}, http.StatusOK, done},
		"code refused":          {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_grant"}`}, http.StatusBadRequest, refused},
		"app disabled by admin": {zoomtest.Fault{Status: 400, Body: `{"code":4738,"message":"x"}`}, http.StatusBadRequest, refused},
		"secret wrong":          {zoomtest.Fault{Status: 400, Body: `{"reason":"x","error":"invalid_client"}`}, http.StatusInternalServerError, failed},
		"redirect mismatch":     {zoomtest.Fault{Status: 400, Body: `{"code":4709,"message":"x"}`}, http.StatusInternalServerError, failed},
		"server failure":        {zoomtest.ServerError(502), http.StatusBadGateway, down},
		"lost answer":           {zoomtest.LostAnswer(), http.StatusBadGateway, down},
		"not JSON":              {zoomtest.Fault{Status: 200, Body: "<html>"}, http.StatusBadGateway, down},
		"no refresh token":      {zoomtest.Fault{Status: 200, Body: `{"access_token":"a"}`}, http.StatusBadGateway, down},
		"redirect":              {zoomtest.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example"}}}, http.StatusBadGateway, down},
		"rate limit":            {zoomtest.RateLimited().Repeat(-1), http.StatusBadGateway, down},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, nil)
				v := s.visitor()
				good := v.allowed().Encode()
				if name != "works" {
					s.zoom.Inject(c.fault.On("POST", "/oauth/token"))
				}
				res := v.back(good)
				checkPage(t, c.status, res)
				assert.Equal(t, pages[c.page], res.body)
				assert.Equal(t, name == "works", s.connected())
			})
		})
	}
	t.Run("denied", func(t *testing.T) {
		s := newService(t, nil)
		v := s.visitor()
		back, err := s.zoom.Deny(v.start(""))
		require.NoError(t, err)
		u, _ := url.Parse(back)
		res := v.back(u.RawQuery)
		checkPage(t, http.StatusForbidden, res)
		assert.Equal(t, pages[denied], res.body)
	})
}
