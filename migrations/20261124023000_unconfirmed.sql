-- no-transaction
-- The sweeper counts them each minute.
CREATE INDEX CONCURRENTLY IF NOT EXISTS posts_unconfirmed ON posts (updated_at) WHERE stage = 'needs_attention';
