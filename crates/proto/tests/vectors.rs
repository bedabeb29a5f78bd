//! The golden frames in `vectors/`, both ways.

use gatepipe_proto::close::Next;
use gatepipe_proto::{ClientFrame, CloseCode, ServerFrame, frame};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../vectors/client-frames.json")).unwrap()
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_else(|| panic!("{key} of {vector}"))
}

#[test]
fn server_frames_are_written_to_the_letter() {
    for vector in vectors()["from_server"].as_array().unwrap() {
        let written = match text(vector, "name") {
            "init" => ServerFrame::init(text(vector, "client_id")).to_text(),
            "pong" => frame::PONG.to_owned(),
            "bind_success" => ServerFrame::bind_success(vector["uid"].as_u64().unwrap()).to_text(),
            "force_offline" => ServerFrame::force_offline(text(vector, "reason")).to_text(),
            "reconnect" => ServerFrame::reconnect(vector["within_ms"].as_u64().unwrap()).to_text(),
            "push" => ServerFrame::push(text(vector, "type"), vector["data"].clone()).to_text(),
            name => panic!("no frame named {name}"),
        };
        assert_eq!(written, text(vector, "text"));
    }
}

#[test]
fn client_frames_are_told_apart() {
    for vector in vectors()["from_client"].as_array().unwrap() {
        let expected = match text(vector, "is") {
            "ping" => ClientFrame::Ping,
            _ => ClientFrame::Other,
        };
        assert_eq!(ClientFrame::read(text(vector, "text")), expected, "{vector}");
    }
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for vector in vectors()["close_codes"].as_array().unwrap() {
        let number = u16::try_from(vector["code"].as_u64().unwrap()).unwrap();
        let expected = match text(vector, "next") {
            "done" => Next::Done,
            "spread" => Next::Spread,
            "protocol" => Next::Protocol,
            "stay" => Next::Stay,
            "backoff" => Next::Backoff,
            "soon" => Next::Soon,
            other => panic!("{other}"),
        };
        assert_eq!(CloseCode::new(number).unwrap().next(), expected, "{number}");
    }
}
