//! One setting: what it is called in every layer, its default, and its help.

use crate::traces;

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value.
    One,
    /// Any number of values; a layer that names the setting replaces the layers below.
    List,
    /// One value that is never shown; also read from the file named by `NAME-file`.
    Secret,
}

/// One setting. `ping-interval` is the flag `--ping-interval`, the key `ping_interval`, the variable `GATEPIPE_PING_INTERVAL`.
#[derive(Debug, Clone, Copy)]
pub struct Knob {
    /// The flag without its dashes.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// As it would be typed; `None`: not set.
    pub default: Option<&'static str>,
    /// Unit, what a larger value costs, when to change it.
    pub help: &'static str,
    /// How many, and whether secret.
    pub kind: Kind,
    /// What stands in the example file while there is no default; of a secret the file that holds it.
    pub example: Option<&'static str>,
    /// What stands behind it in the example file.
    pub remark: Option<&'static str>,
}

impl Knob {
    /// A setting of one value.
    #[must_use]
    pub const fn one(
        name: &'static str,
        value: &'static str,
        default: Option<&'static str>,
        help: &'static str,
    ) -> Self {
        Self::new(name, value, default, help, Kind::One)
    }

    /// A repeatable setting. The default is one value, if any.
    #[must_use]
    pub const fn list(
        name: &'static str,
        value: &'static str,
        default: Option<&'static str>,
        help: &'static str,
    ) -> Self {
        Self::new(name, value, default, help, Kind::List)
    }

    /// A secret.
    #[must_use]
    pub const fn secret(name: &'static str, help: &'static str) -> Self {
        Self::new(name, "SECRET", None, help, Kind::Secret)
    }

    /// A URL that may hold a password.
    #[must_use]
    pub const fn secret_url(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(name, "URL", Some(default), help, Kind::Secret)
    }

    const fn new(
        name: &'static str,
        value: &'static str,
        default: Option<&'static str>,
        help: &'static str,
        kind: Kind,
    ) -> Self {
        Self { name, value, default, help, kind, example: None, remark: None }
    }

    /// The same with a value for the example file: for settings without a default, and the files of secrets.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// The same with a few words that stand behind it in the example file.
    #[must_use]
    pub const fn remark(self, remark: &'static str) -> Self {
        Self { remark: Some(remark), ..self }
    }

    pub(super) fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    pub(super) fn variable(&self) -> String {
        format!("GATEPIPE_{}", self.key().to_ascii_uppercase())
    }

    /// For a secret: the setting that names its file.
    pub(super) fn file_name(&self) -> Option<String> {
        (self.kind == Kind::Secret).then(|| format!("{}-file", self.name))
    }
}

/// What every daemon has.
pub const COMMON: &[Knob] = &[
    Knob::list(
        "register",
        "URL",
        Some("http://127.0.0.1:1236"),
        "A register's --listen; repeatable, all of them are used",
    ),
    Knob::secret(
        "secret",
        "Shared by every internal gRPC link, the same for all processes of a cluster; visible ASCII. Others on this host can see flags: prefer the file",
    )
    .example("/run/secrets/gatepipe"),
    Knob::one(
        "internal-tls-ca",
        "FILE",
        None,
        "PEM: the authorities of this cluster. With --internal-tls-cert and -key every internal gRPC link speaks TLS, and both ends show a certificate of these; the same for all processes [default: no TLS]",
    )
    .example("/etc/gatepipe/ca.pem")
    .remark("TLS on every internal link; the three belong together"),
    Knob::one(
        "internal-tls-cert",
        "FILE",
        None,
        "PEM: this process's certificate for those links, good for the host by which others reach it. A changed file is used within seconds, for new connections",
    )
    .example("/etc/gatepipe/internal.pem"),
    Knob::one("internal-tls-key", "FILE", None, "PEM: the private key of --internal-tls-cert, without a password")
        .example("/etc/gatepipe/internal.key"),
    Knob::one("log-format", "FORMAT", Some("text"), "text, or json for log collectors").remark("or \"json\""),
    Knob::one(
        "log",
        "FILTER",
        Some("info"),
        "What is logged: error, warn, info, debug, or per module as in info,gatepipe_gateway=debug",
    ),
    traces::ENDPOINT,
    traces::SAMPLE,
];

/// A daemon as its settings see it.
#[derive(Debug)]
pub struct Program {
    /// As it is typed.
    pub name: &'static str,
    /// Its table in a configuration file that several daemons share.
    pub section: &'static str,
    /// One line.
    pub about: &'static str,
    /// At the end of the help.
    pub examples: &'static str,
    /// Its own settings, beside [`COMMON`].
    pub knobs: &'static [Knob],
}

impl Program {
    pub(super) fn knobs(&self) -> impl Iterator<Item = &'static Knob> + use<> {
        self.knobs.iter().chain(COMMON)
    }

    /// Every variable that it reads.
    pub fn variables(&self) -> impl Iterator<Item = String> + use<> {
        self.knobs().flat_map(|knob| {
            let file = (knob.kind == Kind::Secret).then(|| format!("{}_FILE", knob.variable()));
            [Some(knob.variable()), file].into_iter().flatten()
        })
    }

    pub(super) fn knob(&self, name: &str) -> Option<&'static Knob> {
        self.knobs().find(|knob| knob.name == name)
    }
}
