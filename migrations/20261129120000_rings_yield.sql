-- Whose row a ring is for, and its turn: its time, or later where more of the same user's stand before it.
ALTER TABLE rings ADD COLUMN owner uuid, ADD COLUMN turn_at timestamptz;
