-- What was deleted because a person asked for it at a network, so that the person can be told. Holds no word about
-- whose data it was.
CREATE TABLE deletions (
    code text PRIMARY KEY,
    platform text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT app_now(),
    connections integer NOT NULL
);
CREATE INDEX deletions_by_age ON deletions (done_at);
ALTER TABLE deletions ENABLE ROW LEVEL SECURITY;
