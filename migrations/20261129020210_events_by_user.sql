-- A user's events are found by their place.
DROP INDEX events_by_user;
