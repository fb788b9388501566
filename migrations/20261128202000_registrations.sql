-- What is no secret of our registrations at the networks, for functions that may not read the secrets beside it. The
-- sweeper keeps it up to date.
CREATE TABLE registrations (
    login text PRIMARY KEY,
    settings jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app_now()
);
ALTER TABLE registrations ENABLE ROW LEVEL SECURITY;
