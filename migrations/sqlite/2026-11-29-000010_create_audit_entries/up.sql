-- Who did what to whom, from where, when, and with what result. Rows are added, never changed; those that are too old are deleted.
CREATE TABLE audit_entries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- When, in milliseconds since 1970.
    at_ms       BIGINT       NOT NULL,
    -- Who: a user's id, 0 for nobody that is known; and the name at that time, or in parentheses what it was.
    actor_id    BIGINT       NOT NULL,
    actor       VARCHAR(64) NOT NULL,
    -- From where: an IP address, empty for what came from no network.
    address     VARCHAR(45) NOT NULL,
    -- What, such as websocket.push.
    action      VARCHAR(64) NOT NULL,
    -- To whom: of which kind, such as user, and which one.
    target_kind VARCHAR(16) NOT NULL,
    target      VARCHAR(255) NOT NULL,
    -- done, partial, refused or failed.
    result      VARCHAR(16) NOT NULL,
    -- In words; never a token, a password or a body.
    detail      VARCHAR(500) NOT NULL
);

-- What is too old; and each filter of the list, newest first.
CREATE INDEX audit_entries_by_at ON audit_entries (at_ms);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_by_action ON audit_entries (action, id);
CREATE INDEX audit_entries_by_target ON audit_entries (target, id);
CREATE INDEX audit_entries_by_result ON audit_entries (result, id);
