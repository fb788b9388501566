-- no-transaction
-- Bytes 2 to 17 of what is sealed name the data key it lies under.
CREATE INDEX CONCURRENTLY posts_by_progress_key ON posts (substring(progress FROM 2 FOR 16))
    WHERE progress IS NOT NULL;
