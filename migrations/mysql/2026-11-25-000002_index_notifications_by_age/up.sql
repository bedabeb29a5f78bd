-- What is too old is found without reading what is not.
-- Only when it is not there: it stays when the start is killed before the migration is noted, and the migration is run again.
SET @change = IF(
    EXISTS (
        SELECT 1 FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'notifications' AND index_name = 'notifications_by_age'
    ),
    'DO 0',
    'CREATE INDEX notifications_by_age ON notifications (created_at_ms)'
);
PREPARE statement FROM @change;
EXECUTE statement;
DEALLOCATE PREPARE statement;
