package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// tokenKinds are the page tokens that Zoom may have.
var tokenKinds = map[string]zoomtest.Quirks{
	"keyset":      {},
	"offset":      {OffsetPageTokens: true},
	"once keyset": {OncePageTokens: true},
	"once offset": {OncePageTokens: true, OffsetPageTokens: true},
}

// activeInThirties lists active users, thirty a page, with the proof.
func activeInThirties(c *zoom.Client) *zoom.List[*zoom.User] {
	return c.Users.Roster(&zoom.RosterOptions{PageSize: 30, Statuses: []zoom.UserStatus{zoom.StatusActive}})
}

// TestFaultPG19RosterLosesNobody: somebody else leaves between two pages, and whoever
// moves up over the edge of the page still comes.
func TestFaultPG19RosterLosesNobody(t *testing.T) {
	for kind, quirks := range tokenKinds {
		for page := 1; page <= 14; page++ {
			for move, change := range map[string]func(*zoomtest.Server){
				"is deactivated": func(s *zoomtest.Server) { s.SetStatus("u01@example.com", zoom.StatusInactive) },
				"is deleted":     func(s *zoomtest.Server) { s.RemoveUser("u02@example.com") },
				"leaves while another joins": func(s *zoomtest.Server) {
					s.RemoveUser("u03@example.com")
					s.AddUser(zoom.User{Email: "new@example.com", Type: zoom.TypeLicensed})
				},
			} {
				t.Run(fmt.Sprintf("PG19 %s, somebody %s after answer %d", kind, move, page), func(t *testing.T) {
					srv := staff(200, zoomtest.WithQuirks(quirks))
					srv.AfterPage("/users", page, change)
					names, err := gather(t, named[*zoom.User]{activeInThirties(srv.Client()), userName})
					require.NoError(t, err)
					assert.Subset(t, names, staffNames(4, 200))
				})
			}
		}
	}
}

// TestFaultPG19Schedules: the same over random accounts and moves, through the
// client. The package that does it has the longer form.
func TestFaultPG19Schedules(t *testing.T) {
	for kind, quirks := range tokenKinds {
		t.Run("PG19 "+kind, func(t *testing.T) {
			proven := 0
			for seed := range uint64(6) {
				rng := rand.New(rand.NewPCG(seed, 19))
				srv := zoomtest.NewServer(zoomtest.WithQuirks(quirks), zoomtest.WithRequestLog(0))
				stays := map[string]bool{}
				for i := range 400 {
					status := []zoom.UserStatus{zoom.StatusPending, zoom.StatusActive, zoom.StatusActive, zoom.StatusActive, zoom.StatusInactive}[rng.IntN(5)]
					email := fmt.Sprintf("u%03d@example.com", i)
					srv.AddUser(zoom.User{Email: email, Type: zoom.TypeLicensed, Status: status})
					stays[email] = true
				}
				var mu sync.Mutex // two pages may be on their way at once
				srv.OnPage(func(*zoomtest.Page) {
					mu.Lock()
					defer mu.Unlock()
					if rng.IntN(2) > 0 {
						return
					}
					user := srv.Users()[rng.IntN(len(srv.Users()))]
					delete(stays, user.Email)
					switch {
					case user.Status == zoom.StatusPending:
						srv.SetStatus(user.Email, zoom.StatusActive)
					case user.Status == zoom.StatusActive && rng.IntN(2) == 0:
						srv.SetStatus(user.Email, zoom.StatusInactive)
					default:
						srv.RemoveUser(user.Email)
					}
				})
				users, err := srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 20}).Collect(t.Context())
				if err != nil {
					pageError(t, err, zoom.ErrListIncomplete, len(users))
					continue
				}
				proven++
				for _, u := range users {
					delete(stays, u.Email)
				}
				assert.Empty(t, stays, "seed %d: missing without an error", seed)
			}
			assert.GreaterOrEqual(t, proven, 5)
		})
	}
}

// TestRosterCalls: a status of one page is asked for once, one of several about
// twice; while nobody moves, the second reading takes no time of its own.
func TestRosterCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := zoomtest.NewServer(zoomtest.WithQuirks(zoomtest.Quirks{OffsetPageTokens: true}))
		for i := range 3000 {
			srv.AddUser(zoom.User{Email: fmt.Sprintf("u%d@example.com", i)})
		}
		srv.AddUser(zoom.User{Email: "i@example.com", Status: zoom.StatusInactive})
		srv.Inject(zoomtest.Slow(100*time.Millisecond).On("GET", "/users").Repeat(1000))
		for _, size := range []int{100, 300} {
			times := map[bool]time.Duration{}
			for _, countOnly := range []bool{true, false} {
				srv.ResetRequests()
				start := time.Now()
				users, err := srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: size, CountOnly: countOnly}).Collect(t.Context())
				require.NoError(t, err)
				assert.Len(t, users, 3001)
				times[countOnly] = time.Since(start)
				asked := map[string]int{}
				for _, status := range askedStatuses(srv) {
					asked[status]++
				}
				assert.Equal(t, 1, asked["pending"])
				assert.Equal(t, 1, asked["inactive"])
				if pages := 3000 / size; countOnly {
					assert.Equal(t, pages, asked["active"])
				} else {
					assert.LessOrEqual(t, float64(asked["active"]), 2.2*float64(pages))
				}
			}
			assert.LessOrEqual(t, times[false], times[true]*115/100, "pages of %d", size)
		}
	})
}

