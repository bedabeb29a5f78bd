ALTER TABLE notifications
    DROP COLUMN push_result,
    DROP COLUMN push_reached,
    DROP COLUMN pushed_at_ms;
