-- Only when it is there: it is gone when this was killed before it was noted, and is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'notifications' AND index_name = 'notifications_by_age'
    ),
    'DROP INDEX notifications_by_age ON notifications',
    'DO 0'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
