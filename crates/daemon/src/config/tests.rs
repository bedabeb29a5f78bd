use std::io::Write;

use super::*;

const KNOBS: &[Knob] = &[
    Knob::one("listen", "ADDR", Some("127.0.0.1:7272"), "where"),
    Knob::one("ping-interval", "DURATION", Some("55s"), "how often"),
    Knob::one("outbox-size", "SIZE", Some("1MiB"), "how much"),
    Knob::one("limit", "COUNT", Some("1"), "how many"),
    Knob::one("advertise", "HOST:PORT", None, "how"),
];
const PROGRAM: Program =
    Program { name: "gatepipe-test", section: "gateway", about: "a test", examples: "", knobs: KNOBS };

fn load(flags: &[&str], environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let flags = ["gatepipe-test"].iter().chain(flags);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load_from(&PROGRAM, flags, environment)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn mistakes(mut settings: Settings) -> Vec<String> {
    match settings.check() {
        Err(ConfigError::Mistakes(mistakes)) => mistakes,
        other => panic!("expected mistakes, got {other:?}"),
    }
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = file(
        "ping_interval = \"3s\"\nlimit = 3\noutbox_size = 3\n[gateway]\noutbox_size = \"4KiB\"\n[api]\nanything = 1\n",
    );
    let path = file.path().to_str().unwrap();
    let mut settings = load(
        &["--config", path, "--limit", "5"],
        &[("GATEPIPE_PING_INTERVAL", "4s"), ("GATEPIPE_LIMIT", "4")],
    )
    .unwrap();
    assert_eq!(settings.addr("listen"), Ok("127.0.0.1:7272".parse().unwrap()));
    assert_eq!(settings.duration("ping-interval"), Ok(Duration::from_secs(4)));
    assert_eq!(settings.number::<u32>("limit"), Ok(5));
    assert_eq!(settings.size("outbox-size"), Ok(4096));
    assert_eq!(settings.optional_text("advertise"), Ok(None));
    settings.check().unwrap();
}

#[test]
fn the_file_may_be_named_by_the_environment_and_lists_replace_each_other() {
    let file = file("register = [\"http://a:1\", \"http://b:1\"]");
    let path = file.path().to_str().unwrap();
    let environment = [("GATEPIPE_CONFIG", path)];
    assert_eq!(load(&[], &environment).unwrap().list("register").unwrap(), ["http://a:1", "http://b:1"]);
    let mut settings = load(&["--register", "http://c:1", "--register", "http://d:1"], &environment).unwrap();
    assert_eq!(settings.list("register").unwrap(), ["http://c:1", "http://d:1"]);
    let mut settings = load(&[], &[("GATEPIPE_REGISTER", "http://e:1, http://f:1")]).unwrap();
    assert_eq!(settings.list("register").unwrap(), ["http://e:1", "http://f:1"]);
    assert_eq!(load(&[], &[]).unwrap().list("register").unwrap(), ["http://127.0.0.1:1236"]);
}

#[test]
fn every_mistake_is_told_at_once_with_its_source() {
    let file = file("ping_intervall = \"55s\"\nlimit = [1]\n[gateway]\nlisten = \"nowhere\"\n");
    let path = file.path().to_str().unwrap();
    let mut settings =
        load(&["--config", path, "--outbox-size", "-1"], &[("GATEPIPE_PING_INTERVAL", "55")]).unwrap();
    assert_eq!(settings.addr("listen"), Err(Noted));
    assert_eq!(settings.duration("ping-interval"), Err(Noted));
    assert_eq!(settings.size("outbox-size"), Err(Noted));
    settings.mistake("limit", "is odd");
    let mistakes = mistakes(settings);
    let expected = [
        "ping_intervall in",
        "limit in",
        "gateway.listen in",
        "GATEPIPE_PING_INTERVAL: \"55\" is not a duration",
        "--outbox-size: \"-1\" is not a size",
        "--limit: is odd",
    ];
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for part in expected {
        assert!(mistakes.iter().any(|mistake| mistake.contains(part)), "{part} in {mistakes:#?}");
    }
    assert!(
        mistakes[0].contains("did you mean ping_interval?")
            || mistakes[1].contains("did you mean ping_interval?")
    );
}

#[test]
fn of_a_list_every_value_that_cannot_be_read_is_named() {
    let listed = |flags: &[&str]| load(flags, &[]).unwrap();
    let mut good = listed(&["--register", "1", "--register", "2"]);
    assert_eq!(good.parsed_list::<u8>("register"), Ok(vec![1, 2]));
    good.check().unwrap();
    let mut bad = listed(&["--register", "1", "--register", "two", "--register", "-3"]);
    assert_eq!(bad.parsed_list::<u8>("register"), Err(Noted));
    let mistakes = mistakes(bad);
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("--register: \"two\""), "{mistakes:?}");
}

