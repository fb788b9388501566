-- no-transaction
-- The turn of a ring follows from that of the ring before it of the same user.
CREATE INDEX CONCURRENTLY rings_by_owner ON rings (owner, due_at, turn_at);
