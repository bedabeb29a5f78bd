//! A file as an answer: whole, or one range of it (RFC 9110, section 14), as it is read from the disk.

use std::io::{ErrorKind, SeekFrom};
use std::ops::RangeInclusive;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, IF_RANGE, LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::error::ApiError;
use crate::export::file_name::content_disposition;
use crate::service::export::Download;

/// How much of a file is in memory at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(RangeInclusive<u64>),
    /// Nothing that it has.
    Nothing,
}

/// Answers with the file, or with the range that `asked` names.
///
/// # Errors
/// [`ApiError::Unavailable`] when this process does not have the file.
pub async fn answer(asked: &HeaderMap, found: Download) -> Result<Response, ApiError> {
    let mut file = File::open(&found.path).await.map_err(|error| missing(&error))?;
    let metadata = file.metadata().await.map_err(|error| missing(&error))?;
    let length = metadata.len();
    let tag = format!("\"{}\"", found.tag);
    let changed_at = metadata.modified().map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from);
    let changed = changed_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    // A range of another file than the caller has the rest of is worth nothing.
    let same = asked.get(IF_RANGE).is_none_or(|given| *given == tag || *given == changed);
    let range = asked.get(RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let wanted = range.map_or(Wanted::Whole, |range| wanted(range, length));
    let (status, start, count) = match &wanted {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, *range.start(), range.end() - range.start() + 1),
        Wanted::Nothing => {
            let mut refusal = ApiError::Range(length).into_response();
            set(&mut refusal, CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(refusal);
        }
    };
    file.seek(SeekFrom::Start(start)).await.map_err(|error| missing(&error))?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(count), CHUNK_BYTES));
    let mut response = (status, body).into_response();
    if let Wanted::Part(range) = &wanted {
        let range = format!("bytes {}-{}/{length}", range.start(), range.end());
        set(&mut response, CONTENT_RANGE, &range);
    }
    set(&mut response, CONTENT_LENGTH, &count.to_string());
    set(&mut response, CONTENT_TYPE, found.format.media_type());
    set(&mut response, CONTENT_DISPOSITION, &content_disposition(&found.file_name));
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, ETAG, &tag);
    set(&mut response, LAST_MODIFIED, &changed);
    set(&mut response, CACHE_CONTROL, "private, no-store");
    // What somebody typed into a cell is not shown as a page of ours.
    set(&mut response, HeaderName::from_static("x-content-type-options"), "nosniff");
    Ok(response)
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn missing(error: &std::io::Error) -> ApiError {
    tracing::error!(%error, "the file of a finished export cannot be read: api processes of one database need one export directory");
    match error.kind() {
        ErrorKind::NotFound => ApiError::Unavailable(
            "the file is not in the export directory of this api process; another may have it".into(),
        ),
        _ => ApiError::Unavailable("the file cannot be read; try again later".into()),
    }
}

/// What `range` asks for of so many bytes. What is not understood, or names several ranges, gets the whole file.
fn wanted(range: &str, length: u64) -> Wanted {
    let Some((unit, ranges)) = range.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else { return Wanted::Whole };
    // A number too large for us is one beyond the end.
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let end = length.saturating_sub(1);
    match (number(first.trim()), number(last.trim())) {
        (Some(first), None) if last.trim().is_empty() && first < length => Wanted::Part(first..=end),
        (Some(_), None) if last.trim().is_empty() => Wanted::Nothing,
        (Some(first), Some(last)) if first > last => Wanted::Whole,
        (Some(first), Some(last)) if first < length => Wanted::Part(first..=last.min(end)),
        (Some(_), Some(_)) => Wanted::Nothing,
        (None, Some(0)) if first.trim().is_empty() => Wanted::Nothing,
        (None, Some(_)) if first.trim().is_empty() && length == 0 => Wanted::Nothing,
        (None, Some(count)) if first.trim().is_empty() => Wanted::Part(length.saturating_sub(count)..=end),
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_file_has_of_it() {
        for (range, is) in [
            ("bytes=0-0", Wanted::Part(0..=0)),
            ("bytes=0-", Wanted::Part(0..=9)),
            ("bytes=3-5", Wanted::Part(3..=5)),
            ("bytes=3-99999999999999999999999", Wanted::Part(3..=9)),
            ("bytes=-3", Wanted::Part(7..=9)),
            ("bytes=-99", Wanted::Part(0..=9)),
            ("Bytes = 9 - 9", Wanted::Part(9..=9)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-3", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
        ] {
            assert_eq!(wanted(range, 10), is, "{range}");
        }
        assert_eq!(wanted("bytes=-3", 0), Wanted::Nothing);
        assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
    }
}
