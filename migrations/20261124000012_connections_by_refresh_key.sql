-- no-transaction
-- Bytes 2 to 17 of what is sealed name the data key it lies under.
CREATE INDEX CONCURRENTLY connections_by_refresh_key ON connections (substring(refresh_token_ciphertext FROM 2 FOR 16))
    WHERE refresh_token_ciphertext IS NOT NULL;
