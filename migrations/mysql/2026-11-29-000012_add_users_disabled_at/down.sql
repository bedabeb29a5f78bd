-- Only when it is there: it is gone when this was killed before it was noted, and is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'disabled_at_ms'
    ),
    'ALTER TABLE users DROP COLUMN disabled_at_ms',
    'DO 0'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
