package zoomtest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func numbered(n int, opts ...zoomtest.Option) *zoomtest.Server {
	s := zoomtest.NewServer(append([]zoomtest.Option{zoomtest.WithTime(today)}, opts...)...)
	for i := range n {
		s.AddUser(zoom.User{Email: fmt.Sprintf("u%d@example.com", i)})
	}
	return s
}

func TestPages(t *testing.T) {
	c := call(t, numbered(5))
	page := c.get("/users?page_size=2")
	fields := page.json()
	for name, want := range map[string]string{"page_count": "3", "page_number": "1", "page_size": "2", "total_records": "5"} {
		assert.Equal(t, want, fmt.Sprint(fields[name]), name)
	}
	page = c.get("/users?page_size=2&next_page_token=" + page.next())
	assert.Equal(t, []string{"u2@example.com", "u3@example.com"}, values(page.list("users"), "email"))
	assert.NotContains(t, page.json(), "page_number", "the first page alone carries it")
	assert.NotContains(t, page.json(), "page_count")
	page = c.get("/users?page_size=2&next_page_token=" + page.next())
	assert.Len(t, page.list("users"), 1)
	assert.Equal(t, "", page.json()["next_page_token"])
	assert.Len(t, c.get("/users?page_size=5").list("users"), 5)
	assert.Empty(t, c.get("/users?page_size=5").next(), "no empty page follows a full last one")
}

func TestPageTokensAreBound(t *testing.T) {
	s := numbered(40)
	c := call(t, s)
	token := c.get("/users").next()
	require.NotEmpty(t, token)
	assert.Equal(t, 200, c.get("/users?next_page_token="+token).status)
	assert.Equal(t, 200, c.get("/users?next_page_token="+token).status, "a page can be asked for again")
	for _, path := range []string{
		"/users?page_size=20&next_page_token=" + token,
		"/users?status=inactive&next_page_token=" + token,
		"/users?next_page_token=x" + token,
		"/users?next_page_token=guess",
		"/groups?next_page_token=" + token,
	} {
		r := c.get(path)
		assert.Equal(t, http.StatusBadRequest, r.status, path)
		assert.JSONEq(t, `{"code":300,"message":"The next page token is invalid or expired."}`, r.body, path)
	}
	s.Advance(zoomtest.PageTokenLife - time.Second)
	assert.Equal(t, 200, c.get("/users?next_page_token="+token).status)
	s.Advance(time.Second)
	assert.Equal(t, 300, c.get("/users?next_page_token="+token).code())

	other := call(t, numbered(40, zoomtest.WithCredentials("a", "b", "c")))
	assert.Equal(t, 300, other.get("/users?next_page_token="+c.get("/users").next()).code(), "a token of another account")
}

func TestPageSizeLimits(t *testing.T) {
	s := numbered(1)
	c := call(t, s)
	size := func(path string) string { return fmt.Sprint(c.get(path).json()["page_size"]) }
	assert.Equal(t, "30", size("/users"))
	assert.Equal(t, "2000", size("/users?page_size=9999"))
	assert.Equal(t, "300", size("/users/u0@example.com/meetings?page_size=301"))
	s.SetQuirks(zoomtest.Quirks{UsersPageMax: 300, RefuseLargePages: true})
	assert.Equal(t, 300, c.get("/users?page_size=301").code())
	assert.Equal(t, "300", size("/users?page_size=300"))
}

func TestNoLastToken(t *testing.T) {
	s := numbered(2, zoomtest.WithQuirks(zoomtest.Quirks{NoLastToken: true}))
	c := call(t, s)
	assert.NotContains(t, c.get("/users").json(), "next_page_token")
	assert.Contains(t, c.get("/users?page_size=1").json(), "next_page_token")
}

