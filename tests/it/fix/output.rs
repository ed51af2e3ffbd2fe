//! What a fix writes, and where: copies, patches, and files on disks that fail.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{copy_of_seeds, dechaff, files};

#[test]
fn output_dir_must_not_overwrite_the_originals() {
    let folder = copy_of_seeds();
    let fixed = dechaff(folder.path(), &["check", ".", "--output-dir", ".", "-q"]);
    assert_eq!(fixed.status.code(), Some(2));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
}

#[test]
fn keeps_line_endings_bom_and_final_newline() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    let prose = "The talks go on in Muscat next week, both sides said on Monday after a long day.";
    for (before, after) in [
        (format!("\u{FEFF}{prose}\r\n\r\nLeave a Comment\r\n"), format!("\u{FEFF}{prose}\r\n")),
        (format!("{prose}\n\nLeave a Comment"), prose.to_owned()),
        (
            format!("Leave a Comment\r\n\n{prose}\r\nAnd so on.\n"),
            format!("{prose}\r\nAnd so on.\n"),
        ),
    ] {
        fs::write(&path, &before).unwrap();
        dechaff(folder.path(), &["check", "a.txt", "--fix", "-q"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
}

#[test]
fn writes_fixed_stdin_to_stdout() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .args(["check", "-", "--fix"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "The talks go on in Muscat next week, both sides said on Monday.\n"
    );
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 finding fixed"));
    assert!(output.status.success());
}

/// Names that must be quoted in a patch, and one that need not be.
#[cfg(unix)]
const ODD_NAMES: [&str; 4] = ["say \"so\".txt", "tab\there.txt", "new\nline.txt", "schön 海.txt"];
#[cfg(not(unix))]
const ODD_NAMES: [&str; 1] = ["schön 海.txt"];

#[test]
fn git_apply_accepts_the_diff() {
    let folder = copy_of_seeds();
    for name in ODD_NAMES {
        fs::write(
            folder.path().join(name),
            "The harbour was quiet when the boats came in.\n\nLeave a Comment\n",
        )
        .unwrap();
    }
    let before = files(folder.path());
    let difference = dechaff(folder.path(), &["check", ".", "--diff", "--unsafe-fixes"]);
    assert_eq!(difference.status.code(), Some(1));
    assert_eq!(files(folder.path()), before, "--diff writes nothing");
    fs::write(folder.path().join("changes.patch"), &difference.stdout).unwrap();
    let applied = Command::new("git")
        .current_dir(folder.path())
        .args(["apply", "--whitespace=nowarn", "changes.patch"])
        .output();
    let Ok(applied) = applied else {
        eprintln!("skipped: git is not installed");
        return;
    };
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let patched = files(folder.path());
    let other = copy_of_seeds();
    for name in ODD_NAMES {
        fs::write(
            other.path().join(name),
            "The harbour was quiet when the boats came in.\n\nLeave a Comment\n",
        )
        .unwrap();
    }
    dechaff(other.path(), &["check", ".", "--fix", "--unsafe-fixes", "-q"]);
    assert_eq!(patched, files(other.path()));
}

#[test]
fn output_dir_gets_fixed_copies_and_originals_are_unchanged() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--output-dir", "clean", "--unsafe-fixes", "-q"]);
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
    let other = copy_of_seeds();
    dechaff(other.path(), &["check", ".", "--fix", "--unsafe-fixes", "-q"]);
    assert_eq!(files(&folder.path().join("clean")), files(other.path()));
}

#[test]
fn output_of_a_run_is_not_input_of_the_next() {
    let folder = copy_of_seeds();
    let arguments = ["check", ".", "--output-dir", "clean", "--unsafe-fixes", "-q"];
    dechaff(folder.path(), &arguments);
    let once = files(&folder.path().join("clean"));
    dechaff(folder.path(), &arguments);
    assert_eq!(files(&folder.path().join("clean")), once);
    assert!(!folder.path().join("clean/clean").exists());
    let checked = String::from_utf8(
        dechaff(folder.path(), &["check", "clean", "--output-dir", "cleaner", "-q"]).stderr,
    );
    assert_eq!(files(&folder.path().join("cleaner")), once, "{checked:?}");

    let listed = copy_of_seeds();
    fs::write(listed.path().join("dechaff.toml"), "ignore-list = \"known.txt\"\n").unwrap();
    fs::write(listed.path().join("known.txt"), "").unwrap();
    let checked =
        dechaff(listed.path(), &["check", ".", "--exit-zero", "--output-format", "concise"]);
    let count = files(Path::new("seeds")).len();
    assert!(String::from_utf8(checked.stdout).unwrap().contains(&format!("{count} files checked")));
}

#[cfg(unix)]
#[test]
fn respects_read_only_files_and_symlinks() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = TempDir::new().unwrap();
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
    let (locked, target, link) = (
        folder.path().join("locked.txt"),
        folder.path().join("target.text"),
        folder.path().join("link.txt"),
    );
    fs::write(&locked, text).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    fs::write(&target, text).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("target.text", &link).unwrap();

    let fixed = dechaff(folder.path(), &["check", "locked.txt", "link.txt", "--fix", "-q"]);
    // Root can write the file; its permissions are preserved.
    if fs::OpenOptions::new().write(true).open(&locked).is_ok() {
        assert_ne!(fixed.status.code(), Some(2));
        assert!(!fs::read_to_string(&locked).unwrap().contains("Comment"));
    } else {
        assert_eq!(fixed.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&fixed.stderr).contains("read-only"));
        assert_eq!(fs::read_to_string(&locked).unwrap(), text);
    }
    assert_eq!(locked.metadata().unwrap().permissions().mode() & 0o777, 0o444);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(!fs::read_to_string(&target).unwrap().contains("Comment"));
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_keeps_the_old_files() {
    let folder = copy_of_seeds();
    // Files are limited to 512 bytes, so the temporary file cannot be completed.
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec {} check . --fix -q",
        env!("CARGO_BIN_EXE_dechaff")
    );
    let output =
        Command::new("bash").current_dir(folder.path()).args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "no temporary file is left");
}

#[test]
fn killed_process_leaves_each_file_old_or_new() {
    const RUNS: u64 = 200;
    // With few rules, most of the time is spent on writing.
    const FIX: &[&str] = &["check", ".", "--select", "MT,BP038", "--fix", "--unsafe-fixes", "-q"];
    let folder = copy_of_seeds();
    let start = std::time::Instant::now();
    dechaff(folder.path(), FIX);
    let whole = start.elapsed();
    let fixed = files(folder.path());
    let original = files(Path::new("seeds"));
    assert_ne!(fixed, original);

    for run in 0..RUNS {
        let folder = copy_of_seeds();
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(FIX)
            .args(["--trail", "trail.jsonl"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run, more densely towards the end, where files are written.
        let share = (run as f64 / RUNS as f64).sqrt();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        let _ = child.kill();
        child.wait().unwrap();
        for (name, text) in files(folder.path()) {
            assert!(
                text == original[&name] || text == fixed[&name],
                "run {run}: {} is damaged",
                name.display()
            );
        }
        assert_eq!(files(folder.path()).len(), original.len(), "run {run}: a file is missing");
        if folder.path().join("trail.jsonl").exists()
            && fs::read(folder.path().join("trail.jsonl")).unwrap().len() > 2
        {
            dechaff(folder.path(), &["undo", "trail.jsonl"]);
            assert_eq!(files(folder.path()), original, "run {run}: the trail does not lead back");
        }
    }
}
