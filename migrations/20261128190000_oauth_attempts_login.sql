-- A network can have several ways in. Visits of code that knows of one only have no name for it.
ALTER TABLE oauth_attempts ADD COLUMN login text;