#[test]
fn secrets_come_from_files_too_and_are_never_printed() {
    let file = file("12345-hush\n");
    let path = file.path().to_str().unwrap();
    for (flags, environment) in [
        (vec!["--secret-file", path], vec![]),
        (vec![], vec![("GATEPIPE_SECRET_FILE", path)]),
        (vec!["--secret", "12345-hush"], vec![]),
        (vec![], vec![("GATEPIPE_SECRET", "12345-hush")]),
    ] {
        let mut settings = load(&flags, &environment).unwrap();
        assert_eq!(settings.secret("secret").unwrap().unwrap().expose_secret(), "12345-hush");
        assert!(!format!("{settings:?}").contains("hush"));
    }
    assert!(load(&[], &[]).unwrap().secret("secret").unwrap().is_none());
    let mut empty = load(&["--secret", ""], &[]).unwrap();
    assert!(empty.secret("secret").is_err());
    assert_eq!(mistakes(load(&["--secret-file", "/nowhere/at/all"], &[]).unwrap()).len(), 1);
}

#[test]
fn a_secret_is_given_once_a_layer() {
    let file = file("hush");
    let path = file.path().to_str().unwrap();
    let config = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&config, format!("[gateway]\nsecret = \"hush\"\nsecret_file = {path:?}\n")).unwrap();
    let config = config.path().to_str().unwrap();
    let cases = [
        (vec!["--secret", "hush", "--secret-file", path], vec![]),
        (vec![], vec![("GATEPIPE_SECRET", "hush"), ("GATEPIPE_SECRET_FILE", path)]),
        (vec!["--config", config], vec![]),
    ];
    for (flags, environment) in cases {
        let mistakes = mistakes(load(&flags, &environment).unwrap());
        assert!(
            mistakes.len() == 1 && mistakes[0].contains("not both") && !mistakes[0].contains("hush"),
            "{mistakes:?}"
        );
    }
    let mut settings = load(&["--secret-file", path], &[("GATEPIPE_SECRET", "other")]).unwrap();
    assert_eq!(
        settings.secret("secret").unwrap().unwrap().expose_secret(),
        "hush",
        "flags win over the environment, file or not"
    );
}

#[test]
fn the_shared_secret_must_fit_into_a_header() {
    for secret in ["two words", "tab\t", "é", ""] {
        let mut settings = load(&["--secret", secret], &[]).unwrap();
        assert!(settings.shared_secret().is_err());
        let mistakes = mistakes(settings);
        assert!(mistakes.len() == 1 && (secret.is_empty() || !mistakes[0].contains(secret)), "{mistakes:?}");
    }
    let mut settings = load(&["--secret", "right!"], &[]).unwrap();
    assert!(settings.shared_secret().unwrap().is_some());
    assert!(load(&[], &[]).unwrap().shared_secret().unwrap().is_none());
}

#[test]
fn a_file_that_is_not_toml_is_told_without_its_secrets() {
    let file = file("limit = 1\nsecret = hush-hush-hush\n");
    let mistakes = mistakes(load(&["--config", file.path().to_str().unwrap()], &[]).unwrap());
    assert!(
        mistakes.len() == 1 && mistakes[0].contains("line 2") && !mistakes[0].contains("hush"),
        "{mistakes:?}"
    );
}

#[test]
fn a_flag_is_never_taken_for_the_value_that_was_forgotten() {
    let error = load(&["--advertise", "--limit", "2"], &[]).unwrap_err();
    assert!(matches!(&error, ConfigError::Flags(error) if error.exit_code() == 2), "{error:?}");
}

#[test]
fn numbers_that_cannot_be_are_told_in_words() {
    for (flag, value, words) in [
        ("--limit", "-1", "is not a COUNT that fits here"),
        ("--limit", "many", "is not a COUNT that fits here"),
        ("--limit", "99999999999", "is not a COUNT that fits here"),
        ("--limit", "", "is not a COUNT that fits here"),
        ("--ping-interval", "-5", "is not a duration"),
        ("--ping-interval", "0s", "must be above zero"),
        ("--outbox-size", "0", "must be above zero"),
        ("--outbox-size", "1GB", "is not a size"),
        ("--listen", "127.0.0.1", "is not an address like"),
        ("--listen", "127.0.0.1:99999", "is not an address like"),
        ("--register", "127.0.0.1:1236", "is not a URL like"),
        ("--register", "https://a:1", "is not a URL like"),
        ("--register", "http://a:0", "is not a URL like"),
        ("--register", "http://me@a:1", "is not a URL like"),
        ("--register", "http://a:1/path", "is not a URL like"),
        ("--register", "", "is not a URL like"),
    ] {
        let mut settings = load(&[flag, value], &[]).unwrap();
        let noted = [
            settings.number::<u32>("limit").is_err(),
            settings.duration("ping-interval").is_err(),
            settings.size("outbox-size").is_err(),
            settings.addr("listen").is_err(),
            settings.internal_urls("register").is_err(),
        ];
        assert_eq!(noted.into_iter().filter(|noted| *noted).count(), 1, "{flag} {value}");
        let mistakes = mistakes(settings);
        assert!(
            mistakes.len() == 1 && mistakes[0].starts_with(flag) && mistakes[0].contains(words),
            "{mistakes:?}"
        );
    }
    let mut zero = load(&["--ping-interval", "0", "--outbox-size", "0"], &[]).unwrap();
    assert_eq!(zero.duration_or_zero("ping-interval"), Ok(Duration::ZERO));
    assert_eq!(zero.size_or_zero("outbox-size"), Ok(0));
    zero.check().unwrap();
}

