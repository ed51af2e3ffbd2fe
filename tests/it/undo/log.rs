//! The undo log itself: damage, locking and full disks.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{FIX, KEPT, corpus, dechaff, files, fix, refusal, stderr, succeeds, text};

#[test]
fn a_file_that_is_not_a_log_is_rejected_and_unchanged() {
    let folder = corpus(1);
    let original = files(&folder.path().join("corpus"));
    for content in [KEPT, "{\"text\": \"x\"}\n", "\u{0}\u{1}\u{2}\n\n"] {
        fs::write(folder.path().join("notes"), content).unwrap();
        let message = refusal(folder.path(), &["undo", "notes"]);
        assert!(message.contains("notes: not an undo log"), "{message}");
        let message = refusal(folder.path(), &["check", "corpus", "--fix", "--undo-log", "notes"]);
        assert!(message.contains("notes: not an undo log"), "{message}");
        assert_eq!(fs::read_to_string(folder.path().join("notes")).unwrap(), content);
        assert_eq!(files(&folder.path().join("corpus")), original);
    }
    assert!(refusal(folder.path(), &["undo", "corpus"]).contains("corpus: not an undo log"));
    assert!(refusal(folder.path(), &["undo", "gone"]).contains("cannot use the undo log gone"));
    fs::write(folder.path().join("empty"), "").unwrap();
    assert!(refusal(folder.path(), &["undo", "empty"]).contains("the undo log is empty"));
}

#[test]
fn a_truncated_or_corrupt_log_restores_the_rest() {
    let folder = corpus(3);
    let before = files(&folder.path().join("corpus"));
    fix(folder.path());
    let fixed = files(&folder.path().join("corpus"));
    let log = folder.path().join("log.jsonl");
    let whole = fs::read(&log).unwrap();
    let put = |files: &BTreeMap<PathBuf, Vec<u8>>| {
        files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap())
    };

    // Truncated within a character, as by a kill.
    fs::write(&log, [&whole[..], b"{\"path\":\"c/z.txt\",\"removed\":\"caf\xc3"].concat()).unwrap();
    let output = dechaff(folder.path(), &["undo", "log.jsonl"]);
    assert!(output.status.success());
    assert!(
        stderr(&output).contains("log.jsonl:5: the line is incomplete or was edited"),
        "{}",
        stderr(&output)
    );
    assert_eq!(files(&folder.path().join("corpus")), before);

    // The same, followed by another run.
    fix(folder.path());
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(files(&folder.path().join("corpus")), before);

    // A corrupt byte: only the change on that line is not restored.
    let third = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 40;
    for (at, byte) in [(third, b'#'), (third + 200, 0xFF)] {
        put(&fixed);
        let mut damaged = whole.clone();
        damaged[at] = byte;
        fs::write(&log, damaged).unwrap();
        let message = dechaff(folder.path(), &["undo", "log.jsonl"]);
        assert!(
            stderr(&message).contains("log.jsonl:3: the line is incomplete or was edited"),
            "{}",
            stderr(&message)
        );
        let now = files(&folder.path().join("corpus"));
        assert_eq!(now.iter().filter(|(path, bytes)| before[*path] == **bytes).count(), 2);
        assert_eq!(now.iter().filter(|(path, bytes)| fixed[*path] == **bytes).count(), 1);
    }
}

#[test]
fn an_incomplete_change_set_is_reported() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.txt");
    let original = format!(
        "Leave a Comment\n\n{KEPT}\n\nBe the first to comment\n\n{KEPT} And so on.\n\nLeave a Comment\n"
    );
    fs::write(&path, &original).unwrap();
    fix(folder.path());
    let fixed = fs::read(&path).unwrap();
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    for missing in 1..4 {
        let rest: String = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != missing)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        fs::write(folder.path().join("log.jsonl"), rest).unwrap();
        let message = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(
            message.contains("corpus/a.txt: 2 of the 3 changes made together are in the undo log"),
            "{message}"
        );
        assert_eq!(fs::read(&path).unwrap(), fixed);
    }
    // An incomplete change set followed by the complete one, as left by a run killed while logging.
    let part: String =
        lines[..2].iter().chain(&lines[1..]).map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("log.jsonl"), part).unwrap();
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), original);
}

