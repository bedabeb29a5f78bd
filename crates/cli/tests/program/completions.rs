//! `gatepipe completions`, in a real shell.

use tokio::process::Command;

use crate::run::{finish, run};

#[tokio::test]
async fn bash_completes_commands_and_flags() {
    let script = run("completions bash").await;
    assert_eq!((script.code, script.stderr.as_str()), (0, ""));
    // As bash does it after a press of the tab key.
    let ask = r#"
        source "$0"
        complete -p gatepipe
        COMP_WORDS=(gatepipe tok); COMP_CWORD=1; _gatepipe gatepipe tok gatepipe; echo "${COMPREPLY[@]}"
        COMP_WORDS=(gatepipe token create --t); COMP_CWORD=3; _gatepipe gatepipe --t create; echo "${COMPREPLY[@]}"
    "#;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("gatepipe.bash");
    std::fs::write(&file, script.stdout).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", ask]).arg(&file).kill_on_drop(true);
    let asked = finish(bash).await;
    let lines: Vec<_> = asked.stdout.lines().collect();
    assert!(lines[0].starts_with("complete ") && lines[0].ends_with(" gatepipe"), "{asked:?}");
    assert_eq!(&lines[1..], ["token", "--ttl"], "{asked:?}");
}

#[tokio::test]
async fn other_shells_get_a_script_too_and_unknown_ones_are_told() {
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let script = run(&format!("completions {shell}")).await;
        assert_eq!(script.code, 0, "{shell}");
        for word in ["force-offline", "jwt-secret-file"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
    let unknown = run("completions tcsh").await;
    assert_eq!(unknown.code, 2, "{unknown:?}");
}
