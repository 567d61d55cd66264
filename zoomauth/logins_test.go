package zoomauth_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

func newLogin(t *testing.T) *zoomauth.Login {
	t.Helper()
	_, login, err := appOf(zoomtest.NewServer()).AuthCodeURL()
	require.NoError(t, err)
	return login
}

func TestMemoryLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m zoomauth.MemoryLogins
		ctx := t.Context()
		_, err := m.Take(ctx, "a")
		require.ErrorIs(t, err, zoomauth.ErrLogin)
		login := newLogin(t)
		require.NoError(t, m.Put(ctx, "a", login))
		_, err = m.Take(ctx, "A")
		require.ErrorIs(t, err, zoomauth.ErrLogin)
		taken, err := m.Take(ctx, "a")
		require.NoError(t, err)
		assert.Same(t, login, taken)
		_, err = m.Take(ctx, "a")
		require.ErrorIs(t, err, zoomauth.ErrLogin)
		require.ErrorIs(t, m.Put(ctx, "a", nil), zoom.ErrInvalidArgument)
		require.NoError(t, m.Put(ctx, "b", login))

		late := newLogin(t)
		require.NoError(t, m.Put(ctx, "late", late))
		time.Sleep(time.Nanosecond)
		require.NoError(t, m.Put(ctx, "in time", newLogin(t)))
		time.Sleep(5*time.Minute - time.Nanosecond)
		_, err = m.Take(ctx, "late")
		require.ErrorIs(t, err, zoomauth.ErrLogin)
		_, err = m.Take(ctx, "in time")
		require.NoError(t, err)
	})
}

// The cap: one more pushes out the oldest, and nothing else.
func TestMemoryLoginsPushOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m zoomauth.MemoryLogins
		login := newLogin(t)
		put := func(i int) { require.NoError(t, m.Put(t.Context(), fmt.Sprint(i), login)) }
		take := func(i int) error {
			_, err := m.Take(t.Context(), fmt.Sprint(i))
			return err
		}
		for i := range 10_000 {
			put(i)
		}
		require.NoError(t, take(5))
		put(10_000)
		require.ErrorIs(t, take(0), zoomauth.ErrLogin)
		require.NoError(t, take(1))
		put(10_001)
		require.NoError(t, take(2))
		require.NoError(t, take(10_000))
		require.NoError(t, take(10_001))

		time.Sleep(5 * time.Minute) // and the expired ones make room
		login = newLogin(t)
		for i := range 10_000 {
			put(i)
		}
		require.NoError(t, take(0))
		require.NoError(t, take(9_999))
	})
}

// A key that is put again holds the later login, also when the former one goes.
func TestMemoryLoginsKeyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m zoomauth.MemoryLogins
		require.NoError(t, m.Put(t.Context(), "a", newLogin(t)))
		time.Sleep(time.Minute)
		later := newLogin(t)
		require.NoError(t, m.Put(t.Context(), "a", later))
		time.Sleep(4 * time.Minute)
		require.NoError(t, m.Put(t.Context(), "b", newLogin(t))) // drops the first
		taken, err := m.Take(t.Context(), "a")
		require.NoError(t, err)
		assert.Same(t, later, taken)
	})
}

func TestMemoryLoginsTakeAtOnce(t *testing.T) {
	var m zoomauth.MemoryLogins
	require.NoError(t, m.Put(t.Context(), "a", newLogin(t)))
	var taken atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := m.Take(t.Context(), "a"); err == nil {
				taken.Add(1)
			}
		})
		group.Go(func() { assert.NoError(t, m.Put(t.Context(), "b", newLogin(t))) })
	}
	group.Wait()
	assert.EqualValues(t, 1, taken.Load())
}

func TestMemoryLoginsHideThemselves(t *testing.T) {
	m := &zoomauth.MemoryLogins{}
	login := newLogin(t)
	data, err := login.Encode()
	require.NoError(t, err)
	require.NoError(t, m.Put(t.Context(), "k4y", login))
	for _, text := range prints(t, m) {
		assert.NotContains(t, text, member(t, data, "state"))
		assert.NotContains(t, text, "k4y")
	}
}

func TestDecodeLogin(t *testing.T) {
	login := newLogin(t)
	data, err := login.Encode()
	require.NoError(t, err)
	good := string(data)
	for name, text := range map[string]string{
		"empty": "", "cut": good[:len(good)-1], "not JSON": "<html>", "null": "null", "a list": "[]", "nothing": "{}",
		"another version": strings.Replace(good, `"version":1`, `"version":2`, 1), "no version": strings.Replace(good, `"version":1,`, ``, 1),
		"no state":     strings.Replace(good, `"state":"`, `"state":"","x":"`, 1),
		"no verifier":  strings.Replace(good, `"verifier":"`, `"verifier":"","x":"`, 1),
		"no client id": strings.Replace(good, `"client_id":"`, `"client_id":"","x":"`, 1),
		"a name twice": strings.Replace(good, `{`, `{"state":"s",`, 1),
		"odd expiry":   strings.Replace(good, `"expires":"`, `"expires":"x`, 1),
		"text after":   good + "x", "huge": good + strings.Repeat(" ", 64<<10),
	} {
		l, err := zoomauth.DecodeLogin([]byte(text))
		require.ErrorIs(t, err, zoomauth.ErrStoreCorrupt, name)
		assert.Nil(t, l, name)
		assert.NotContains(t, err.Error(), member(t, data, "state"), name)
	}
	again, err := zoomauth.DecodeLogin(bytes.Clone(data))
	require.NoError(t, err)
	same, err := again.Encode()
	require.NoError(t, err)
	assert.JSONEq(t, good, string(same))

	for _, l := range []*zoomauth.Login{nil, {}} {
		_, err := l.Encode()
		require.ErrorIs(t, err, zoom.ErrInvalidArgument)
	}
	login.Session = strings.Repeat("x", 64<<10)
	_, err = login.Encode()
	require.ErrorIs(t, err, zoom.ErrInvalidArgument)
}
