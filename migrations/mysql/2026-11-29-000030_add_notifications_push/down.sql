-- Only when they are there: they are gone when this was killed before it was noted, and is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'notifications' AND column_name = 'pushed_at_ms'
    ),
    'ALTER TABLE notifications
        DROP COLUMN push_result,
        DROP COLUMN push_reached,
        DROP COLUMN pushed_at_ms',
    'DO 0'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
