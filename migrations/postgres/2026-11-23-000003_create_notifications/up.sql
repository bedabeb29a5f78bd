-- One row per user, made with the user. A writer takes its next ids from here inside the writing transaction, so that ids of
-- one user are committed in order, without gaps.
CREATE TABLE inboxes (
    user_id BIGINT PRIMARY KEY REFERENCES users (id),
    last_id BIGINT NOT NULL DEFAULT 0,
    unread  BIGINT NOT NULL DEFAULT 0 CHECK (unread >= 0)
);

CREATE TABLE notifications (
    user_id           BIGINT      NOT NULL REFERENCES inboxes (user_id),
    id                BIGINT      NOT NULL,
    title             TEXT        NOT NULL,
    content           TEXT        NOT NULL,
    level             VARCHAR(16) NOT NULL,
    notification_type VARCHAR(16) NOT NULL,
    link              TEXT        NOT NULL,
    is_read           BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at_ms     BIGINT      NOT NULL,
    PRIMARY KEY (user_id, id)
);

-- Lists of unread rows, without walking over all the read ones.
CREATE INDEX notifications_by_read ON notifications (user_id, is_read, id);
