-- AUTOINCREMENT: the id of a deleted user is never given to another, because old tokens carry it.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username      VARCHAR(64)  NOT NULL UNIQUE,
    password_hash VARCHAR(255) NOT NULL,
    -- Whoever this user answers to. The chain upwards never meets itself; the store checks that when it writes.
    manager_id    BIGINT REFERENCES users (id),
    -- Tokens carry the generation they were made in; forced offline raises it, and older tokens are refused.
    token_generation BIGINT NOT NULL DEFAULT 0,
    -- When it was last raised, in milliseconds since 1970; 0 for never. For tokens of others, which carry no generation.
    tokens_cut_at_ms BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX users_by_manager ON users (manager_id);