#[test]
fn a_table_of_nobody_is_a_mistake_with_the_nearest_name() {
    let file = file("[gatewey]\nlimit = 3\n");
    let mistakes = mistakes(load(&["--config", file.path().to_str().unwrap()], &[]).unwrap());
    assert!(mistakes.len() == 1 && mistakes[0].contains("did you mean gateway?"), "{mistakes:?}");
}

#[test]
fn help_tells_defaults_and_variables_and_is_no_failure() {
    for flag in ["--help", "--version"] {
        let Err(ConfigError::Flags(help)) = load(&[flag], &[]) else {
            panic!("{flag} prints and ends");
        };
        assert_eq!(help.exit_code(), 0);
    }
    let help = load(&["--help"], &[]).unwrap_err().to_string();
    for words in [
        "--ping-interval <DURATION>",
        "[env: GATEPIPE_PING_INTERVAL]",
        "[default: 55s]",
        "--secret-file <FILE>",
        "GATEPIPE_SECRET_FILE",
        "GATEPIPE_CONFIG",
    ] {
        assert!(help.contains(words), "{words} in {help}");
    }
}

#[test]
fn unknown_flags_are_errors_and_unknown_variables_are_warnings_with_the_nearest_name() {
    let told =
        mistakes(load(&["--ping-intervall", "1s", "--limit", "1", "--bogus=2", "--zzz"], &[]).unwrap());
    assert_eq!(told.len(), 3, "all of them at once: {told:?}");
    assert!(
        told[0].contains("--ping-intervall: there is no such flag (did you mean --ping-interval?)"),
        "{told:?}"
    );
    let settings =
        load(&[], &[("GATEPIPE_PING_INTERVALL", "1s"), ("GATEPIPE_TEST_ALL", "1"), ("HOME", "/")]).unwrap();
    assert_eq!(settings.warnings().len(), 1);
    assert!(
        settings.warnings()[0].contains("did you mean GATEPIPE_PING_INTERVAL?"),
        "{:?}",
        settings.warnings()
    );
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let file = file("this is = not toml = at all");
    assert!(
        mistakes(load(&["--config", file.path().to_str().unwrap()], &[]).unwrap())[0].contains("is not TOML")
    );
    assert!(mistakes(load(&["--config", "/nowhere/at/all"], &[]).unwrap())[0].contains("cannot read"));
}

#[test]
fn an_internal_listener_in_the_open_needs_a_secret_or_certificates() {
    let files = Files { cert: "a.pem".into(), key: "a.key".into(), ca: Some("ca.pem".into()) };
    for (addr, secret, tls, open) in [
        ("127.0.0.1:1", None, None, true),
        ("[::1]:1", None, None, true),
        ("0.0.0.0:1", None, None, false),
        ("10.0.0.1:1", Some("s"), None, true),
        ("10.0.0.1:1", None, Some(&files), true),
    ] {
        let mut settings = load(&[], &[]).unwrap();
        let secret = secret.map(SecretString::from);
        check_internal_listener(&mut settings, "listen", addr.parse().unwrap(), secret.as_ref(), tls);
        assert_eq!(settings.check().is_ok(), open, "{addr}");
    }
}

#[test]
fn every_setting_tells_what_counts_and_where_it_came_from() {
    let file = file("ping_interval = \"3s\"\n[gateway]\nlimit = 3\noutbox_size = \"4KiB\"\n");
    let path = file.path().to_str().unwrap();
    let environment = [
        ("GATEPIPE_OUTBOX_SIZE", "2KiB"),
        ("GATEPIPE_SECRET", "hunter2"),
        ("GATEPIPE_REGISTER", "http://a:1,http://b:2"),
    ];
    let effective = load(&["--config", path, "--limit", "9"], &environment).unwrap().effective();
    let told = |name: &str| {
        let one = effective.iter().find(|one| one.name == name).unwrap();
        (one.values.join(" "), one.layer, one.source.clone())
    };
    assert_eq!(told("limit"), ("9".into(), Layer::Flag, Some("--limit".into())));
    assert_eq!(told("outbox-size"), ("2KiB".into(), Layer::Environment, Some("GATEPIPE_OUTBOX_SIZE".into())));
    assert_eq!(told("ping-interval"), ("3s".into(), Layer::File, Some(format!("ping_interval in {path}"))));
    assert_eq!(told("listen"), ("127.0.0.1:7272".into(), Layer::Default, None));
    assert_eq!(told("advertise"), (String::new(), Layer::Default, None));
    assert_eq!(told("register").0, "http://a:1 http://b:2");
    let secret = effective.iter().find(|one| one.name == "secret").unwrap();
    assert!(secret.is_secret && secret.values == [effective::MASK], "{secret:?}");
    assert!(!format!("{effective:?}").contains("hunter2"));
}