#[test]
fn concurrent_runs_do_not_share_a_log() {
    let folder = corpus(2);
    fix(folder.path());
    let held = fs::File::options().append(true).open(folder.path().join("log.jsonl")).unwrap();
    held.lock().unwrap();
    for arguments in [FIX, &["undo", "log.jsonl"]] {
        let message = refusal(folder.path(), arguments);
        assert!(
            message.contains("log.jsonl: another dechaff process is using this undo log"),
            "{message}"
        );
    }
    drop(held);
    succeeds(folder.path(), &["undo", "log.jsonl"]);

    // Whichever run gets the log, everything is restored.
    let before = files(&folder.path().join("corpus"));
    for _ in 0..10 {
        let spawn = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
            command.current_dir(folder.path()).args(FIX).stderr(Stdio::null()).spawn().unwrap()
        };
        let (mut one, mut other) = (spawn(), spawn());
        one.wait().unwrap();
        other.wait().unwrap();
        assert_ne!(files(&folder.path().join("corpus")), before);
        succeeds(folder.path(), &["undo", "log.jsonl"]);
        assert_eq!(files(&folder.path().join("corpus")), before);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_incomplete_entry() {
    let folder = corpus(6);
    // After a long change, only short ones fit on the disk.
    let long = format!(
        "{KEPT}\n\n{}",
        "Leave a Comment\n\n".repeat(40) + &format!("{KEPT} ").repeat(200) + "\n"
    );
    fs::write(folder.path().join("corpus/000.txt"), long).unwrap();
    let before = files(&folder.path().join("corpus"));
    for kilobytes in 4..28 {
        let script = format!(
            "trap '' XFSZ; ulimit -f {kilobytes}; exec {} {}",
            env!("CARGO_BIN_EXE_dechaff"),
            FIX.join(" ")
        );
        Command::new("bash").current_dir(folder.path()).args(["-c", &script]).output().unwrap();
        let output = dechaff(folder.path(), &["undo", "log.jsonl"]);
        assert!(!stderr(&output).contains("incomplete"), "{kilobytes}: {}", stderr(&output));
        assert_eq!(
            files(&folder.path().join("corpus")),
            before,
            "{kilobytes}: {}",
            stderr(&output)
        );
        fs::remove_file(folder.path().join("log.jsonl")).unwrap();
    }
}

/// A small tmpfs, unmounted when dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    /// Returns `None` if this process is not permitted to mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_lost_whenever_the_disk_fills_up() {
    let Some(disk) = SmallDisk::mount("400k") else {
        eprintln!("skipped: this process may not mount a tmpfs");
        return;
    };
    let folder = disk.0.path();
    fs::create_dir(folder.join("corpus")).unwrap();
    let long = format!(
        "{KEPT}\n\n{}",
        "Leave a Comment\n\n".repeat(40) + &format!("{KEPT} ").repeat(300) + "\n"
    );
    let short = |number: usize| format!("{}\n\n{}", format!("{KEPT} ").repeat(8), text(number));
    let begin = || {
        let _ = fs::remove_file(folder.join("log.jsonl"));
        fs::write(folder.join("corpus/a.txt"), &long).unwrap();
        (0..5).for_each(|number| {
            fs::write(folder.join(format!("corpus/b{number}.txt")), short(number)).unwrap()
        });
        files(&folder.join("corpus"))
    };
    for room in (0..=64).step_by(4) {
        let before = begin();
        // Leaves `room` kilobytes.
        let mut filler = fs::File::create(folder.join("filler")).unwrap();
        while filler.write_all(&[0; 1024]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(room * 1024)).unwrap();
        let run = dechaff(folder, FIX);
        fs::remove_file(folder.join("filler")).unwrap();
        let is_changed = files(&folder.join("corpus")) != before;
        assert!(run.status.success() || !stderr(&run).is_empty(), "{room}");
        let undone = dechaff(folder, &["undo", "log.jsonl"]);
        assert!(undone.status.success() || !is_changed, "{room}: {}", stderr(&undone));
        assert_eq!(files(&folder.join("corpus")), before, "{room}: {}", stderr(&undone));
    }
}
