-- What the tables lack, as one text; empty: nothing. $1: look in the first schema of the
-- search path alone.
WITH place (prefix) AS (
    SELECT CASE WHEN $1::boolean THEN quote_ident(current_schema()) || '.' ELSE '' END
), wanted (tab, col, type) AS (VALUES
    ('zoom_tokens', 'name', 'text'),
    ('zoom_tokens', 'token', 'bytea'),
    ('zoom_tokens', 'state', 'text'),
    ('zoom_tokens', 'sealed_by', 'text'),
    ('zoom_tokens', 'changed', 'timestamptz'),
    ('zoom_tokens', 'lease_owner', 'text'),
    ('zoom_tokens', 'lease_end', 'timestamptz'),
    ('zoom_logins', 'key', 'text'),
    ('zoom_logins', 'login', 'bytea'),
    ('zoom_logins', 'expires', 'timestamptz')
), keys (tab, col) AS (VALUES ('zoom_tokens', 'name'), ('zoom_logins', 'key')
), missing (what) AS (
    SELECT tab || '.' || col || ' ' || type FROM wanted, place
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass(prefix || tab) AND a.attname = col
            AND a.atttypid = type::regtype AND NOT a.attisdropped)
    UNION ALL
    SELECT 'the primary key of ' || tab || ' (' || col || ')' FROM keys, place
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass(prefix || tab) AND a.attname = col AND i.indisprimary AND i.indnkeyatts = 1)
    UNION ALL
    SELECT 'the index zoom_logins_expires' FROM place
    WHERE to_regclass(prefix || 'zoom_logins_expires') IS NULL
)
SELECT coalesce(string_agg(what, ', ' ORDER BY what), '') FROM missing
