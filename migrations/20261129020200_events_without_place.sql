-- no-transaction
-- The sweeper looks for users whose events have no place yet.
CREATE INDEX CONCURRENTLY events_without_place ON events (sequence) WHERE place IS NULL;
