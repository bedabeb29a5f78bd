DROP TABLE IF EXISTS external_subjects;
