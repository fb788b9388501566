-- Holds the rows that are there against the check too; reading and writing go on meanwhile.
ALTER TABLE media VALIDATE CONSTRAINT media_kind_check;
