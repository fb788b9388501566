-- Which look holds the lease: one whose answer was lost is asked for again by the same look, and found to be held by it.
ALTER TABLE posts ADD COLUMN lease_by uuid;
