-- Arms and steps belong to a post, and it to its user: to ask for the user as well cost each row a search and a lock.
ALTER TABLE attempts DROP CONSTRAINT attempts_user_id_fkey;
ALTER TABLE job_log DROP CONSTRAINT job_log_user_id_fkey;

-- Most changes of a stage are none of the status: the function is called for those that are.
DROP TRIGGER posts_tell ON posts;
CREATE TRIGGER posts_tell AFTER INSERT ON posts
    FOR EACH ROW EXECUTE FUNCTION tell_post_event();
CREATE TRIGGER posts_tell_change AFTER UPDATE OF stage, standing ON posts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.standing IS DISTINCT FROM NEW.standing)
    EXECUTE FUNCTION tell_post_event();
