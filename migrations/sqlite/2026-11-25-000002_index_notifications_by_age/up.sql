-- What is too old is found without reading what is not.
CREATE INDEX notifications_by_age ON notifications (created_at_ms);
