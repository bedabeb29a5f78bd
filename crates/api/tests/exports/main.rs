//! `/ExportTask/…`: ordered, written by a worker, told of, downloaded, and gone in the end.

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod download;
mod leases;
mod orders;
mod sweep;
mod tables;

use std::io::Cursor;

use calamine::{Data, Range, Reader as _, Xlsx};
use common::{Person, Reply, World, eventually};
use reqwest::Method;
use serde_json::{Value, json};

impl Person {
    /// Orders an export; gives its id.
    async fn order(&self, body: Value) -> i64 {
        let ordered = self.post("/ExportTask/create", body).await;
        assert_eq!(ordered.accepted()["state"], "queued");
        ordered.accepted()["id"].as_i64().unwrap()
    }

    /// Orders an export of rows that are streamed.
    async fn stream(&self, lines: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(Method::POST, "/ExportTask/create");
        let request = request.header("content-type", "application/x-ndjson").body(lines);
        Reply::read(request.send().await.unwrap()).await
    }

    async fn show(&self, id: i64) -> Value {
        self.get(&format!("/ExportTask/show?id={id}")).await.data().clone()
    }

    /// Waits for the end of an export; gives what is shown of it then.
    async fn ended(&self, id: i64) -> Value {
        let mut shown = Value::Null;
        eventually("the end of an export", async || {
            shown = self.show(id).await;
            !["queued", "running"].contains(&shown["state"].as_str().unwrap())
        })
        .await;
        shown
    }

    async fn done(&self, id: i64) -> Value {
        let shown = self.ended(id).await;
        assert_eq!(shown["state"], "done", "{shown}");
        shown
    }

    async fn download(&self, id: i64) -> reqwest::Response {
        let path = format!("/ExportTask/download?id={id}");
        self.request(Method::GET, &path).send().await.unwrap()
    }

    async fn file(&self, id: i64) -> Vec<u8> {
        self.done(id).await;
        let response = self.download(id).await;
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    /// The name and cells of the only sheet of an export.
    async fn sheet(&self, id: i64) -> (String, Range<Data>) {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(self.file(id).await)).expect("a workbook");
        book.worksheets().pop().expect("a sheet")
    }
}

fn small(title: &str) -> Value {
    json!({"title": title, "headers": ["a"], "data": [[1], [2]]})
}

/// Names of the files in the export directory.
fn files(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.dir.path().join("exports")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until so many files are left in the export directory, and gives their names: rows go when their task has ended.
async fn left(world: &World, count: usize) -> Vec<String> {
    eventually("what is not needed is removed", async || files(world).len() == count).await;
    files(world)
}
