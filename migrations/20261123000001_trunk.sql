-- The database's clock. Tests move it for their own sessions; everywhere else the setting is absent.
CREATE FUNCTION app_now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT statement_timestamp()
         + coalesce(nullif(current_setting('picscripter.clock_offset', true), '')::interval, interval '0')
$$;

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    password_hash text NOT NULL,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    created_at timestamptz NOT NULL DEFAULT app_now()
);

-- Growing delays after failed sign-ins, by account and by address; kept by name, not by user, so that
-- unknown accounts behave like known ones.
CREATE TABLE login_delays (
    key text PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app_now()
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    refresh_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    refreshed_at timestamptz NOT NULL DEFAULT app_now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE oauth_attempts (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    platform text NOT NULL,
    state_hash bytea NOT NULL UNIQUE,
    browser_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX oauth_attempts_by_expiry ON oauth_attempts (expires_at);
CREATE INDEX oauth_attempts_by_user ON oauth_attempts (user_id);

CREATE TABLE data_keys (
    id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    is_current boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now()
);
CREATE UNIQUE INDEX data_keys_one_current ON data_keys (is_current) WHERE is_current;

CREATE TABLE connections (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    platform text NOT NULL
        CHECK (platform IN ('facebook', 'instagram', 'linkedin', 'pinterest', 'tiktok', 'x', 'youtube')),
    external_id text NOT NULL,
    username text,
    display_name text NOT NULL,
    avatar_url text,
    facts jsonb NOT NULL DEFAULT '{}',
    scopes text[] NOT NULL DEFAULT '{}',
    grant_id uuid NOT NULL,
    grant_family text NOT NULL,
    subject text NOT NULL,
    access_token_ciphertext bytea,
    refresh_token_ciphertext bytea,
    access_expires_at timestamptz,
    refresh_expires_at timestamptz,
    token_version integer NOT NULL DEFAULT 1,
    refresh_started_at timestamptz,
    health text NOT NULL DEFAULT 'active'
        CHECK (health IN ('active', 'disconnecting', 'disconnected', 'needs_reconnect')),
    health_reason text,
    connected_at timestamptz NOT NULL DEFAULT app_now(),
    updated_at timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (user_id, platform, external_id),
    CONSTRAINT connections_wiped CHECK (
        health <> 'disconnected' OR (access_token_ciphertext IS NULL AND refresh_token_ciphertext IS NULL)
    )
);
CREATE INDEX connections_by_grant ON connections (user_id, grant_family, subject);
CREATE INDEX connections_by_subject ON connections (platform, subject);
CREATE INDEX connections_ending ON connections (access_expires_at) WHERE health = 'active';
CREATE INDEX connections_disconnecting ON connections (updated_at) WHERE health = 'disconnecting';

CREATE TABLE media (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('image', 'video')),
    source_url text NOT NULL,
    object_key text,
    bytes bigint,
    sha256 bytea,
    facts jsonb,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    CONSTRAINT media_stored_whole CHECK ((object_key IS NULL) = (facts IS NULL))
);
CREATE INDEX media_by_user ON media (user_id);
CREATE INDEX media_by_age ON media (created_at);

CREATE TABLE posts (
    id uuid PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    platform text NOT NULL
        CHECK (platform IN ('facebook', 'instagram', 'linkedin', 'pinterest', 'tiktok', 'x', 'youtube')),
    caption text NOT NULL,
    media jsonb NOT NULL DEFAULT '[]',
    options jsonb NOT NULL DEFAULT '{}',
    client_post_id text,
    idempotency_key text,
    fingerprint bytea NOT NULL,
    stage text NOT NULL DEFAULT 'scheduled'
        CHECK (stage IN ('canceled', 'confirming', 'dismissed', 'failed', 'firing', 'missed',
                         'needs_attention', 'prepared', 'preparing', 'published', 'scheduled')),
    status text NOT NULL GENERATED ALWAYS AS (
        CASE stage
            WHEN 'scheduled' THEN 'queued'
            WHEN 'preparing' THEN 'publishing'
            WHEN 'prepared' THEN 'publishing'
            WHEN 'firing' THEN 'publishing'
            WHEN 'confirming' THEN 'publishing'
            WHEN 'published' THEN 'published'
            WHEN 'canceled' THEN 'canceled'
            WHEN 'needs_attention' THEN 'unconfirmed'
            ELSE 'failed'
        END
    ) STORED,
    scheduled_at timestamptz,
    due_at timestamptz NOT NULL,
    max_lateness interval NOT NULL DEFAULT interval '60 minutes',
    revision integer NOT NULL DEFAULT 1,
    next_attempt_at timestamptz NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    crash_count integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    progress bytea,
    handle text,
    armed_at timestamptz,
    accepted_at timestamptz,
    published_at timestamptz,
    external_id text,
    external_url text,
    error jsonb,
    candidates jsonb,
    created_at timestamptz NOT NULL DEFAULT app_now(),
    updated_at timestamptz NOT NULL DEFAULT app_now(),
    CONSTRAINT posts_client_post_id_key UNIQUE (user_id, client_post_id),
    CONSTRAINT posts_idempotency_key_key UNIQUE (user_id, idempotency_key)
);
CREATE UNIQUE INDEX posts_one_firing ON posts (connection_id) WHERE stage = 'firing';
CREATE UNIQUE INDEX posts_one_claim ON posts (connection_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX posts_by_user ON posts (user_id, id DESC);
CREATE INDEX posts_open ON posts (next_attempt_at)
    WHERE stage IN ('scheduled', 'preparing', 'prepared', 'firing', 'confirming');
CREATE INDEX posts_by_handle ON posts (platform, handle) WHERE handle IS NOT NULL;
CREATE INDEX posts_by_external_id ON posts (platform, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE attempts (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    number integer NOT NULL,
    step text NOT NULL,
    armed_at timestamptz NOT NULL DEFAULT app_now(),
    outcome text CHECK (outcome IN ('accepted', 'not_sent', 'rejected', 'unknown', 'absent')),
    evidence text,
    ended_at timestamptz,
    UNIQUE (post_id, number)
);

CREATE TABLE job_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES posts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    step text NOT NULL,
    outcome text NOT NULL,
    http_status integer,
    duration_ms integer,
    detail text,
    created_at timestamptz NOT NULL DEFAULT app_now()
);
CREATE INDEX job_log_by_post ON job_log (post_id, id);
CREATE INDEX job_log_by_age ON job_log (created_at);

CREATE TABLE events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL,
    subject uuid NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now()
);
CREATE INDEX events_by_user ON events (user_id, sequence);
CREATE INDEX events_by_age ON events (created_at);

-- A change of status that nobody hears of would be a misreport, so no statement can forget to tell it.
CREATE FUNCTION tell_post_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'post.' || NEW.status, NEW.id,
                jsonb_build_object('platform', NEW.platform, 'status', NEW.status, 'revision', NEW.revision));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER posts_tell AFTER INSERT OR UPDATE OF stage ON posts
    FOR EACH ROW EXECUTE FUNCTION tell_post_event();

