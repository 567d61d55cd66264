-- The tables of package zoompg. The script may run again at any time.

CREATE TABLE IF NOT EXISTS zoom_tokens (
    name        text PRIMARY KEY,
    token       bytea,                       -- zoomauth.Token.Encode; NULL: no token is stored
    state       text,                        -- zoomauth.Token.State, which Swap compares; NULL as token is
    sealed_by   text NOT NULL DEFAULT '',    -- the key that token is sealed with; empty: none
    changed     timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_owner text,                        -- who holds the lock; NULL: nobody
    lease_end   timestamptz,
    CHECK ((token IS NULL) = (state IS NULL)),
    CHECK ((lease_owner IS NULL) = (lease_end IS NULL))
);

CREATE TABLE IF NOT EXISTS zoom_logins (
    key         text COLLATE "C" PRIMARY KEY,
    login       bytea NOT NULL,              -- zoomauth.Login.Encode
    expires     timestamptz NOT NULL
);

CREATE INDEX IF NOT EXISTS zoom_logins_expires ON zoom_logins (expires);