// honest is a server of active users that gives out pages of the size asked for.
func honest(names []string, over func(req *http.Request, from int) *answer) *tape {
	return newTape(answer{do: func(req *http.Request) answer {
		var from, size int
		_, _ = fmt.Sscan(req.URL.Query().Get("next_page_token"), &from)
		_, _ = fmt.Sscan(req.URL.Query().Get("page_size"), &size)
		if over != nil {
			if a := over(req, from); a != nil {
				return *a
			}
		}
		return ok(offsetPage(names, req, size))
	}})
}

// TestRosterContract holds a roster with the proof against what every list keeps. It
// has requests of two walks, which are counted where it matters.
func TestRosterContract(t *testing.T) {
	whole := staffNames(1, 200)
	all := func(t *testing.T, l *zoom.List[*zoom.User]) ([]string, error) {
		t.Helper()
		return gather(t, named[*zoom.User]{l, userName})
	}
	for name, check := range map[string]func(t *testing.T){
		"is lazy and starts again": func(t *testing.T) {
			tp := honest(whole, nil)
			list := activeInThirties(tp.client(t))
			seq := list.Prefetch().All(t.Context())
			synctest.Wait()
			assert.Empty(t, tp.requests())
			for range 2 {
				got := 0
				for _, err := range seq {
					require.NoError(t, err)
					got++
				}
				assert.Equal(t, 200, got)
			}
		},
		"keeps the order": func(t *testing.T) {
			for _, ahead := range []bool{false, true} {
				list := activeInThirties(honest(whole, nil).client(t))
				if ahead {
					list = list.Prefetch()
				}
				names, err := all(t, list)
				require.NoError(t, err)
				assert.Equal(t, whole, names)
			}
		},
		"sends nothing after a break": func(t *testing.T) {
			tp := honest(whole, nil)
			for range activeInThirties(tp.client(t)).All(t.Context()) {
				break
			}
			synctest.Wait()
			assert.Len(t, tp.requests(), 1)
		},
		"ends in the error of either walk": func(t *testing.T) {
			for failing := range 12 {
				asked := 0
				var mu sync.Mutex
				tp := honest(whole, func(*http.Request, int) *answer {
					mu.Lock()
					defer mu.Unlock()
					if asked++; asked == failing+1 {
						return &answer{status: http.StatusForbidden}
					}
					return nil
				})
				for _, ahead := range []bool{false, true} {
					list := activeInThirties(tp.client(t))
					if ahead {
						list = list.Prefetch()
					}
					asked = 0
					names, err := all(t, list)
					pageError(t, err, zoom.ErrForbidden, len(names))
					assert.Equal(t, whole[:len(names)], append([]string{}, names...))
				}
			}
		},
		"does not wait for one walk when the other has failed": func(t *testing.T) {
			for _, slow := range []string{"30", "other"} {
				tp := honest(whole, func(req *http.Request, from int) *answer {
					switch size := req.URL.Query().Get("page_size"); {
					case from == 0 && size == "30":
						return nil
					case (size == "30") == (slow == "30"):
						return &answer{delay: time.Hour}
					default:
						return &answer{status: http.StatusForbidden}
					}
				})
				start := time.Now()
				_, err := all(t, activeInThirties(tp.client(t)))
				pageError(t, err, zoom.ErrForbidden, 30)
				assert.Less(t, time.Since(start), time.Second)
			}
		},
		"stops when cancelled": func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			tp := honest(whole, func(_ *http.Request, from int) *answer {
				if from >= 60 {
					return &answer{status: http.StatusOK, delay: time.Hour}
				}
				return nil
			})
			start := time.Now()
			_, err := activeInThirties(tp.client(t)).Collect(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 3*time.Second, time.Since(start))
		},
		"hands on a panic of either walk": func(t *testing.T) {
			for _, other := range []bool{false, true} {
				tp := honest(whole, func(req *http.Request, from int) *answer {
					if (req.URL.Query().Get("page_size") != "30") == other && (other || from > 0) {
						panic("from the transport")
					}
					return nil
				})
				for _, ahead := range []bool{false, true} {
					list := activeInThirties(tp.client(t))
					if ahead {
						list = list.Prefetch()
					}
					assert.PanicsWithValue(t, "from the transport", func() { _, _ = list.Collect(t.Context()) })
				}
			}
		},
		"refuses tokens in a loop": func(t *testing.T) {
			tp := honest(whole, func(_ *http.Request, from int) *answer {
				if from == 60 {
					a := usersPage("30", 200, staffNames(61, 90)...)
					return &a
				}
				return nil
			})
			names, err := all(t, activeInThirties(tp.client(t)))
			pageError(t, err, zoom.ErrPageLoop, len(names))
		},
		"goes on after an empty page": func(t *testing.T) {
			tp := honest(whole, func(req *http.Request, from int) *answer {
				if from == 60 && !strings.HasSuffix(req.URL.Query().Get("next_page_token"), " ") {
					a := usersPage("60 ", 200) // another token for the same place
					return &a
				}
				return nil
			})
			names, err := all(t, activeInThirties(tp.client(t)))
			require.NoError(t, err)
			assert.Equal(t, whole, names)
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, check) })
	}
}

