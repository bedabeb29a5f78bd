//! Exports: tables of rows that become a file.
//!
//! - [`mod@column`]: what stands in a column, and whether a row fits
//! - [`cell`]: one value, typed
//! - [`rows`]: the rows of a task as they wait on the disk
//! - [`xlsx`], [`csv`]: the two kinds of file
//! - [`folder`]: the directory where both lie
//! - [`file_name`]: how a file is called where it is downloaded
//! - [`link`]: signed links to a file
//!
//! Everything here blocks and is called from threads that may.

pub mod cell;
pub mod column;
pub mod csv;
pub mod file_name;
pub mod folder;
pub mod link;
pub mod rows;
pub mod xlsx;

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

use crate::notification::Title;
use column::Columns;
use file_name::Prefix;

/// Most rows of an `.xlsx`: what a sheet holds below its headers.
pub const MAX_XLSX_ROWS: u64 = 1_048_575;

/// What somebody wants exported, without the rows.
#[derive(Debug, Clone)]
pub struct Order {
    /// What the task is called; also the sheet's name, as far as it fits.
    pub title: Title,
    /// What stands in each column.
    pub columns: Columns,
    /// What the file's name begins with.
    pub prefix: Prefix,
    /// What is written.
    pub format: Format,
}

macro_rules! choice {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* } $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// The word on the wire and in the database.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::from_name(&String::deserialize(from)?).ok_or_else(|| D::Error::custom($rule))
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($name),*])).into()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

use choice;

choice! {
    /// What is written.
    Format {
        /// A workbook with one sheet.
        #[default]
        Xlsx = "xlsx",
        /// UTF-8 with a byte order mark, as spreadsheets expect it.
        Csv = "csv",
    }
    "must be xlsx or csv"
}

choice! {
    /// How far a task is.
    State {
        /// No worker has it.
        #[default]
        Queued = "queued",
        /// A worker writes the file.
        Running = "running",
        /// The file can be downloaded.
        Done = "done",
        /// There is no file, and a reason.
        Failed = "failed",
        /// The file was there, and its time is over.
        Expired = "expired",
    }
    "must be queued, running, done, failed or expired"
}

impl Format {
    /// For `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}
