-- A post that its network kept back and that can be seen now is news.
CREATE OR REPLACE FUNCTION tell_post_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status OR NEW.standing IS DISTINCT FROM OLD.standing THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'post.' || NEW.status, NEW.id,
                jsonb_strip_nulls(jsonb_build_object('platform', NEW.platform, 'status', NEW.status,
                    'revision', NEW.revision,
                    'standing', CASE NEW.status WHEN 'published' THEN NEW.standing END)));
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER posts_tell ON posts;
CREATE TRIGGER posts_tell AFTER INSERT OR UPDATE OF stage, standing ON posts
    FOR EACH ROW EXECUTE FUNCTION tell_post_event();