// TestRosterTokenExpires: each walk begins again once.
func TestRosterTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := staff(200)
		var log notes
		var names []string
		pages := 0
		list := named[*zoom.User]{activeInThirties(srv.Client(log.option())), userName}
		for page, err := range list.Pages(t.Context()) {
			require.NoError(t, err)
			names = append(names, page.Items...)
			if pages++; pages == 4 {
				time.Sleep(16 * time.Minute) // the reader is slow; the clock is the bubble's
			}
		}
		assert.Equal(t, staffNames(1, 200), names)
		assert.Contains(t, log.seen, zoom.NoteRestarted)

		names = nil
		var failure error
		for page, err := range list.Pages(t.Context()) {
			if failure = err; err != nil {
				break
			}
			names = append(names, page.Items...)
			time.Sleep(16 * time.Minute)
		}
		pageError(t, failure, zoom.ErrPageTokenExpired, len(names))
	})
}

// TestRosterOnceOnlyTokensAndLostAnswers: a token that was used for an answer that
// was lost is gone, and the walk begins again.
func TestRosterOnceOnlyTokensAndLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := staff(200, zoomtest.WithQuirks(zoomtest.Quirks{OncePageTokens: true, OffsetPageTokens: true}))
		srv.Inject(zoomtest.LostAnswer().On("GET", "/users").After(5))
		names, err := gather(t, named[*zoom.User]{activeInThirties(srv.Client()), userName})
		require.NoError(t, err)
		assert.ElementsMatch(t, staffNames(1, 200), names)
	})
}

// TestRosterPageSizes: a server may lower the page size, or send what it likes.
func TestRosterPageSizes(t *testing.T) {
	for _, size := range []int{2, 3, 7, 100, 2000} {
		for _, most := range []int{2000, 50, 30} {
			for _, byOffset := range []bool{false, true} {
				srv := staff(99, zoomtest.WithQuirks(zoomtest.Quirks{UsersPageMax: most, OffsetPageTokens: byOffset}))
				names, err := gather(t, named[*zoom.User]{srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: size}), userName})
				require.NoError(t, err, "asked for %d, at most %d", size, most)
				assert.Equal(t, staffNames(1, 99), names)
			}
		}
	}
	// One that sends three whatever is asked cannot be proven, and that is told.
	tp := newTape(answer{do: func(req *http.Request) answer { return ok(offsetPage(staffNames(1, 10), req, 3)) }})
	for _, size := range []int{3, 30} {
		names, err := gather(t, named[*zoom.User]{tp.client(t).Users.Roster(&zoom.RosterOptions{PageSize: size, Statuses: []zoom.UserStatus{zoom.StatusActive}}), userName})
		pageError(t, err, zoom.ErrListIncomplete, 10)
		assert.Equal(t, staffNames(1, 10), names)
	}
}

