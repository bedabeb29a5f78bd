-- What became of the push of a notification, written after it: when it ended (in milliseconds since 1970; 0: nothing is noted), how many
-- connections took it, and how whole it was. Constants for the rows that are there, so that none is written anew.
-- Only when they are not there (one statement makes all or none): they stay when the start is killed before the migration is noted,
-- and the migration is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'notifications' AND column_name = 'pushed_at_ms'
    ),
    'DO 0',
    'ALTER TABLE notifications
        ADD COLUMN pushed_at_ms BIGINT      NOT NULL DEFAULT 0,
        ADD COLUMN push_reached BIGINT      NOT NULL DEFAULT 0,
        ADD COLUMN push_result  VARCHAR(16) NOT NULL DEFAULT '''''
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
