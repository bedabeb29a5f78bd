DROP TABLE export_tasks;