// TestFaultPG23AcceptedIsCountedOnce: somebody who accepts while the roster is read
// comes with and without an id; a summary counts one person.
func TestFaultPG23AcceptedIsCountedOnce(t *testing.T) {
	t.Run("PG23 counted once", func(t *testing.T) {
		srv := everybody()
		srv.AfterPage("/users", 3, func(s *zoomtest.Server) {
			s.UpdateUser("p1@example.com", func(u *zoom.User) { u.Email, u.Status = "P1@Example.com", zoom.StatusActive })
		})
		var summary zoom.LicenseSummary
		rows := 0
		for u, err := range srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 300}).All(t.Context()) {
			require.NoError(t, err)
			summary.Add(u)
			rows++
		}
		assert.Equal(t, 9, rows, "after the last page nothing changes what was listed")
		assert.Equal(t, 9, summary.Total)

		srv = everybody()
		srv.AfterPage("/users", 1, func(s *zoomtest.Server) { s.SetStatus("p1@example.com", zoom.StatusActive) })
		users, err := srv.Client().Users.Roster(&zoom.RosterOptions{PageSize: 300}).Collect(t.Context())
		require.NoError(t, err)
		assert.Len(t, users, 10, "twice rather than never")
		counted, err := zoom.Classifier{IncludeFreeUsers: true}.Summarize(usersThen(nil, users...))
		require.NoError(t, err)
		assert.Equal(t, 9, counted.Total)
		assert.Equal(t, 2, counted.Pending)
		var ranged zoom.LicenseSummary
		for _, u := range users {
			ranged.Add(u)
		}
		assert.EqualExportedValues(t, counted, ranged)
	})
}

// TestFaultPG27AddOfNil: a loop with one variable does not see the error.
func TestFaultPG27AddOfNil(t *testing.T) {
	t.Run("PG27 the panic names the mend", func(t *testing.T) {
		var summary zoom.LicenseSummary
		failing := func(yield func(*zoom.User, error) bool) { yield(nil, errors.New("listing failed")) }
		defer func() {
			text := fmt.Sprint(recover())
			assert.Contains(t, text, "range with two variables")
			assert.Contains(t, text, "for u, err := range")
		}()
		for u := range failing {
			summary.Add(u)
		}
		t.Error("nothing was said")
	})
}

func TestRosterOptionsReachZoom(t *testing.T) {
	srv := everybody()
	_, err := srv.Client().Users.Roster(&zoom.RosterOptions{RoleID: "7", IncludeFields: "host_key"}).Collect(t.Context())
	require.NoError(t, err, "nobody has the role: that is possible")
	for _, r := range srv.Requests() {
		if r.Route == "/users" {
			assert.Equal(t, "7", r.Query.Get("role_id"))
			assert.Equal(t, "host_key", r.Query.Get("include_fields"))
		}
	}
	_, err = srv.Client().Users.Roster(&zoom.RosterOptions{IncludeFields: "everything"}).Collect(t.Context())
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}

// TestFaultPG22TwoInvitations: two invitations of one address are two rows of one
// person.
func TestFaultPG22TwoInvitations(t *testing.T) {
	owner := rosterPage("", 1, rowJSON("owner", "owner@example.com", "active"))
	for _, countOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("PG22 without the proof: %v", countOnly), func(t *testing.T) {
			tp := newTape(
				rosterPage("", 2, `{"email":"Ann@example.com","type":1,"status":"pending"}`, `{"email":"ann@example.com","type":2}`),
				owner, rosterPage("", 0))
			users, err := tp.client(t).Users.Roster(&zoom.RosterOptions{CountOnly: countOnly}).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, users, 2)
			assert.Equal(t, "Ann@example.com", users[0].Email)
			assert.Len(t, tp.requests(), 3)
		})
	}
}

// TestFaultPG21RowsWithoutStatus: a row has the status that was asked for.
func TestFaultPG21RowsWithoutStatus(t *testing.T) {
	for name, list := range map[string]func(c *zoom.Client) *zoom.List[*zoom.User]{
		"PG21 roster": func(c *zoom.Client) *zoom.List[*zoom.User] { return c.Users.Roster(nil) },
		"PG21 roster without the proof": func(c *zoom.Client) *zoom.List[*zoom.User] {
			return c.Users.Roster(&zoom.RosterOptions{CountOnly: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape(
				rosterPage("", 1, `{"email":"new@example.com","type":1}`),
				rosterPage("", 1, `{"id":"a","email":"a@example.com","type":2}`),
				rosterPage("", 2, `{"id":"i","email":"i@example.com","type":2}`, `{"id":"s","email":"s@example.com","status":"suspended"}`))
			users, err := list(tp.client(t)).Collect(t.Context())
			require.NoError(t, err)
			var statuses []zoom.UserStatus
			for _, u := range users {
				statuses = append(statuses, u.Status)
			}
			assert.Equal(t, []zoom.UserStatus{zoom.StatusPending, zoom.StatusActive, zoom.StatusInactive, "suspended"}, statuses)
		})
	}
	t.Run("PG21 Users.List", func(t *testing.T) {
		for _, status := range []zoom.UserStatus{"", zoom.StatusInactive} {
			tp := newTape(rosterPage("", 1, `{"id":"a","email":"a@example.com","type":2}`))
			users, err := tp.client(t).Users.List(&zoom.ListUsersOptions{Status: status}).Collect(t.Context())
			require.NoError(t, err)
			assert.True(t, slices.Contains([]zoom.UserStatus{zoom.StatusActive, status}, users[0].Status))
		}
	})
}
