-- no-transaction
-- How many posts all accounts of a network plan for a day is counted when one is accepted.
CREATE INDEX CONCURRENTLY posts_by_network_and_time ON posts (platform, due_at);