CREATE FUNCTION tell_connection_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.health IS DISTINCT FROM OLD.health THEN
        INSERT INTO events (user_id, kind, subject, data)
        VALUES (NEW.user_id, 'connection.' || NEW.health, NEW.id,
                jsonb_build_object('platform', NEW.platform, 'health', NEW.health));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER connections_tell AFTER INSERT OR UPDATE OF health ON connections
    FOR EACH ROW EXECUTE FUNCTION tell_connection_event();

CREATE TABLE webhook_receipts (
    platform text NOT NULL,
    event_key text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT app_now(),
    PRIMARY KEY (platform, event_key)
);
CREATE INDEX webhook_receipts_by_age ON webhook_receipts (received_at);

-- One row a caller: the theoretical arrival time of the generic cell rate algorithm.
CREATE TABLE rate_limits (
    key text PRIMARY KEY,
    arrival timestamptz NOT NULL
);
CREATE INDEX rate_limits_by_age ON rate_limits (arrival);

-- The embedded doorbell. Losing this whole table costs time, never a post.
CREATE TABLE rings (
    subject text PRIMARY KEY,
    due_at timestamptz NOT NULL,
    taken_until timestamptz,
    version bigint NOT NULL DEFAULT 0
);
CREATE INDEX rings_by_time ON rings (due_at);

-- A row `publishing_halted` stops every arm.
CREATE TABLE switches (
    name text PRIMARY KEY,
    set_at timestamptz NOT NULL DEFAULT app_now()
);

-- No policy for anybody: only the owner reads and writes, whatever data API a hosted Postgres puts in front.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END
$$;
