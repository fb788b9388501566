-- no-transaction
-- How many posts an account may make in a day is counted when one is accepted.
CREATE INDEX CONCURRENTLY posts_by_time ON posts (connection_id, due_at);
