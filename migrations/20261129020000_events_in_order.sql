-- A sequence is given out before its row is committed, so whoever reads in the order of sequences may pass by a row
-- that is committed late. Places are given to what is committed, by one process at a time for each user: see `feeds`.
CREATE FUNCTION new_event_id() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    -- A UUID of version 7: 48 bits of the time in milliseconds, the version, and chance.
    SELECT encode(
        set_byte(
            overlay(uuid_send(gen_random_uuid())
                    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6),
            6, 112 + get_byte(uuid_send(gen_random_uuid()), 6) % 16),
        'hex')::uuid
$$;

-- Rows of before are given an id with their place.
ALTER TABLE events ADD COLUMN id uuid, ADD COLUMN place bigint;
ALTER TABLE events ALTER COLUMN id SET DEFAULT new_event_id();

CREATE TABLE feeds (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    last_place bigint NOT NULL DEFAULT 0,
    forgotten_place bigint NOT NULL DEFAULT 0
);
ALTER TABLE feeds ENABLE ROW LEVEL SECURITY;
