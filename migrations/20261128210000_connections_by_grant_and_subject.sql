-- no-transaction
-- Whether somebody else lives on the same consent is asked whenever an account is disconnected.
CREATE INDEX CONCURRENTLY connections_by_grant_and_subject ON connections (grant_family, subject);
