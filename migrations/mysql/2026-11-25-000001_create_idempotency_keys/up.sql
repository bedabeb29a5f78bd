-- Requests that were done, so that one that comes again is not done again. Kept for a day. Without a reference to the user: its
-- lock would make a forced offline wait for a long request of the same user.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    user_id         BIGINT       NOT NULL,
    route           VARCHAR(64)  NOT NULL,
    idempotency_key VARCHAR(255) NOT NULL,
    body_digest     VARCHAR(64)  NOT NULL,
    answer          MEDIUMTEXT   NOT NULL,
    is_final        BOOLEAN      NOT NULL,
    created_at_ms   BIGINT       NOT NULL,
    PRIMARY KEY (user_id, route, idempotency_key),
    INDEX idempotency_keys_by_age (created_at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
