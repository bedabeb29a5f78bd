//! The header `traceparent` (W3C Trace Context, section 3.2). What stands in `tracestate` beside it is neither read nor passed on.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Longest that is read, in characters: those of a version to come may be longer than ours.
const LONGEST: usize = 256;
/// Of version 00, in characters.
const LENGTH: usize = 55;

/// `None` for what the standard calls invalid: it is to be ignored as if it had not come.
pub(crate) fn read(text: &str) -> Option<SpanContext> {
    if text.len() > LONGEST {
        return None;
    }
    let mut parts = text.splitn(5, '-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let span = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    // A version to come may add something behind another dash.
    if version == 0xff || (version == 0 && text.len() != LENGTH) {
        return None;
    }
    let sampled = TraceFlags::new(flags as u8) & TraceFlags::SAMPLED;
    let context = SpanContext::new(
        TraceId::from(trace),
        SpanId::from(span as u64),
        sampled,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// As it is sent on.
pub(crate) fn write(context: &SpanContext) -> String {
    let flags = (context.trace_flags() & TraceFlags::SAMPLED).to_u8();
    format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())
}

/// A number of exactly so many digits, in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == digits && text.bytes().all(is_digit)).then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn what_is_valid_is_read_and_written_as_it_was() {
        for (text, sampled) in
            [(format!("00-{TRACE}-{SPAN}-01"), true), (format!("00-{TRACE}-{SPAN}-00"), false)]
        {
            let context = read(&text).unwrap();
            assert_eq!((context.is_sampled(), context.is_remote()), (sampled, true));
            assert_eq!(write(&context), text);
        }
    }

    #[test]
    fn a_version_to_come_is_read_as_far_as_it_is_known() {
        for text in [format!("cc-{TRACE}-{SPAN}-03"), format!("01-{TRACE}-{SPAN}-01-what-the-future-holds")] {
            let context = read(&text).unwrap();
            assert_eq!(write(&context), format!("00-{TRACE}-{SPAN}-01"), "{text}");
        }
    }

    #[test]
    fn what_is_invalid_is_as_if_it_had_not_come() {
        let none = "0".repeat(32);
        let cases = [
            String::new(),
            "00".into(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0x"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01more"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{none}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-{SPAN}ff-01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-é1"),
            format!("01-{TRACE}-{SPAN}-01-{}", "x".repeat(LONGEST)),
        ];
        for text in cases {
            assert!(read(&text).is_none(), "{text:?}");
        }
    }
}
