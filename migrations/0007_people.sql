-- People who leave and secrets that leak: users can be disabled, webhook secrets end, and what ends with a person is found.
ALTER TABLE users ADD COLUMN disabled_at_us BIGINT;
ALTER TABLE hook_secrets ADD COLUMN revoked_at_us BIGINT;
CREATE INDEX tokens_by_user ON tokens (user_id);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at_us);
