DROP TABLE external_subjects;
