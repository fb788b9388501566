-- no-transaction
-- A user's feed is read by place, and what has none yet is looked for.
CREATE UNIQUE INDEX CONCURRENTLY events_by_place ON events (user_id, place);
