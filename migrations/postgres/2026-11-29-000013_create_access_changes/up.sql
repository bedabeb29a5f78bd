-- One row, which every change of what somebody may do takes first, so that such changes come one at a time.
CREATE TABLE access_changes (
    id      BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

INSERT INTO access_changes (id, changes) VALUES (1, 0);
