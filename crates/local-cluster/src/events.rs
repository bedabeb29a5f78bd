//! Server-sent events, as a page reads them.

use serde_json::Value;

use crate::eventually::within;

/// A stream of events that is being read.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    /// Read and not yet told.
    text: String,
}

impl Events {
    /// Reads the body of `response`.
    ///
    /// # Panics
    /// When it is no stream of events: for tests.
    #[must_use]
    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event: its name and its data. `None` at the end of the stream.
    ///
    /// # Panics
    /// When nothing comes in time, or the stream breaks.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = event(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk =
                within("an event", self.response.chunk()).await.expect("a stream that does not break")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }
}

/// `None` for a comment.
fn event(block: &str) -> Option<(String, Value)> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let data = serde_json::from_str(field("data: ")?).expect("JSON");
    Some((field("event: ").unwrap_or("message").to_owned(), data))
}
