//! Runs that are killed or interrupted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{dechaff, record_line, stderr};

/// Writes a shard that takes a while to fix.
fn large_shard(folder: &Path) -> String {
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n"
            .repeat(20);
    let lines: String = (0..300).map(|index| record_line(index, &text)).collect();
    fs::write(folder.join("a.jsonl"), &lines).unwrap();
    lines
}

#[cfg(unix)]
#[test]
fn a_killed_process_leaves_the_old_or_the_new_shard() {
    const RUNS: u32 = 6;
    let folder = TempDir::new().unwrap();
    let before = large_shard(folder.path());
    let fix = [
        "check",
        "a.jsonl",
        "--select",
        "BP001",
        "--fix-only",
        "--trail",
        "trail.jsonl",
        "--max-removed",
        "1",
    ];
    let start = std::time::Instant::now();
    assert!(dechaff(folder.path(), &fix).status.success());
    let whole = start.elapsed();
    let after = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert_ne!(after, before);
    for run in 0..2 * RUNS {
        let folder = TempDir::new().unwrap();
        large_shard(folder.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(fix)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(
            whole.mul_f64(f64::from(run / 2) / f64::from(RUNS)).max(Duration::from_millis(5)),
        );
        if run % 2 == 0 {
            let _ = child.kill();
            child.wait().unwrap();
        } else {
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            let output = child.wait_with_output().unwrap();
            // Until the handler is installed, the signal ends the process.
            assert!(
                matches!(output.status.code(), None | Some(0 | 130)),
                "{:?} {}",
                output.status,
                stderr(&output)
            );
            let left = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect::<Vec<_>>();
            let temporary =
                left.iter().filter(|name| name.to_string_lossy().starts_with(".dechaff"));
            assert!(temporary.count() == 0 || output.status.code().is_none(), "{left:?}");
        }
        let now = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
        assert!(
            now == before || now == after,
            "run {run}: the shard is neither the old nor the new one"
        );
        if folder.path().join("trail.jsonl").metadata().is_ok_and(|trail| trail.len() > 2) {
            dechaff(folder.path(), &["undo", "trail.jsonl"]);
            assert!(
                fs::read_to_string(folder.path().join("a.jsonl")).unwrap() == before,
                "run {run}: not restored"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_check_reports_its_progress() {
    const RECORDS: usize = 60_000;
    let folder = TempDir::new().unwrap();
    let text = |index: usize| {
        format!("The talks number {index} go on in Muscat, both sides said in hall {}.", index % 97)
    };
    let lines: String = (0..RECORDS).map(|index| record_line(index, &text(index))).collect();
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    let size =
        fs::metadata(folder.path().join("a.jsonl")).unwrap().len() as f64 / f64::from(1 << 20);
    for delay in [300, 700, 1_500] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command.current_dir(folder.path()).args(["check", "a.jsonl", "--isolated"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        // The process may have ended, or not have installed the handler yet.
        let message = stderr(&output);
        let Some(rest) = message.split("interrupted after ").nth(1) else { continue };
        assert_eq!(output.status.code(), Some(130));
        assert!(rest.contains(&format!(" of {size:.2} MiB; ")), "{message}");
        let printed = String::from_utf8(output.stdout).unwrap();
        match rest.starts_with("comparing ") {
            true => assert_eq!(printed, "no files checked\n"),
            false => {
                assert!(
                    rest.starts_with("checking ") && !printed.contains("nothing remains"),
                    "{message}{printed}"
                )
            }
        }
    }
}
