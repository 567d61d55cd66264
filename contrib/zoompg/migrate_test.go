package zoompg_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/contrib/zoompg"
	"github.com/seatkit/zoom/zoomauth"
)

// limited is a pool of a role that may use the tables of a database and create nothing.
func limited(t *testing.T, p *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	name := p.Config().ConnConfig.Database
	role := "role_" + name
	_, err := p.Exec(t.Context(), fmt.Sprintf(`
		CREATE ROLE %[1]s LOGIN;
		REVOKE CREATE ON SCHEMA public FROM PUBLIC;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %[1]s`, role))
	require.NoError(t, err)
	config := p.Config().Copy()
	config.ConnConfig.User = role
	config.MaxConns = 2
	as, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(as.Close)
	_, err = as.Exec(t.Context(), `CREATE TABLE public.denied (a int)`)
	require.ErrorContains(t, err, "42501")
	return as
}

// A service whose role may not create tables calls Migrate at every start.
func TestFaultST01MigrateWithoutRights(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"current":              "",
		"more columns":         "ALTER TABLE zoom_tokens ADD note text",
		"in a later schema":    "CREATE SCHEMA empty; GRANT USAGE ON SCHEMA empty TO PUBLIC; ALTER DATABASE %s SET search_path = empty, public",
		"an empty search path": "DROP TABLE zoom_tokens; ALTER DATABASE %s SET search_path = ''",
		"no tables":            "DROP TABLE zoom_tokens, zoom_logins",
		"no logins":            "DROP TABLE zoom_logins",
		"an old column":        "ALTER TABLE zoom_tokens DROP COLUMN sealed_by",
		"another type":         "ALTER TABLE zoom_logins ALTER login TYPE text USING 'a'",
		"no key":               "ALTER TABLE zoom_tokens DROP CONSTRAINT zoom_tokens_pkey",
		"another key":          "ALTER TABLE zoom_logins DROP CONSTRAINT zoom_logins_pkey, ADD PRIMARY KEY (key, expires)",
		"no index":             "DROP INDEX zoom_logins_expires",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := database(t, 2)
			store := tokens(t, p, "acme")
			require.NoError(t, store.Save(t.Context(), token(t, "access", "refresh")))
			if strings.Contains(change, "%s") {
				change = fmt.Sprintf(change, p.Config().ConnConfig.Database)
			}
			_, err := p.Exec(t.Context(), change)
			require.NoError(t, err)
			as := limited(t, p)
			err = zoompg.Migrate(t.Context(), as)
			switch name {
			case "current", "more columns", "in a later schema":
				require.NoError(t, err)
				_, err = tokens(t, as, "acme").Load(t.Context())
				require.NoError(t, err)
				assert.NoError(t, zoompg.Migrate(t.Context(), as))
			case "an empty search path":
				require.ErrorIs(t, err, zoomauth.ErrStore)
			default:
				require.ErrorIs(t, err, zoomauth.ErrStore)
				require.NotErrorIs(t, err, zoomauth.ErrStoreUnavailable, "to wait does not help")
				require.ErrorContains(t, err, "zoom_")
				require.ErrorContains(t, err, "may not")
			}
		})
	}
}

// Tables of that name which Migrate cannot mend are reported by their names.
func TestFaultST01MigrateOverOtherTables(t *testing.T) {
	t.Parallel()
	for change, missing := range map[string]string{
		`ALTER TABLE zoom_tokens DROP COLUMN lease_end`:                                "zoom_tokens.lease_end",
		`DROP TABLE zoom_logins; CREATE VIEW zoom_logins AS SELECT 'a'::text AS key`:   "zoom_logins.expires",
		`DROP TABLE zoom_tokens; CREATE VIEW zoom_tokens AS SELECT 'a'::text AS name`:  "zoom_tokens.lease_end",
		`DROP TABLE zoom_logins; CREATE TABLE zoom_logins (key text, expires integer)`: "zoom_logins.expires timestamptz",
		`DROP TABLE zoom_logins; CREATE TABLE zoom_logins (a integer)`:                 "zoom_logins.expires",
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			p := database(t, 2)
			_, err := p.Exec(t.Context(), change)
			require.NoError(t, err)
			err = zoompg.Migrate(t.Context(), p)
			require.ErrorIs(t, err, zoomauth.ErrStore)
			require.NotErrorIs(t, err, zoomauth.ErrStoreUnavailable, "to wait does not help")
			require.ErrorContains(t, err, missing)
		})
	}
}

// Tables that were dropped are made again.
func TestMigrateMakesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := database(t, 2)
	_, err := p.Exec(t.Context(), `DROP INDEX zoom_logins_expires; DROP TABLE zoom_tokens`)
	require.NoError(t, err)
	require.NoError(t, zoompg.Migrate(t.Context(), p))
	require.NoError(t, tokens(t, p, "acme").Save(t.Context(), token(t, "access", "refresh")))
}

// Migrate knows every column that the script makes.
func TestMigrateKnowsItsColumns(t *testing.T) {
	t.Parallel()
	p := database(t, 1)
	rows, err := p.Query(t.Context(), `
		SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relname IN ('zoom_tokens', 'zoom_logins') AND a.attnum > 0`)
	require.NoError(t, err)
	columns := 0
	for rows.Next() {
		columns++
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 10, columns)
	for _, column := range []string{"name", "token", "state", "sealed_by", "changed", "lease_owner", "lease_end"} {
		_, err := p.Exec(t.Context(), fmt.Sprintf(`ALTER TABLE zoom_tokens RENAME %s TO other`, column))
		require.NoError(t, err)
		require.ErrorContains(t, zoompg.Migrate(t.Context(), p), "zoom_tokens."+column)
		_, err = p.Exec(t.Context(), fmt.Sprintf(`ALTER TABLE zoom_tokens RENAME other TO %s`, column))
		require.NoError(t, err)
		require.NoError(t, zoompg.Migrate(t.Context(), p))
	}
}
