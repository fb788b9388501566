-- Where a user's own servers are told of events.
CREATE TABLE webhook_endpoints (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    url text NOT NULL,
    description text,
    -- Which events; all where none is named.
    event_types text[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text CHECK (disabled_reason IN ('asked', 'failing', 'gone')),
    disabled_at timestamptz,
    -- Since when nothing arrived there, while that is so, and how many attempts failed since.
    failing_since timestamptz,
    failures integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    updated_at timestamptz NOT NULL DEFAULT app_now(),
    CONSTRAINT webhook_endpoints_say_why CHECK (enabled = (disabled_reason IS NULL))
);
CREATE INDEX webhook_endpoints_by_user ON webhook_endpoints (user_id);
ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;

-- What requests to an endpoint are signed with: one secret that has no end, and for a day the one before it.
CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    ends_at timestamptz
);
CREATE INDEX webhook_secrets_by_user ON webhook_secrets (user_id);
CREATE UNIQUE INDEX webhook_secrets_one_lasting ON webhook_secrets (endpoint_id) WHERE ends_at IS NULL;
CREATE INDEX webhook_secrets_by_endpoint ON webhook_secrets (endpoint_id);
CREATE INDEX webhook_secrets_by_end ON webhook_secrets (ends_at) WHERE ends_at IS NOT NULL;
-- Bytes 2 to 17 of what is sealed name the data key it lies under.
CREATE INDEX webhook_secrets_by_key ON webhook_secrets (substring(ciphertext FROM 2 FOR 16));
ALTER TABLE webhook_secrets ENABLE ROW LEVEL SECURITY;

-- One row an event and endpoint; without an event it is a ping. The fence tells the attempts of a delivery apart.
CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    event bigint REFERENCES events ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('delivered', 'failed', 'running', 'waiting')),
    due_at timestamptz NOT NULL DEFAULT app_now(),
    rung_at timestamptz,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    attempts jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT app_now(),
    ended_at timestamptz,
    CONSTRAINT deliveries_one_an_event UNIQUE (endpoint_id, event)
);
CREATE INDEX deliveries_by_endpoint ON deliveries (user_id, endpoint_id, id DESC);
CREATE INDEX deliveries_by_event ON deliveries (event);
CREATE INDEX deliveries_open ON deliveries (endpoint_id, due_at) WHERE state IN ('running', 'waiting');
CREATE INDEX deliveries_running ON deliveries (endpoint_id) WHERE state = 'running';
CREATE INDEX deliveries_unrung ON deliveries (id) WHERE rung_at IS NULL AND state = 'waiting';
CREATE INDEX deliveries_by_age ON deliveries (created_at);
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;

-- Planned with the event itself, so that none is lost. An endpoint that is being removed is waited for and then not
-- found: what its owner does there never stands in the way of what happened.
CREATE FUNCTION plan_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deliveries (id, user_id, endpoint_id, event)
    SELECT new_event_id(), e.user_id, e.id, NEW.sequence FROM (
        SELECT id, user_id FROM webhook_endpoints
        WHERE user_id = NEW.user_id AND enabled
          AND (event_types = '{}' OR NEW.kind = ANY (event_types))
        FOR KEY SHARE
    ) e;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_plan AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION plan_deliveries();

CREATE FUNCTION tell_endpoint_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.enabled AND NOT NEW.enabled THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'webhook_endpoint.disabled', NEW.id,
                jsonb_strip_nulls(jsonb_build_object('url', NEW.url, 'reason', NEW.disabled_reason,
                    'failingSince', to_char(NEW.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER webhook_endpoints_tell AFTER UPDATE OF enabled ON webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION tell_endpoint_event();
