package storm

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

var (
	runs  = flag.Int("storm.runs", 200, "random runs of each storm test")
	first = flag.Uint64("storm.seed", 1, "seed of the first run")
)

const shards = 4 // run side by side

// inShards calls run once for each seed, in a synctest bubble of its own.
func inShards(t *testing.T, run func(t *testing.T, seed uint64)) {
	for shard := range shards {
		t.Run(fmt.Sprintf("shard%d", shard), func(t *testing.T) {
			t.Parallel()
			for i := shard; i < *runs && !t.Failed(); i += shards {
				synctest.Test(t, func(t *testing.T) { run(t, *first+uint64(i)) })
			}
		})
	}
}

// A listing is one kind of list, its items as text, so that all are compared
// alike.
type listing struct {
	name   string
	roster bool
	strict bool // a gap of any size is an error
	// collect lists from a token on.
	collect func(ctx context.Context, c *zoom.Client, from string) ([]string, error)
}

func listingOf[T any](name string, key func(T) string, list func(c *zoom.Client) *zoom.List[T]) listing {
	return listing{name: name, collect: func(ctx context.Context, c *zoom.Client, from string) ([]string, error) {
		l := list(c)
		if from != "" {
			l = l.Resume(from)
		}
		keys := []string{}
		for item, err := range l.All(ctx) {
			if err != nil {
				return keys, err
			}
			keys = append(keys, key(item))
		}
		return keys, nil
	}}
}

func asText[T any](item T) string {
	text, err := json.Marshal(item)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// listings are all kinds, for one account; windows end two days ago, so that they
// hold the same however long the storm takes.
func listings(rng *rand.Rand, srv *zoomtest.Server) []listing {
	size := []int{0, 7, 30, 100}[rng.IntN(4)]
	ahead := rng.IntN(2) == 0
	now := time.Now()
	from, to := now.AddDate(0, 0, -75), now.AddDate(0, 0, -2)
	users := srv.Users()
	user := users[rng.IntN(len(users))].ID
	roster := listingOf("roster", func(u *zoom.User) string { return u.ID + " " + u.Email }, func(c *zoom.Client) *zoom.List[*zoom.User] {
		l := c.Users.Roster(&zoom.RosterOptions{PageSize: size})
		if ahead {
			l = l.Prefetch()
		}
		return l
	})
	roster.roster, roster.strict = true, true
	active := listingOf("users", asText[*zoom.User], func(c *zoom.Client) *zoom.List[*zoom.User] {
		return c.Users.List(&zoom.ListUsersOptions{PageSize: size})
	})
	active.strict = true
	kinds := []listing{
		roster,
		active,
		listingOf("hosts", asText[*zoom.Host], func(c *zoom.Client) *zoom.List[*zoom.Host] {
			return c.Reports.Hosts(&zoom.HostsOptions{PageSize: size, From: from, To: to})
		}),
		listingOf("sign-ins", asText[*zoom.SignIn], func(c *zoom.Client) *zoom.List[*zoom.SignIn] {
			return c.Reports.SignIns(&zoom.SignInsOptions{PageSize: size, From: to.AddDate(0, 0, -3), To: to})
		}),
	}
	if user != "" {
		kinds = append(kinds, listingOf("user meetings", asText[*zoom.ReportMeeting], func(c *zoom.Client) *zoom.List[*zoom.ReportMeeting] {
			return c.Reports.UserMeetings(user, &zoom.UserMeetingsOptions{PageSize: size, From: from, To: to, Type: zoom.UserMeetingsPastJoined})
		}))
	}
	return kinds
}

var sentinels = []error{
	zoom.ErrUnauthorized, zoom.ErrForbidden, zoom.ErrRateLimited, zoom.ErrDailyLimit, zoom.ErrConcurrentOp, zoom.ErrServer,
	zoom.ErrNotFound, zoom.ErrUnreachable, zoom.ErrTimeout, zoom.ErrRedirect, zoom.ErrBadResponse, zoom.ErrPageTokenExpired, zoom.ErrListIncomplete,
}

// named tells whether a program can tell what an error is: by a sentinel, or by a code
// of Zoom's that has none.
func named(err error) bool {
	refusal, ok := errors.AsType[*zoom.Error](err)
	return ok && (refusal.Code == 300 || refusal.Code == 2300) ||
		slices.ContainsFunc(sentinels, func(s error) bool { return errors.Is(err, s) })
}

// tally says at the end what the runs were, so that a storm that never blew shows.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what]++
}

