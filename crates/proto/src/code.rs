//! The one table of errors: every refusal on any wire is one of these.

use http::StatusCode;

use crate::CloseCode;

/// Why something was refused, on every wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The bytes are not what the wire carries (not JSON, not a frame).
    Malformed,
    /// The token, password or shared secret is missing or wrong.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// The client, gateway, user or row does not exist (any more).
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A condition did not hold, or the name is taken.
    Conflict,
    /// Longer than the limit of that wire.
    TooLarge,
    /// A body of a type that is not read here.
    UnsupportedMediaType,
    /// The file has no such range.
    RangeNotSatisfiable,
    /// A field is missing, of the wrong type, too long or of a wrong value.
    Invalid,
    /// Over a rate or count limit; later may work.
    TooMany,
    /// A fault of ours; the log has the cause.
    Internal,
    /// A part that is needed is away or leaving; later may work.
    Unavailable,
    /// No answer within the deadline; what happened is unknown.
    Deadline,
}

struct Row {
    code: Code,
    /// Stands in the envelope's `code` and in a receipt's `code`; never reused.
    number: u32,
    http: u16,
    grpc: tonic::Code,
    close: CloseCode,
}

const fn row(code: Code, number: u32, http: u16, grpc: tonic::Code, close: CloseCode) -> Row {
    Row { code, number, http, grpc, close }
}

#[rustfmt::skip]
const TABLE: [Row; 14] = [
    row(Code::Malformed,            40_000, 400, tonic::Code::InvalidArgument,   CloseCode::PROTOCOL),
    row(Code::Unauthenticated,      40_100, 401, tonic::Code::Unauthenticated,   CloseCode::NOT_ALLOWED),
    row(Code::Forbidden,            40_300, 403, tonic::Code::PermissionDenied,  CloseCode::NOT_ALLOWED),
    row(Code::NotFound,             40_400, 404, tonic::Code::NotFound,          CloseCode::NOT_ALLOWED),
    row(Code::MethodNotAllowed,     40_500, 405, tonic::Code::Unimplemented,     CloseCode::NOT_ALLOWED),
    row(Code::Conflict,             40_900, 409, tonic::Code::FailedPrecondition, CloseCode::NOT_ALLOWED),
    row(Code::TooLarge,             41_300, 413, tonic::Code::OutOfRange,        CloseCode::TOO_BIG),
    row(Code::UnsupportedMediaType, 41_500, 415, tonic::Code::InvalidArgument,   CloseCode::UNSUPPORTED),
    row(Code::RangeNotSatisfiable,  41_600, 416, tonic::Code::OutOfRange,        CloseCode::UNSUPPORTED),
    row(Code::Invalid,              42_200, 422, tonic::Code::InvalidArgument,   CloseCode::PROTOCOL),
    row(Code::TooMany,              42_900, 429, tonic::Code::ResourceExhausted, CloseCode::RATE_LIMIT),
    row(Code::Internal,             50_000, 500, tonic::Code::Internal,          CloseCode::GOING_AWAY),
    row(Code::Unavailable,          50_300, 503, tonic::Code::Unavailable,       CloseCode::RESTARTING),
    row(Code::Deadline,             50_400, 503, tonic::Code::DeadlineExceeded,  CloseCode::RESTARTING),
];

impl Code {
    fn row(self) -> &'static Row {
        // The enum's order is the table's order; the test below holds it.
        &TABLE[self as usize]
    }

    /// The stable number, as in the HTTP envelope's `code` and in receipts.
    #[must_use]
    pub fn number(self) -> u32 {
        self.row().number
    }

    /// The code with this stable number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        TABLE.iter().find(|row| row.number == number).map(|row| row.code)
    }

    /// The HTTP status that carries it.
    #[must_use]
    pub fn http(self) -> StatusCode {
        StatusCode::from_u16(self.row().http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The gRPC status code that carries it.
    #[must_use]
    pub fn grpc(self) -> tonic::Code {
        self.row().grpc
    }

    /// The close code of a WebSocket that ends for this reason.
    #[must_use]
    pub fn close(self) -> CloseCode {
        self.row().close
    }

    /// A gRPC status with this code and a readable text.
    #[must_use]
    pub fn status(self, text: impl Into<String>) -> tonic::Status {
        tonic::Status::new(self.grpc(), text)
    }

    /// The nearest code to a gRPC status that came from elsewhere.
    #[must_use]
    pub fn from_grpc(code: tonic::Code) -> Self {
        match code {
            tonic::Code::InvalidArgument => Self::Invalid,
            tonic::Code::Unauthenticated => Self::Unauthenticated,
            tonic::Code::PermissionDenied => Self::Forbidden,
            tonic::Code::NotFound => Self::NotFound,
            tonic::Code::AlreadyExists | tonic::Code::FailedPrecondition | tonic::Code::Aborted => {
                Self::Conflict
            }
            tonic::Code::OutOfRange => Self::TooLarge,
            tonic::Code::ResourceExhausted => Self::TooMany,
            tonic::Code::Unimplemented => Self::MethodNotAllowed,
            tonic::Code::DeadlineExceeded => Self::Deadline,
            tonic::Code::Unavailable | tonic::Code::Cancelled => Self::Unavailable,
            tonic::Code::Ok | tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::DataLoss => {
                Self::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_its_own_row_with_a_number_of_its_own() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, position, "{:?}", row.code);
            assert_eq!(Code::from_number(row.number), Some(row.code));
            assert_eq!(row.code.http().as_u16(), row.http);
        }
    }

    #[test]
    fn numbers_begin_with_a_status_and_leave_room_for_success_codes() {
        for row in &TABLE {
            assert!((40_000..60_000).contains(&row.number), "{:?}", row.code);
        }
    }
}
