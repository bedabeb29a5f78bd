DROP INDEX notifications_by_age;
