-- An event says enough to be shown, and says what was so when it happened: whoever hears of it late asks for nothing.
CREATE OR REPLACE FUNCTION tell_post_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status OR NEW.standing IS DISTINCT FROM OLD.standing THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'post.' || NEW.status, NEW.id,
                jsonb_strip_nulls(jsonb_build_object(
                    'platform', NEW.platform,
                    'connectionId', 'con_' || replace(NEW.connection_id::text, '-', ''),
                    'clientPostId', NEW.client_post_id,
                    'status', NEW.status,
                    'revision', NEW.revision,
                    'dueAt', to_char(NEW.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    'standing', CASE NEW.status WHEN 'published' THEN NEW.standing END,
                    'externalId', CASE NEW.status WHEN 'published' THEN NEW.external_id END,
                    'url', CASE NEW.status WHEN 'published' THEN NEW.external_url END,
                    'error', CASE WHEN NEW.status IN ('failed', 'unconfirmed')
                             THEN jsonb_build_object('code', NEW.error -> 'code', 'message', NEW.error -> 'message') END)));
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tell_connection_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.health IS DISTINCT FROM OLD.health THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'connection.' || NEW.health, NEW.id,
                jsonb_strip_nulls(jsonb_build_object(
                    'platform', NEW.platform,
                    'username', NEW.username,
                    'displayName', NEW.display_name,
                    'health', NEW.health,
                    'healthReason', CASE NEW.health WHEN 'needs_reconnect' THEN NEW.health_reason END)));
    END IF;
    RETURN NULL;
END
$$;
