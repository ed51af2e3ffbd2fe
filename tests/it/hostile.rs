//! Hostile corpora: their configurations, rules and lists cannot read files outside of the corpus,
//! run programs, or take forever.

#![cfg(unix)]
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Runs dechaff in `folder`, and returns the exit code and all output.
fn dechaff(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), printed)
}

/// Creates a directory with `secret.toml`, and with a corpus in `corpus/` that has this
/// configuration.
fn corpus(configuration: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("secret.toml"), "password hunter2\n").unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    fs::write(folder.path().join("corpus/a.txt"), "A line of text.\n").unwrap();
    fs::write(folder.path().join("corpus/dechaff.toml"), configuration).unwrap();
    folder
}

#[test]
fn a_configuration_in_a_corpus_reads_nothing_outside_its_directory() {
    for configuration in [
        "extend = \"../secret.toml\"\n",
        "extend = \"/proc/self/environ\"\n",
        "extend = \"/dev/zero\"\n",
        "rules = [\"../secret.toml\"]\n",
        "rules = [\"/\"]\n",
        "baseline = \"../secret.toml\"\n",
        "ignore-list = \"sub/../../secret.toml\"\n",
        "extend = \"link.toml\"\n",
    ] {
        let folder = corpus(configuration);
        symlink("../secret.toml", folder.path().join("corpus/link.toml")).unwrap();
        let (code, printed) = dechaff(folder.path(), &["check", "corpus"]);
        assert_eq!(code, 2, "{configuration}{printed}");
        assert!(printed.contains("corpus/dechaff.toml:1:"), "{configuration}{printed}");
        assert!(printed.contains("outside the directory"), "{configuration}{printed}");
        assert!(
            !printed.contains("hunter2") && !printed.contains("PATH="),
            "{configuration}{printed}"
        );
    }
}

#[test]
fn a_configuration_in_a_corpus_that_is_a_link_is_not_read() {
    let folder = corpus("");
    let configuration = folder.path().join("corpus/dechaff.toml");
    fs::remove_file(&configuration).unwrap();
    symlink("../secret.toml", &configuration).unwrap();
    let (code, printed) = dechaff(folder.path(), &["check", "corpus"]);
    assert_eq!(code, 2, "{printed}");
    assert!(printed.contains("corpus/dechaff.toml") && printed.contains("link"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn a_trusted_configuration_reads_any_file() {
    let folder = corpus("extend = \"../shared.toml\"\n");
    fs::write(folder.path().join("shared.toml"), "ignore = [\"BP\"]\n").unwrap();
    // Passed with --config, or in the working directory.
    let (code, printed) =
        dechaff(folder.path(), &["check", "corpus", "--config", "corpus/dechaff.toml"]);
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = dechaff(&folder.path().join("corpus"), &["check", "."]);
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = dechaff(folder.path(), &["check", "corpus", "--isolated"]);
    assert_eq!(code, 0, "{printed}");
}

#[test]
fn a_configuration_in_a_subdirectory_may_extend_that_of_the_working_directory() {
    let folder = corpus("extend = \"../dechaff.toml\"\n");
    fs::write(folder.path().join("dechaff.toml"), "extend = \"shared/base.toml\"\n").unwrap();
    fs::create_dir(folder.path().join("shared")).unwrap();
    fs::write(folder.path().join("shared/base.toml"), "ignore = [\"BP\"]\n").unwrap();
    let (code, printed) = dechaff(folder.path(), &["check", "corpus"]);
    assert_eq!(code, 0, "{printed}");
}

#[test]
fn link_cycles_among_rules_are_not_followed() {
    let folder = corpus("rules = [\"r\"]\n");
    let rules = folder.path().join("corpus/r");
    fs::create_dir(&rules).unwrap();
    symlink(".", rules.join("a")).unwrap();
    symlink(".", rules.join("b")).unwrap();
    let (code, printed) = dechaff(folder.path(), &["check", "corpus"]);
    assert_eq!(code, 2, "{printed}");
    assert!(printed.contains("no rule file"), "{printed}");
}

#[test]
fn a_configuration_that_is_a_device_is_refused() {
    let folder = corpus("");
    let (code, printed) = dechaff(folder.path(), &["check", "corpus", "--config", "/dev/zero"]);
    assert_eq!(code, 2, "{printed}");
    assert!(printed.contains("device"), "{printed}");
}

/// Regression: comparing all entries with each other took hours.
#[test]
fn a_baseline_of_deleted_files_takes_linear_time() {
    let folder = corpus("");
    let mut entries = String::new();
    for number in 0..300_000 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            entries,
            r#"{comma}{{"path":"p/{number}.txt","rule":"BP001","fingerprint":"{number:032x}","text":"x"}}"#
        );
    }
    fs::write(folder.path().join("b.json"), format!(r#"{{"version":1,"findings":[{entries}]}}"#))
        .unwrap();
    let (code, printed) = dechaff(folder.path(), &["check", "corpus", "--baseline", "b.json"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("300000 known findings no longer found"), "{printed}");
}

#[test]
fn since_does_not_run_the_file_monitor_of_the_repository() {
    let folder = TempDir::new().unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let done = Command::new("git")
            .current_dir(folder.path())
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    fs::write(folder.path().join("a.txt"), "A line of text.\n").unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "a"]);
    let monitor = folder.path().join(".git/monitor");
    fs::write(&monitor, "#!/bin/sh\ntouch ran\n").unwrap();
    fs::set_permissions(&monitor, fs::Permissions::from_mode(0o755)).unwrap();
    git(&["config", "core.fsmonitor", ".git/monitor"]);
    fs::write(folder.path().join("a.txt"), "Another line of text.\n").unwrap();
    let (code, printed) = dechaff(folder.path(), &["check", ".", "--since", "HEAD"]);
    assert_eq!(code, 0, "{printed}");
    assert!(!folder.path().join("ran").exists());
}
