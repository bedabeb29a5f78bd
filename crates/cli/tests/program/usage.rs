//! What needs no server: help, mistakes, refusals.

use std::time::{Duration, Instant};

use crate::run::{finish, gatepipe, run};

const SUBCOMMANDS: [&str; 40] = [
    "broadcast",
    "push",
    "notify",
    "force-offline",
    "clients",
    "clients get",
    "clients kick",
    "clients session",
    "users",
    "users online",
    "groups",
    "groups join",
    "groups leave",
    "groups ungroup",
    "gateways",
    "gateways drain",
    "tail",
    "listen",
    "token create",
    "token check",
    "user add",
    "user list",
    "user change",
    "role put",
    "role delete",
    "role list",
    "migrate run",
    "migrate status",
    "migrate revert",
    "notifications",
    "audit",
    "openapi",
    "health",
    "config init",
    "config check",
    "config show",
    "config doc",
    "completions",
    "help push",
    "help clients",
];

#[tokio::test]
async fn every_subcommand_has_help_with_examples() {
    for subcommand in SUBCOMMANDS {
        let line = match subcommand {
            help if help.starts_with("help ") => help.to_owned(),
            other => format!("{other} --help"),
        };
        let help = run(&line).await;
        assert_eq!(help.code, 0, "{line}");
        assert!(help.stdout.contains("Examples:\n  gatepipe "), "{line}: {help:?}");
        assert_eq!(help.stderr, "", "{line}");
    }
}

#[tokio::test]
async fn the_help_lists_every_exit_code_and_hides_secrets() {
    let mut command = gatepipe(["--help"]);
    command.env("GATEPIPE_TOKEN", "hush-hush");
    let help = finish(command).await;
    for code in 0..=8 {
        assert!(help.stdout.contains(&format!("\n  {code}  ")), "{help:?}");
    }
    let mut command = gatepipe(["notify", "--help"]);
    command.env("GATEPIPE_TOKEN", "hush-hush");
    let help = finish(command).await;
    assert!(help.stdout.contains("GATEPIPE_TOKEN") && !help.stdout.contains("hush-hush"), "{help:?}");
}

#[tokio::test]
async fn an_unknown_flag_or_command_is_told_with_the_nearest_name() {
    let flag = run("broadcast --dry-runn").await;
    assert_eq!(flag.code, 2, "{flag:?}");
    assert!(flag.stderr.contains("--dry-run"), "{flag:?}");
    let command = run("brodcast").await;
    assert_eq!(command.code, 2, "{command:?}");
    assert!(command.stderr.contains("broadcast"), "{command:?}");
}

#[tokio::test]
async fn what_needs_confirmation_is_refused_without_a_terminal() {
    let id = "0".repeat(16);
    let drain = format!("gateways drain {id}");
    for line in ["broadcast", "force-offline 1 --token x", "groups ungroup lobby", &drain] {
        let refused = run(line).await;
        assert!(refused.failed(3).contains("--yes"), "{line}: {refused:?}");
    }
}

#[tokio::test]
async fn a_register_that_is_not_there_is_one_line_within_seconds() {
    // Taken, but nobody listens: a connection is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let register = format!("http://{}", socket.local_addr().unwrap());
    let commands = [
        "broadcast --yes",
        "broadcast --dry-run",
        "push 1",
        "clients",
        "clients kick --uid 1",
        "users",
        "users online 1",
        "groups",
        "groups ungroup lobby --yes",
        "gateways",
        "gateways drain 0000 --yes",
        "tail",
    ];
    for command in commands {
        let begun = Instant::now();
        let away = run(&format!("{command} --register {register}")).await;
        let line = away.failed(7);
        assert!(line.contains(&register) && line.contains("--register"), "{line}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{command} took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_register_that_is_silent_is_given_up_after_the_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let register = format!("http://{}", listener.local_addr().unwrap());
    let silent = run(&format!("gateways --timeout 300ms --register {register}")).await;
    let line = silent.failed(7);
    assert!(line.contains(&register) && line.contains("300ms"), "{line}");
}

#[tokio::test]
async fn frames_that_may_not_be_sent_are_refused_before_anything_is_asked() {
    for args in [
        ["broadcast", "--yes", "--type", "force_offline"],
        ["broadcast", "--yes", "--type", ""],
        ["broadcast", "--yes", "--data", "hello"],
        ["push", "", "--type", "x"],
        ["push", "--client", "12", "--dry-run"],
    ] {
        let refused = finish(gatepipe(args)).await;
        assert_eq!(refused.code, 2, "{args:?}: {refused:?}");
    }
}

#[tokio::test]
async fn one_secret_is_enough_and_its_file_is_small() {
    let both = run("gateways --secret a --secret-file b").await;
    assert_eq!(both.code, 2, "{both:?}");
    assert!(both.stderr.contains("not both"), "{both:?}");

    // Not a secret: a wrong path, perhaps a device that never ends.
    let endless = run("gateways --secret-file /dev/zero").await;
    assert!(endless.failed(1).contains("more than 64 KiB"), "{endless:?}");
}
