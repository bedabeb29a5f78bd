//! SQLite on a full disk: writes are refused, everything else goes on, and it is well again when there is room.

use std::path::Path;
use std::process::Command;

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_test_databases::gap;
use serde_json::json;

use crate::inbox::rows_after;

/// A file system of its own in memory; taken away when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Of 1 MiB; `None`, and a line that says so, for whoever may not mount.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        if !Self::mounted(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], dir.path()) {
            gap("a small disk can be mounted by root only");
            return None;
        }
        Some(Self(dir))
    }

    fn grow(&self) {
        assert!(Self::mounted(&["-o", "remount,size=4m"], self.0.path()));
    }

    fn mounted(options: &[&str], path: &Path) -> bool {
        let output = Command::new("mount").args(options).arg(path).output();
        output.is_ok_and(|output| output.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the api may have its files open.
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("sqlite://{}", disk.0.path().join("api.db").display());
    let cluster = Cluster::start_with(Plan { database_url: Some(url), ..Plan::default() }).await.unwrap();
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut page = Page::bound(&cluster.ws()[1], &alice).await;
    let send = async |characters: usize| {
        let content = "满".repeat(characters);
        let body = json!({"user_ids": [alice.id], "title": "磁盘 💾", "content": content});
        admin.post("/Notification/send", body).await.status
    };
    let mut stored = 0;
    // In small pieces at last, so that hardly a page is left.
    for characters in [20_000, 2_000, 100] {
        loop {
            match send(characters).await {
                200 => stored += 1,
                status => {
                    assert_eq!(status, 503);
                    break;
                }
            }
            assert!(stored < 1_000, "the disk is not full");
        }
    }
    assert!(stored > 3, "{stored} fit");
    for _ in 0..3 {
        assert_eq!(alice.post("/Notification/readAll", json!({})).await.status, 503);
        assert_eq!(alice.get("/Notification/unreadCount").await.ok(), json!({"count": stored}));
        assert_eq!(alice.get("/Auth/me").await.ok()["user"]["username"], "alice");
        let receipt =
            alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "还在 🙂"})).await.ok();
        assert_eq!(receipt["reached"], 1);
        assert_eq!(page.next().await["data"], "还在 🙂");
    }
    // Somebody who was not here before is let in and binds.
    let bob = Caller::of(&cluster, "bob");
    Page::bound(&cluster.ws()[0], &bob).await;

    disk.grow();
    assert_eq!(send(20_000).await, 200);
    let rows = rows_after(&alice, 0).await.unwrap();
    assert!(rows.iter().map(|(id, _)| *id).eq(1..=stored + 1), "nothing half-written");
    assert_eq!(alice.post("/Notification/readAll", json!({})).await.ok(), json!({"changed": stored + 1}));
    cluster.stop().await.unwrap();
}
