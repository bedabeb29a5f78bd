-- Since when nobody is let in as this user, in milliseconds since 1970; 0 for somebody who is.
-- Only when it is not there: it stays when the start is killed before the migration is noted, and the migration is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'disabled_at_ms'
    ),
    'DO 0',
    'ALTER TABLE users ADD COLUMN disabled_at_ms BIGINT NOT NULL DEFAULT 0'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
