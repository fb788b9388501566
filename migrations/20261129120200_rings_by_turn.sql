-- no-transaction
-- Of more rings than there is room for, those are taken whose turn it is.
CREATE INDEX CONCURRENTLY rings_by_turn ON rings (coalesce(turn_at, due_at));
