-- One row for each export, from its order to the end of its file. A row is never deleted.
-- Times are milliseconds since 1970, 0 for never.
CREATE TABLE IF NOT EXISTS export_tasks (
    id              BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- Random: begins the names of its files, and is how a new row is found again.
    token           VARCHAR(32)  NOT NULL UNIQUE,
    user_id         BIGINT       NOT NULL,
    title           VARCHAR(255) NOT NULL,
    -- What the downloaded file's name begins with.
    prefix          VARCHAR(100) NOT NULL,
    -- xlsx or csv.
    format          VARCHAR(16)  NOT NULL,
    -- queued, running, done, failed or expired.
    state           VARCHAR(16)  NOT NULL,
    total_rows      BIGINT       NOT NULL,
    done_rows       BIGINT       NOT NULL DEFAULT 0,
    -- Why it failed.
    reason          VARCHAR(500) NOT NULL DEFAULT '',
    -- The finished file in the export directory, and its bytes.
    file            VARCHAR(100) NOT NULL DEFAULT '',
    file_bytes      BIGINT       NOT NULL DEFAULT 0,
    -- How often a worker began.
    attempt         BIGINT       NOT NULL DEFAULT 0,
    -- Random, another for each time a worker takes the task; only who knows it may change the row. Empty: nobody has it.
    claim           VARCHAR(32)  NOT NULL DEFAULT '',
    -- Until when it is the worker's; later another may take it.
    lease_until_ms  BIGINT       NOT NULL DEFAULT 0,
    -- Signs links to the file.
    link_key        VARCHAR(64)  NOT NULL,
    -- The number of the notification that told of the end, in the user's inbox; 0 before.
    notification_id BIGINT       NOT NULL DEFAULT 0,
    created_at_ms   BIGINT       NOT NULL,
    started_at_ms   BIGINT       NOT NULL DEFAULT 0,
    finished_at_ms  BIGINT       NOT NULL DEFAULT 0,
    -- When the file goes.
    expires_at_ms   BIGINT       NOT NULL DEFAULT 0,
    FOREIGN KEY (user_id) REFERENCES users (id),
    -- What waits or runs, oldest first; and whose file goes next.
    KEY export_tasks_by_state (state, id),
    KEY export_tasks_by_expiry (state, expires_at_ms),
    -- A user's list, newest first; and how many of a user's wait.
    KEY export_tasks_by_user (user_id, id),
    KEY export_tasks_by_user_state (user_id, state)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
