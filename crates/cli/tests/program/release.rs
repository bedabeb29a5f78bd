//! `scripts/release.sh`, with the programs of this build.

use std::path::{Path, PathBuf};
use std::process::Command;

use gatepipe_local_cluster::program;

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn a_release_is_a_tarball_with_its_checksum_that_runs_where_it_is_unpacked() {
    let out = tempfile::tempdir().unwrap();
    let programs = program::path("gatepipe").unwrap();
    let mut release = Command::new(root().join("scripts/release.sh"));
    release.arg("--programs").arg(programs.parent().unwrap()).arg("--out").arg(out.path());
    release.env("SOURCE_DATE_EPOCH", "1700000000");
    let tarball = ran(&mut release);
    let tarball = Path::new(tarball.trim_end());
    let file_name = tarball.file_name().unwrap().to_str().unwrap();
    let name = file_name.strip_suffix(".tar.gz").unwrap();
    assert!(name.starts_with(concat!("gatepipe-", env!("CARGO_PKG_VERSION"), "-")), "{name}");
    assert!(name.contains("-linux-") || name.contains("-apple-"), "{name}");
    ran(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(out.path()));

    // The same names, owners and times wherever it is made.
    let listed = ran(Command::new("tar").args(["--utc", "--numeric-owner", "-tvzf"]).arg(tarball));
    let names: Vec<_> = listed.lines().map(|line| line.split_whitespace().last().unwrap()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for line in listed.lines() {
        assert!(line.contains(" 0/0 ") && line.contains(" 2023-11-14 22:13 "), "{line}");
    }

    ran(Command::new("tar").arg("-xzf").arg(tarball).current_dir(out.path()));
    let unpacked = out.path().join(name);
    for program in ["gatepipe", "gatepipe-register", "gatepipe-gateway", "gatepipe-api"] {
        let said = ran(Command::new(unpacked.join("bin").join(program)).arg("--version").env_clear());
        assert_eq!(said.trim_end(), format!("{program} {}", env!("CARGO_PKG_VERSION")));
    }
    let same = |packed: &str, source: &str| {
        let read = |path: PathBuf| std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(read(unpacked.join(packed)) == read(root().join(source)), "{packed}");
    };
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md", "config/gatepipe.example.toml"]
    {
        same(file, file);
    }
    same("nginx/gatepipe.conf", "deploy/nginx/gatepipe.conf");
    let units = root().join("deploy/systemd");
    for unit in std::fs::read_dir(units).into_iter().flatten() {
        let unit = unit.unwrap().file_name().into_string().unwrap();
        if unit.ends_with(".service") {
            same(&format!("systemd/{unit}"), &format!("deploy/systemd/{unit}"));
        }
    }
    for (file, word) in [
        ("gatepipe.bash", "complete -F _gatepipe"),
        ("_gatepipe", "#compdef gatepipe"),
        ("gatepipe.fish", "complete -c gatepipe"),
        ("_gatepipe.ps1", "Register-ArgumentCompleter"),
    ] {
        let script = std::fs::read_to_string(unpacked.join("completions").join(file)).unwrap();
        assert!(script.contains(word), "{file}");
    }
}

#[test]
fn a_directory_without_programs_makes_no_release() {
    let (programs, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut release = Command::new(root().join("scripts/release.sh"));
    release.arg("--programs").arg(programs.path()).arg("--out").arg(out.path());
    let refused = release.output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("gatepipe is missing"), "{refused:?}");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}
