DROP TABLE IF EXISTS export_tasks;
