//! A full disk is a failed task with a reason, or an order that is refused; never a dead process.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::common::{World, eventually};
use crate::small;

/// A file system of 1 MiB in memory; `None` for who may not mount one.
struct SmallDisk {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounting =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&path).output();
        let mounted = mounting.is_ok_and(|output| output.status.success());
        if !mounted {
            #[expect(clippy::disallowed_methods, reason = "whether a test may be left out")]
            let all = std::env::var_os("GATEPIPE_TEST_ALL");
            assert!(all.is_none(), "no small disk can be mounted, and GATEPIPE_TEST_ALL allows no gaps");
            eprintln!("skipped: no small disk can be mounted; root may");
        }
        mounted.then_some(Self { _dir: dir, path })
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}

async fn on(disk: &Path, workers: usize) -> World {
    World::start_with(|config| {
        config.export.dir = Some(disk.join("exports"));
        config.export.workers = workers;
    })
    .await
}

fn rows(bytes: usize, format: &str) -> String {
    let row = format!("[\"{}\"]\n", "x".repeat(1_000));
    format!("{{\"title\":\"t\",\"headers\":[\"a\"],\"format\":\"{format}\"}}\n{}", row.repeat(bytes / 1_000))
}

#[tokio::test]
async fn a_full_disk_is_a_failed_task_with_a_reason_and_the_next_one_works() {
    let Some(disk) = SmallDisk::mount() else { return };
    for format in ["xlsx", "csv"] {
        let world = on(&disk.path, 1).await;
        let ana = world.person("ana", &[]).await;
        // The rows fit, and no file of theirs beside them.
        let sent = ana.stream(rows(700_000, format)).await;
        let shown = ana.ended(sent.accepted()["id"].as_i64().unwrap()).await;
        assert_eq!(
            (&shown["state"], &shown["reason"]),
            (&json!("failed"), &json!("the disk of the export directory is full")),
            "{format}"
        );
        let list = ana.get("/Notification/list").await;
        assert_eq!(list.data()["list"][0]["notification_type"], "error");
        // Everything it took is free again.
        let id = ana.order(small("u")).await;
        ana.done(id).await;
        eventually("the rows are removed", async || {
            std::fs::read_dir(disk.path.join("exports")).unwrap().count() == 1
        })
        .await;
        world.stop().await;
        std::fs::remove_dir_all(disk.path.join("exports")).unwrap();
    }
}

#[tokio::test]
async fn an_order_that_does_not_fit_on_the_disk_is_refused_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let world = on(&disk.path, 1).await;
    let ana = world.person("ana", &[]).await;
    let reply = ana.stream(rows(2 << 20, "csv")).await;
    reply.refused(503);
    assert!(reply.body["msg"].as_str().unwrap().contains("the disk of the export directory is full"));
    assert_eq!(ana.get("/ExportTask/list").await.data()["list"], json!([]));
    assert_eq!(disk.names(), ["exports"]);
    assert_eq!(std::fs::read_dir(disk.path.join("exports")).unwrap().count(), 0);
    let id = ana.order(small("t")).await;
    ana.done(id).await;
}
