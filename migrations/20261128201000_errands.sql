-- What an account is asked for, or told, beside posts: the publisher does it, since nobody else opens tokens.
CREATE TABLE errands (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    wish jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('done', 'failed', 'running', 'waiting')),
    due_at timestamptz NOT NULL DEFAULT app_now(),
    lease_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    answer jsonb,
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    ended_at timestamptz
);
CREATE INDEX errands_by_connection ON errands (connection_id, created_at);
CREATE INDEX errands_open ON errands (due_at) WHERE state IN ('running', 'waiting');
CREATE INDEX errands_by_age ON errands (due_at);
ALTER TABLE errands ENABLE ROW LEVEL SECURITY;
