//! Migrations: which there are, which have run, and taking them back. How they are locked is each backend's own.

use std::error::Error;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// Runs all that have not run.
pub(super) fn run<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<(), Failure> {
    let ran = harness.run_pending_migrations(migrations)?.len();
    tracing::debug!(migrations = ran, "the database's tables are up to date");
    Ok(())
}

/// Every migration by name, oldest first, and whether it is one of `done`.
pub(super) fn status<DB: Backend>(
    migrations: EmbeddedMigrations,
    done: &[MigrationVersion<'_>],
) -> Result<Vec<(String, bool)>, Failure> {
    let known = MigrationSource::<DB>::migrations(&migrations)?;
    let row = |migration: Box<dyn Migration<DB>>| {
        let name = migration.name();
        (name.to_string(), done.contains(&name.version()))
    };
    let mut rows: Vec<_> = known.into_iter().map(row).collect();
    rows.sort_unstable();
    Ok(rows)
}

/// Takes back the last `steps` that have run, newest first; gives their names.
pub(super) fn revert<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
    steps: usize,
) -> Result<Vec<String>, Failure> {
    let known = MigrationSource::<DB>::migrations(&migrations)?;
    let mut reverted = Vec::new();
    // The newest stands first.
    for version in harness.applied_migrations()?.into_iter().take(steps) {
        let migration = known.iter().find(|migration| migration.name().version() == version);
        let newer = || format!("migration {version} is not of this release; use the release that ran it");
        let migration = migration.ok_or_else(newer)?;
        harness.revert_migration(migration)?;
        reverted.push(migration.name().to_string());
    }
    Ok(reverted)
}
