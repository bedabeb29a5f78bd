ALTER TABLE notifications DROP COLUMN push_result;
ALTER TABLE notifications DROP COLUMN push_reached;
ALTER TABLE notifications DROP COLUMN pushed_at_ms;
