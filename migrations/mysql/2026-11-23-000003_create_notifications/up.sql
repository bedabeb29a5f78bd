-- One row per user, made with the user. A writer takes its next ids from here inside the writing transaction, so that ids of
-- one user are committed in order, without gaps.
CREATE TABLE IF NOT EXISTS inboxes (
    user_id BIGINT PRIMARY KEY NOT NULL,
    last_id BIGINT NOT NULL DEFAULT 0,
    unread  BIGINT NOT NULL DEFAULT 0 CHECK (unread >= 0),
    FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- With an index for lists of unread rows, without walking over all the read ones.
CREATE TABLE IF NOT EXISTS notifications (
    user_id           BIGINT      NOT NULL,
    id                BIGINT      NOT NULL,
    title             TEXT        NOT NULL,
    -- 64 KiB is one byte more than a TEXT holds.
    content           MEDIUMTEXT  NOT NULL,
    level             VARCHAR(16) NOT NULL,
    notification_type VARCHAR(16) NOT NULL,
    link              TEXT        NOT NULL,
    is_read           BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at_ms     BIGINT      NOT NULL,
    PRIMARY KEY (user_id, id),
    KEY notifications_by_read (user_id, is_read, id),
    FOREIGN KEY (user_id) REFERENCES inboxes (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
