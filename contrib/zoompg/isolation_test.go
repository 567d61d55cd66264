package zoompg_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/contrib/zoompg"
	"github.com/seatkit/zoom/zoomauth"
)

// atEachLevel runs a test on a database of its own for each default isolation.
func atEachLevel(t *testing.T, n int32, test func(t *testing.T, p *pgxpool.Pool)) {
	t.Helper()
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			first := database(t, 1)
			name := first.Config().ConnConfig.Database
			_, err := first.Exec(t.Context(), fmt.Sprintf("ALTER DATABASE %s SET default_transaction_isolation = '%s'", name, level))
			require.NoError(t, err)
			p := pool(t, name, n)
			var got string
			require.NoError(t, p.QueryRow(t.Context(), "SHOW transaction_isolation").Scan(&got))
			require.Equal(t, level, got)
			test(t, p)
		})
	}
}

// The stores work with any default isolation of the database.
func TestFaultST01TokenStoreAtEachIsolation(t *testing.T) {
	t.Parallel()
	atEachLevel(t, 6, func(t *testing.T, p *pgxpool.Pool) {
		store := tokens(t, p, "acme")
		old := token(t, "access", "refresh")
		require.NoError(t, store.Save(t.Context(), old))
		var held atomic.Int32
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				for range 4 {
					lease, err := store.Lock(t.Context())
					if !assert.NoError(t, err) {
						return
					}
					assert.EqualValues(t, 1, held.Add(1), "holders")
					assert.NoError(t, lease.Check(t.Context()))
					held.Add(-1)
					assert.NoError(t, lease.Release())
					assert.NoError(t, store.Save(t.Context(), old))
					err = store.Swap(t.Context(), old, token(t, "access", fmt.Sprint("refresh-", i)))
					if err != nil {
						assert.ErrorIs(t, err, zoomauth.ErrStoreChanged)
					}
				}
			})
		}
		group.Wait()
	})
}

// Each login is taken once with any default isolation, and no Put or Take fails.
func TestFaultST01LoginStoreAtEachIsolation(t *testing.T) {
	t.Parallel()
	atEachLevel(t, 6, func(t *testing.T, p *pgxpool.Pool) {
		const logins, rivals = 8, 6
		store, err := zoompg.NewLoginStore(p)
		require.NoError(t, err)
		_, l, err := app.AuthCodeURL()
		require.NoError(t, err)
		for i := range 30 {
			require.NoError(t, store.Put(t.Context(), fmt.Sprint("expired-", i), l))
		}
		_, err = p.Exec(t.Context(), `UPDATE zoom_logins SET expires = clock_timestamp() - interval '2 minutes'`)
		require.NoError(t, err)
		var won [logins]atomic.Int32
		var group sync.WaitGroup
		for rival := range rivals {
			group.Go(func() {
				for i := range logins {
					if i%rivals == rival {
						assert.NoError(t, store.Put(t.Context(), fmt.Sprint("key-", i), l))
					}
				}
			})
		}
		group.Wait()
		for range rivals {
			group.Go(func() {
				for i := range logins {
					switch _, err := store.Take(t.Context(), fmt.Sprint("key-", i)); {
					case err == nil:
						won[i].Add(1)
					default:
						assert.ErrorIs(t, err, zoomauth.ErrLogin)
					}
				}
			})
		}
		group.Wait()
		for i := range won {
			assert.EqualValues(t, 1, won[i].Load(), "Takes of login %d", i)
		}
	})
}

// failingCommits lets the first n commits that touch a table fail with 40001, after the rows
// of the statement have been sent.
func failingCommits(t *testing.T, p *pgxpool.Pool, n int) (tries func() int) {
	t.Helper()
	_, err := p.Exec(t.Context(), fmt.Sprintf(`
		CREATE SEQUENCE commits;
		CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('commits') <= %d THEN
				RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
			END IF;
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER fail AFTER UPDATE OR DELETE ON zoom_logins DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION fail();
		CREATE CONSTRAINT TRIGGER fail AFTER UPDATE OR DELETE ON zoom_tokens DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION fail()`, n))
	require.NoError(t, err)
	return func() (n int) {
		require.NoError(t, p.QueryRow(context.Background(), `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM commits`).Scan(&n))
		return n
	}
}

// A statement whose commit fails was not done: a login that was sent by it is not returned.
func TestFaultST01FailedCommitIsRepeated(t *testing.T) {
	t.Parallel()
	p := database(t, 2)
	store := tokens(t, p, "acme")
	require.NoError(t, store.Save(t.Context(), token(t, "access", "refresh-1")))
	logins, err := zoompg.NewLoginStore(p)
	require.NoError(t, err)
	_, l, err := app.AuthCodeURL()
	require.NoError(t, err)
	require.NoError(t, logins.Put(t.Context(), "key", l))
	tries := failingCommits(t, p, 2)
	_, err = logins.Take(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, 3, tries())
	_, err = logins.Take(t.Context(), "key")
	require.ErrorIs(t, err, zoomauth.ErrLogin)
	_, err = p.Exec(t.Context(), `ALTER SEQUENCE commits RESTART`)
	require.NoError(t, err)
	require.NoError(t, store.Swap(t.Context(), token(t, "access", "refresh-1"), token(t, "access", "refresh-2")))
	assert.Equal(t, 3, tries())
}

// The tries are few, and end with the context.
func TestFaultST01TriesAreBounded(t *testing.T) {
	t.Parallel()
	p := database(t, 2)
	logins, err := zoompg.NewLoginStore(p)
	require.NoError(t, err)
	_, l, err := app.AuthCodeURL()
	require.NoError(t, err)
	require.NoError(t, logins.Put(t.Context(), "key", l))
	tries := failingCommits(t, p, 1000)
	_, err = logins.Take(t.Context(), "key")
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	assert.Equal(t, 10, tries())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = logins.Take(ctx, "key")
	require.ErrorIs(t, err, zoomauth.ErrStoreUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, tries(), 20)
}
