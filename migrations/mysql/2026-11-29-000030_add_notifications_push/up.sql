-- What became of the push of a notification, written after it: when it ended (in milliseconds since 1970; 0: nothing is noted), how many
-- connections took it, and how whole it was. Constants for the rows that are there, so that none is written anew.
ALTER TABLE notifications
    ADD COLUMN pushed_at_ms BIGINT      NOT NULL DEFAULT 0,
    ADD COLUMN push_reached BIGINT      NOT NULL DEFAULT 0,
    ADD COLUMN push_result  VARCHAR(16) NOT NULL DEFAULT '';
