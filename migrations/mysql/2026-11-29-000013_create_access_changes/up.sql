-- One row, which every change of what somebody may do takes first, so that such changes come one at a time.
CREATE TABLE IF NOT EXISTS access_changes (
    id      BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO access_changes (id, changes) VALUES (1, 0);