func TestOnPage(t *testing.T) {
	t.Run("token repeated for ever", func(t *testing.T) {
		s := numbered(5)
		s.OnPage(func(p *zoomtest.Page) { p.Next = p.Token })
		c := call(t, s)
		first := c.get("/users?page_size=2")
		second := c.get("/users?page_size=2&next_page_token=" + first.next())
		assert.Equal(t, first.next(), second.next())
		assert.Equal(t, first.list("users"), second.list("users"))
	})
	t.Run("loop", func(t *testing.T) {
		s := numbered(10)
		var start string
		s.OnPage(func(p *zoomtest.Page) {
			if p.First {
				start = p.Next
			} else if p.Token != start {
				p.Next = start
			}
		})
		c := call(t, s)
		a := c.get("/users?page_size=2").next()
		b := c.get("/users?page_size=2&next_page_token=" + a).next()
		assert.NotEqual(t, a, b)
		assert.Equal(t, a, c.get("/users?page_size=2&next_page_token="+b).next())
	})
	t.Run("empty page in the middle", func(t *testing.T) {
		s := numbered(4)
		empty := true
		s.OnPage(func(p *zoomtest.Page) {
			if empty && !p.First {
				p.Items, p.Next, empty = nil, p.Token, false
			}
		})
		assert.Len(t, call(t, s).all("/users?page_size=2", "users"), 4)
	})
	t.Run("members left out, total disturbed", func(t *testing.T) {
		s := numbered(2)
		s.OnPage(func(p *zoomtest.Page) { p.Total += 3; p.Drop("users", "next_page_token", "page_size") })
		assert.JSONEq(t, `{"page_count":1,"page_number":1,"total_records":5}`, call(t, s).get("/users").body)
		s.ClearFaults()
		s.OnPage(func(p *zoomtest.Page) { p.Drop("next_page_token", "page_size", "total_records") })
		assert.Contains(t, call(t, s).get("/users").json(), "page_count")
	})
	t.Run("changes between pages", func(t *testing.T) {
		s := numbered(4)
		s.OnPage(func(p *zoomtest.Page) {
			if p.First {
				s.AddUser(zoom.User{Email: "late@example.com"})
				s.SetStatus("u3@example.com", zoom.StatusInactive)
			}
		})
		emails := values(call(t, s).all("/users?page_size=2", "users"), "email")
		assert.Equal(t, []string{"u0@example.com", "u1@example.com", "u2@example.com", "late@example.com"}, emails)
	})
}

func TestTotalFollowsTheState(t *testing.T) {
	s := numbered(3)
	c := call(t, s)
	total := func() string { return fmt.Sprint(c.get("/users").json()["total_records"]) }
	assert.Equal(t, "3", total())
	s.RemoveUser("u0@example.com")
	assert.Equal(t, "2", total())
	c.do(http.MethodPut, "/users/u1@example.com/status", `{"action":"deactivate"}`)
	assert.Equal(t, "1", total())
}

func TestPageTokensByOffset(t *testing.T) {
	for name, c := range map[string]struct {
		quirks zoomtest.Quirks
		second []string
	}{
		"by row":    {zoomtest.Quirks{}, []string{"u2@example.com", "u3@example.com"}},
		"by offset": {zoomtest.Quirks{OffsetPageTokens: true}, []string{"u3@example.com", "u4@example.com"}},
	} {
		s := numbered(6, zoomtest.WithQuirks(c.quirks))
		s.AfterPage("/users", 1, func(s *zoomtest.Server) { s.SetStatus("u0@example.com", zoom.StatusInactive) })
		server := call(t, s)
		next := server.get("/users?page_size=2").next()
		page := server.get("/users?page_size=2&next_page_token=" + next)
		assert.Equal(t, c.second, values(page.list("users"), "email"), name)
		page = server.get("/users?page_size=2&next_page_token=" + page.next())
		assert.NotEmpty(t, page.list("users"), name)
		assert.Empty(t, page.next(), name)
		assert.Equal(t, []string{"u3@example.com", "u4@example.com"}, values(server.get("/users?page_size=2&page_number=2").list("users"), "email"), name)
	}
}

func TestPageTokensOnce(t *testing.T) {
	for _, byOffset := range []bool{false, true} {
		c := call(t, numbered(6, zoomtest.WithQuirks(zoomtest.Quirks{OncePageTokens: true, OffsetPageTokens: byOffset})))
		first, other := c.get("/users?page_size=2").next(), c.get("/users?page_size=2").next()
		assert.NotEqual(t, first, other)
		assert.Equal(t, 200, c.get("/users?page_size=2&next_page_token="+first).status)
		assert.Equal(t, http.StatusBadRequest, c.get("/users?page_size=2&next_page_token="+first).status, "used before")
		assert.Equal(t, 200, c.get("/users?page_size=2&next_page_token="+other).status)
	}
}
