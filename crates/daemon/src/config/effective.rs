//! What a daemon was told in the end, for people who ask why it does what it does.

/// In the place of a secret.
pub const MASK: &str = "********";

/// Where a setting came from, the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Nobody gave it.
    Default,
    /// The TOML file.
    File,
    /// A variable `GATEPIPE_…`, or the file that one names.
    Environment,
    /// A flag, or the file that one names.
    Flag,
}

impl Layer {
    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "env",
            Self::Flag => "flag",
        }
    }
}

/// One setting as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The flag without its dashes.
    pub name: &'static str,
    /// As they were typed, [`MASK`] for a secret; none when it is not set.
    pub values: Vec<String>,
    /// As it would be typed; of a secret only what the program itself brings along.
    pub default: Option<&'static str>,
    /// Whether it is never shown.
    pub is_secret: bool,
    /// Which layer gave it.
    pub layer: Layer,
    /// The flag, the variable, or the key and its file; `None` for a default.
    pub source: Option<String>,
    /// What `--help` says.
    pub help: &'static str,
}
