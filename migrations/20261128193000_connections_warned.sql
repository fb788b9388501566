-- When a person was told that an access ends soon; absent while its tokens are new or far from their end.
ALTER TABLE connections ADD COLUMN warned_at timestamptz;
