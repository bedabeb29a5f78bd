//! A person's inbox as a page reads it that catches up.

use gatepipe_local_cluster::actor::{Answer, Caller};
use serde_json::{Value, json};

/// What a notification of these tests says.
pub(crate) fn notification(user: u64, title: &str, level: &str) -> Value {
    json!({"user_ids": [user], "title": title, "content": "点击查看并下载导出文件 📦", "level": level})
}

/// Number and title of each row after `after`, oldest first, with numbers in order; `None` when the api does not answer.
pub(crate) async fn rows_after(reader: &Caller, mut after: i64) -> Option<Vec<(i64, String)>> {
    let mut rows = Vec::new();
    loop {
        let page = page_after(reader, after).await?;
        if page.is_empty() {
            return Some(rows);
        }
        for (id, title) in page {
            assert!(id > after, "{id} came after {after}");
            after = id;
            rows.push((id, title));
        }
    }
}

async fn page_after(reader: &Caller, after: i64) -> Option<Vec<(i64, String)>> {
    let path = format!("/Notification/list?limit=100&after_id={after}");
    let answer: Answer = reader.try_get(&path).await.filter(|answer| answer.status == 200)?;
    let rows = answer.data["list"].as_array()?.iter();
    Some(rows.filter_map(|row| Some((row["id"].as_i64()?, row["title"].as_str()?.to_owned()))).collect())
}
