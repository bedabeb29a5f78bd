//! What nobody needs any more is removed, and nothing else.

use std::time::{Duration, SystemTime};

use gatepipe_api::export::Format;
use gatepipe_api::export::folder::LONGEST_LOOSE;
use gatepipe_api::store::{NewExportTask, Recording};

use crate::common::{World, eventually};
use crate::{files, small};

fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// As if nobody had written to any of these files for long.
fn let_age(world: &World) {
    for name in files(world) {
        let path = world.dir.path().join("exports").join(name);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - 2 * LONGEST_LOOSE).unwrap();
    }
}

#[tokio::test]
async fn what_killed_processes_left_is_found_among_many_files_that_are_needed() {
    // Looks for it soon after the start, and every few seconds.
    let world = World::start_with(|config| {
        config.export.workers = 0;
        config.export.keep = Duration::from_secs(2);
    })
    .await;
    let ana = world.person("ana", &[]).await;
    let write = |name: String| std::fs::write(world.dir.path().join("exports").join(name), "").unwrap();
    let mut needed = Vec::new();
    for number in 0..150 {
        let new = NewExportTask {
            user: ana.id,
            token: token(),
            title: format!("t{number}"),
            prefix: "t".into(),
            format: Format::Csv,
            total_rows: 0,
            link_key: token(),
            created_at_ms: 1,
        };
        let nothing = |_: &_| Recording { answer: "null".into(), is_final: true };
        needed.push(format!("{}.rows", new.token));
        world.store.add_export_task(new, 1_000, None, nothing).await.unwrap();
    }
    needed.sort();
    needed.iter().cloned().for_each(write);
    for _ in 0..20 {
        write(format!("{}.rows.part", token()));
    }
    let_age(&world);
    eventually("what is not needed is removed", async || files(&world) == needed).await;
}

#[tokio::test]
async fn operators_see_how_many_exports_wait_also_without_a_worker() {
    let world = World::start_with(|config| {
        config.export.workers = 0;
        config.export.keep = Duration::from_secs(2);
    })
    .await;
    let ana = world.person("ana", &[]).await;
    for title in ["a", "b"] {
        ana.order(small(title)).await;
    }
    eventually("both are counted", async || {
        world.admin_page("/metrics").await.1.lines().any(|line| line == "gatepipe_api_exports_waiting 2")
    })
    .await;
}
