-- Feeds of networks that we asked to be told of, by account; an ask is confirmed by the network's own question.
CREATE TABLE subscriptions (
    platform text NOT NULL,
    topic text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT app_now(),
    lease_until timestamptz,
    PRIMARY KEY (platform, topic)
);
ALTER TABLE subscriptions ENABLE ROW LEVEL SECURITY;
