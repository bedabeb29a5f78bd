DROP TABLE IF EXISTS access_changes;
