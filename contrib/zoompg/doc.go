// Package zoompg keeps Zoom's tokens and logins in PostgreSQL, for the processes of a
// service that share an account.
//
//	pool, err := pgxpool.New(ctx, dsn)
//	…
//	err = zoompg.Migrate(ctx, pool)
//	…
//	store, err := zoompg.NewTokenStore(pool, "tenant-7")
//	source, err := app.TokenSource(store, nil)
//
// A refresh is made by one process at a time. The lock is a lease with an end, written in
// the row of the token: no connection is held while Zoom answers, and the lock of a process
// that died is free after 75 seconds. So a pool of 10 connections serves any number of
// tenants.
//
// Give the stores a pool on the primary server. A replica lags behind, and a token that was
// read there may be a used one.
//
// The tokens are stored in plain text: whoever reads the table can use the accounts. Grant
// it to the service alone.
package zoompg
