package zoompg

import (
	"context"
	_ "embed" // the tables
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seatkit/zoom/zoomauth"
)

//go:embed schema.sql
var schema string

//go:embed current.sql
var current string

// migrationLock is the advisory lock of migrations: "zoompg" as a number.
const migrationLock = 0x7a6f6f6d7067

// Migrate creates the tables, zoom_tokens and zoom_logins, in the first schema of the search
// path. It may be called again, and by several processes at once.
//
// A role that may not create tables can call it too: it returns nil if the tables that the
// search path leads to are current, and a [zoomauth.ErrStore] that names what is missing if
// they are not. Tables that are current are not changed.
func Migrate(ctx context.Context, db DB) error {
	if db == nil {
		return invalid("migrate", errors.New("db: is nil"))
	}
	db = retryDB{db}
	if missing, err := lacks(ctx, db, true); err != nil || missing == "" {
		return failed(err)
	}
	// One string of several statements is one transaction, and takes no arguments.
	_, err := db.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d);\n%s", migrationLock, schema))
	if err != nil && !isRefused(err) {
		return failed(err)
	}
	missing, lookErr := lacks(ctx, db, !isDenied(err))
	switch {
	case lookErr != nil:
		return failed(lookErr)
	case missing != "" && err != nil:
		return fmt.Errorf("%w: the tables are not current, and this role may not change them, or cannot: missing %s: %w", zoomauth.ErrStore, missing, err)
	case missing != "":
		return fmt.Errorf("%w: there are other tables of the same names: missing %s", zoomauth.ErrStore, missing)
	}
	return nil
}

// lacks names what the tables lack: those in the first schema of the search path, or else
// those that the search path leads to.
func lacks(ctx context.Context, db DB, inFirst bool) (missing string, err error) {
	err = db.QueryRow(ctx, current, inFirst).Scan(&missing)
	return missing, err
}

// isRefused reports a statement that cannot run on what there is, however often it is tried:
// for want of a privilege, or because a name belongs to something else.
func isRefused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && strings.HasPrefix(pg.Code, "42")
}

// isDenied reports that the role lacks a privilege.
func isDenied(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501"
}
