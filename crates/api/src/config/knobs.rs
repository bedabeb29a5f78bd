//! Every setting of the api, with unit, default, and what a larger value costs.

use gatepipe_daemon::config::{Knob, Program};
use gatepipe_daemon::tls;

const KNOBS: &[Knob] = &[
    Knob::one("listen", "ADDR", Some("127.0.0.1:8787"), "Where the HTTP api is served"),
    tls::CERT,
    tls::KEY,
    Knob::one(
        "admin-listen",
        "ADDR",
        Some("127.0.0.1:9787"),
        "Where /healthz, /readyz and /metrics are served (HTTP)",
    ),
    Knob::secret_url(
        "database-url",
        "sqlite://data/gatepipe.db",
        "The database: sqlite://PATH, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE. A SQLite file is made; the tables are brought up to date at every start. TLS and more: docs/storage.md",
    )
    .example("/run/secrets/gatepipe-database-url")
    .remark("or postgres://…, mysql://…: docs/storage.md"),
    Knob::one(
        "database-connections",
        "COUNT",
        Some("10"),
        "Connections to a database server, of each api process; requests that need one wait up to 5 s. More help while the server has idle cores, and each costs it memory. SQLite has as many as it needs",
    ),
    Knob::secret(
        "jwt-secret",
        "Makes and checks tokens (HS256): at least 32 bytes, the same for all api processes; openssl rand -hex 32 makes one",
    )
    .example("/run/secrets/gatepipe-jwt"),
    Knob::one(
        "jwt-public-key",
        "FILE",
        None,
        "Instead of --jwt-secret: a PEM public key (RSA, P-256 or Ed25519) of whoever makes the tokens; then nobody logs in here",
    )
    .example("/etc/gatepipe/jwt.pem"),
    Knob::one(
        "jwt-jwks",
        "FILE|URL",
        None,
        "Instead of --jwt-secret: the public keys of whoever makes the tokens, as a JSON Web Key Set (RS256, ES256, EdDSA), in a file or behind https://; http:// only on this host",
    )
    .example("https://id.example.com/jwks")
    .remark("or a file"),
    Knob::one(
        "jwt-jwks-refresh",
        "DURATION",
        Some("10m"),
        "How often the key set is read again. A longer one accepts a key longer that was taken out of it",
    ),
    Knob::one(
        "jwt-jwks-pause",
        "DURATION",
        Some("30s"),
        "A token with an unknown key makes the key set be read at once, but at most this often; also the time until a failed reading is tried again",
    ),
    Knob::list(
        "jwt-issuer",
        "ISSUER",
        None,
        "With tokens of others: the `iss` they must have; repeatable, unset: any",
    )
    .example("https://id.example.com"),
    Knob::list(
        "jwt-audience",
        "AUDIENCE",
        None,
        "With tokens of others: one of these must be in `aud`; repeatable, unset: any, also what was made for another program",
    )
    .example("gatepipe"),
    Knob::one(
        "jwt-user-claim",
        "CLAIM",
        Some("sub"),
        "With tokens of others: the claim that says whose it is; dots lead into objects, as in user.id",
    ),
    Knob::one(
        "jwt-user-kind",
        "KIND",
        Some("id"),
        "What that claim holds: id, of a user here; username, of a user here, only for names that nobody can choose there; external, the issuer's own name, see gatepipe user link",
    )
    .remark("or \"username\"; or \"external\": the issuer's own names, see gatepipe user link"),
    Knob::one(
        "jwt-username-claim",
        "CLAIM",
        None,
        "What an external user is called who is made at first sight; unset, or no username: as the issuer's own name; if taken, with something random behind it",
    )
    .example("preferred_username"),
    Knob::one(
        "jwt-permissions-claim",
        "CLAIM",
        Some("permissions"),
        "With tokens of others: the claim that narrows what a user may do here, a list or names with spaces between them; it never widens it",
    ),
    Knob::one(
        "jwt-create-users",
        "true|false",
        Some("false"),
        "Whether a user is made at the first sight of somebody else's good token; without permissions and without a password",
    ),
    Knob::one(
        "token-lifetime",
        "DURATION",
        Some("12h"),
        "How long a token is good after a login. A longer one spares people logins, and serves a thief longer",
    ),
    Knob::one(
        "success-code",
        "NUMBER",
        Some("0"),
        "`code` in the envelope of a success; front ends differ (0, 1, 200)",
    ),
    Knob::one(
        "time-zone",
        "ZONE",
        Some("UTC"),
        "In which times are written, such as Asia/Shanghai; the _ms twins are not changed by it",
    ),
    Knob::one(
        "login-tries-per-username",
        "COUNT",
        Some("10"),
        "Failed logins a minute for one username; more are answered 429. More help a guesser",
    ),
    Knob::one(
        "login-tries-per-address",
        "COUNT",
        Some("60"),
        "Failed logins a minute from one remote address (an IPv6 /64 counts as one); behind a proxy also set --trusted-proxy",
    ),
    Knob::one(
        "bind-policy",
        "POLICY",
        Some("keep_all"),
        "What a bind does to the user's other connections: keep_all leaves them; newest_wins closes those that were bound earlier with 4002, on every gateway",
    )
    .remark("or \"newest_wins\": a user has one connection, older ones are closed with 4002"),
    Knob::list(
        "trusted-proxy",
        "NETWORK",
        None,
        "An address or network (10.0.0.0/8) of a proxy whose X-Forwarded-For is believed; repeatable. Never one that callers can have",
    )
    .example("10.0.0.0/8"),
    Knob::list(
        "cors-origin",
        "ORIGIN",
        None,
        "An origin whose pages may call, such as https://admin.example.com; repeatable, unset: none but our own",
    )
    .example("https://admin.example.com"),
    Knob::one(
        "notification-retention",
        "DURATION",
        Some("0s"),
        "How long notifications are kept, read or not, such as 90d; then they are deleted. 0s: for ever. A longer one takes more disk",
    )
    .remark("kept for ever"),
    Knob::one(
        "audit-retention",
        "DURATION",
        Some("90d"),
        "How long is kept who did what; then it is deleted. 0s: for ever. A longer one takes more disk, some 300 bytes for each entry",
    )
    .remark("or \"0s\": for ever"),
    Knob::one(
        "audit-pushes",
        "true|false",
        Some("true"),
        "Whether each push to a user is noted in the audit. false spares the database a row for each; pushes that are refused are noted nevertheless",
    )
    .remark("false: pushes to users are not noted"),
    Knob::one(
        "sweep-interval",
        "DURATION",
        Some("10m"),
        "How often is deleted what is too old: notifications, the audit, and idempotency keys after 24 h. A longer one deletes more at a time",
    ),
    Knob::one(
        "export-dir",
        "DIR",
        None,
        "Where exports wait and their files lie; unset: exports, beside the SQLite file, else in data. When api processes run on several hosts, one directory that all of them share",
    )
    .example("/srv/gatepipe/exports")
    .remark("unset: beside the SQLite file, or data/exports"),
    Knob::one(
        "export-workers",
        "COUNT",
        Some("1"),
        "Exports that this process writes at once; each takes a core while it writes. 0: it takes none, others of the same database do",
    ),
    Knob::one(
        "export-body-limit",
        "SIZE",
        Some("1GiB"),
        "Longest body of rows as JSON lines (application/x-ndjson) for an export; it goes to the disk as it comes",
    ),
    Knob::one(
        "export-upload-timeout",
        "DURATION",
        Some("1h"),
        "How long such a body may take to arrive; --request-timeout is how long it may pause",
    ),
    Knob::one("export-uploads", "COUNT", Some("8"), "Such bodies at once; more are answered 503"),
    Knob::one(
        "export-unfinished",
        "COUNT",
        Some("100"),
        "Exports of one user that wait or run; more are answered 409",
    ),
    Knob::one(
        "export-keep",
        "DURATION",
        Some("7d"),
        "How long a finished file can be downloaded; then it is removed. A longer one takes more of the disk",
    ),
    Knob::one(
        "export-lease",
        "DURATION",
        Some("30s"),
        "An export whose worker was silent for so long is taken up by another; at least 1s",
    ),
    Knob::one(
        "export-link",
        "LINK",
        Some("/devTools/exportTask"),
        "Where the notification of a finished export leads: a path of the front end, or a URL",
    ),
    Knob::one(
        "request-timeout",
        "DURATION",
        Some("30s"),
        "How long a caller waits for an answer; after it 503, and the request still ends in the background",
    ),
    Knob::one(
        "header-timeout",
        "DURATION",
        Some("20s"),
        "How long a request's headers may take, and how long a connection may idle between two requests",
    ),
    Knob::one(
        "max-connections",
        "COUNT",
        Some("4096"),
        "HTTP connections at once; more wait. Each costs a descriptor and some KiB",
    ),
    Knob::one(
        "max-requests",
        "COUNT",
        Some("512"),
        "Requests at once; more are answered 503. Each costs up to some MiB",
    ),
    Knob::one(
        "command-timeout",
        "DURATION",
        Some("2s"),
        "How long gateways are waited for; one that is mute is named in `failed` after it",
    ),
    Knob::one(
        "drain-timeout",
        "DURATION",
        Some("10s"),
        "After SIGTERM requests may take this long to end; then they are cut",
    ),
];

/// What `gatepipe-api --help` is made of.
pub const PROGRAM: Program = Program {
    name: "gatepipe-api",
    section: "api",
    about: "Decides who may do what over HTTP, stores what must last, and commands the gateways.",
    examples: "Examples:
  gatepipe-api --jwt-secret-file /run/secrets/jwt
  GATEPIPE_JWT_SECRET=$(openssl rand -hex 32) gatepipe-api --listen 0.0.0.0:8787
  gatepipe-api --jwt-jwks https://id.example.com/jwks --jwt-issuer https://id.example.com --jwt-audience push --jwt-user-kind external --jwt-create-users true
  gatepipe-api --jwt-secret-file /run/secrets/jwt --database-url-file /run/secrets/database-url --database-connections 20
  gatepipe-api --jwt-secret-file /run/secrets/jwt --listen 0.0.0.0:8787 --tls-cert fullchain.pem --tls-key privkey.pem
  gatepipe-api --jwt-public-key issuer.pem --database-url sqlite:///srv/gatepipe/gatepipe.db --register http://register:1236",
    knobs: KNOBS,
};
