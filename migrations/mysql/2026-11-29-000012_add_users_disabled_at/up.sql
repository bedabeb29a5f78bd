-- Since when nobody is let in as this user, in milliseconds since 1970; 0 for somebody who is.
ALTER TABLE users ADD COLUMN disabled_at_ms BIGINT NOT NULL DEFAULT 0;
