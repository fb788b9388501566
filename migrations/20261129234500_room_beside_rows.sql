-- A post's row is written some six times within minutes. With room beside it the new one goes next to the old one, and no
-- index hears of it where none is of what changed.
ALTER TABLE posts SET (fillfactor = 60);
ALTER TABLE rings SET (fillfactor = 60);
ALTER TABLE attempts SET (fillfactor = 80);