func TestStormLists(t *testing.T) {
	var seen tally
	t.Run("runs", func(t *testing.T) {
		inShards(t, func(t *testing.T, seed uint64) { stormList(t, seed, &seen) })
	})
	t.Log(seen.counts)
	if *runs >= 200 {
		require.Positive(t, seen.counts["complete"])
		require.Positive(t, seen.counts["error, then complete"])
	}
}

func stormList(t *testing.T, seed uint64, seen *tally) {
	rng := rand.New(rand.NewPCG(seed, 1))
	srv := zoomtest.NewServer(zoomtest.WithUsers(1+rng.IntN(1<<(1+rng.IntN(10))), seed), zoomtest.WithQuirks(zoomtest.Quirks{
		OffsetPageTokens: rng.IntN(2) == 0, OncePageTokens: rng.IntN(4) == 0, ForeignWords: rng.IntN(4) == 0,
	}))
	defer srv.Close()
	kinds := listings(rng, srv)
	l := kinds[rng.IntN(len(kinds))]
	calm := srv.Client()
	truth, err := l.collect(t.Context(), calm, "")
	require.NoError(t, err, "seed %d", seed)
	if l.roster {
		require.Len(t, truth, len(srv.Users()), "seed %d", seed)
	}

	faults := []func(*weather, zoomtest.Request) zoomtest.Fault{
		serverError, retryAfter, rateLimited, dailyLimit, concurrent, unauthorized, cut, reset, slow, nonsense, rewritten,
		harmless, redirect, pageTokenExpired, forbidden, skewed, otherDay, refused200, strange404, alternating, long,
	}
	if l.strict {
		faults = append(faults, fewerRows)
	}
	w := newWeather(seed, faults...)
	srv.InjectFunc(w.strike)
	keys, err := l.collect(t.Context(), srv.Client(), "")
	if err == nil {
		if l.strict {
			require.ElementsMatch(t, truth, keys, "seed %d: %s: complete without an error", seed, l.name)
		} else {
			require.Equal(t, truth, keys, "seed %d: %s: complete without an error", seed, l.name)
		}
		seen.add("complete")
		return
	}

	var failed *zoom.PageError
	require.ErrorAs(t, err, &failed, "seed %d", seed)
	require.True(t, named(err), "seed %d: %v", seed, err)
	require.Equal(t, len(keys), failed.Yielded, "seed %d", seed)
	require.LessOrEqual(t, len(keys), len(truth), "seed %d", seed)
	if l.strict {
		require.Subset(t, truth, keys, "seed %d: %s: before the error", seed, l.name)
	} else {
		require.Equal(t, truth[:len(keys)], keys, "seed %d: %s: before the error", seed, l.name)
	}

	srv.ClearFaults()
	rest, err := l.collect(t.Context(), calm, failed.Token)
	if errors.Is(err, zoom.ErrPageTokenExpired) && !l.roster {
		seen.add("error, token gone") // the storm took 15 minutes: the caller has to begin anew
		return
	}
	switch {
	case l.roster && failed.Token != "":
		require.ErrorIs(t, err, zoom.ErrListIncomplete, "seed %d: a resumed roster is not proven", seed)
	case l.strict && errors.Is(err, zoom.ErrListIncomplete): // rows were left out before
		rest, err = l.collect(t.Context(), calm, "")
		require.NoError(t, err, "seed %d: %s: once more", seed, l.name)
	default:
		require.NoError(t, err, "seed %d: %s: resumed", seed, l.name)
	}
	all := append(slices.Clone(keys), rest...)
	if l.strict { // what had to be read again may come again, and what was left out later
		all = unique(all)
		slices.Sort(all)
		truth = slices.Sorted(slices.Values(truth))
	}
	if w.emptied && l.roster { // the error has said it
		require.Subset(t, truth, all, "seed %d: %s: resumed", seed, l.name)
		seen.add("error, then not proven")
		return
	}
	require.Equal(t, truth, all, "seed %d: %s: resumed", seed, l.name)
	seen.add("error, then complete")
}

func unique(keys []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(keys, func(key string) bool {
		again := seen[key]
		seen[key] = true
		return again
	})
}
