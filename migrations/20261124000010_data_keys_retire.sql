-- When the sweep first saw that the key is not current; a key that nothing lies under is deleted a day later.
ALTER TABLE data_keys ADD COLUMN retired_at timestamptz;
