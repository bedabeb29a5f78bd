-- utf8mb4 in every table, whatever the server's own character set is. Names are compared byte for byte.
-- Only when it is not there: it stays when the start is killed before the migration is noted, and the migration is run again. A
-- table of another program that is called so is refused.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'tokens_cut_at_ms'
    ),
    'DO 0',
    'CREATE TABLE users (
        id            BIGINT PRIMARY KEY NOT NULL AUTO_INCREMENT,
        username      VARCHAR(64)  NOT NULL UNIQUE,
        password_hash VARCHAR(255) NOT NULL,
        -- Whoever this user answers to. The chain upwards never meets itself; the store checks that when it writes.
        manager_id    BIGINT,
        -- Tokens carry the generation they were made in; forced offline raises it, and older tokens are refused.
        token_generation BIGINT NOT NULL DEFAULT 0,
        -- When it was last raised, in milliseconds since 1970; 0 for never. For tokens of others, which carry no generation.
        tokens_cut_at_ms BIGINT NOT NULL DEFAULT 0,
        created_at_ms BIGINT NOT NULL,
        KEY users_by_manager (manager_id),
        FOREIGN KEY (manager_id) REFERENCES users (id)
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
