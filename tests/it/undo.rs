//! Undoing: whatever happens to a run, its log restores every change that was applied, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const KEPT: &str = "The talks go on in Muscat next week, both sides said on Monday after a long day.";

fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff")).current_dir(folder).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What fails with exit code 2 says.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}

fn text(number: usize) -> String {
    format!("{KEPT} It was day {number} of {}.\n\nLeave a Comment\n", number * 7_919 % 10_007)
}

/// A folder `corpus` with texts.
fn corpus(count: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    for number in 0..count {
        fs::write(folder.path().join(format!("corpus/{number:03}.txt")), text(number)).unwrap();
    }
    folder
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

const FIX: &[&str] = &["check", "corpus", "--fix-only", "-q", "--undo-log", "log.jsonl"];

fn fix(folder: &Path) {
    succeeds(folder, FIX);
}

/// Writes a line of the log again with other fields, and the right checksum.
fn forge(line: &str, change: impl Fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(line).unwrap();
    change(&mut value);
    value.as_object_mut().unwrap().remove("sum");
    let mut line = value.to_string();
    line.pop();
    let digits: String = Sha256::digest(&line).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{line},\"sum\":\"{digits}\"}}\n")
}

#[test]
fn a_run_that_is_repeated_can_be_undone() {
    let folder = corpus(3);
    let before = files(&folder.path().join("corpus"));
    for _ in 0..3 {
        succeeds(folder.path(), &["check", "corpus", "--output-dir", "clean", "--trail", "log.jsonl", "--fix-only"]);
    }
    let clean = folder.path().join("clean");
    assert!(!fs::read_to_string(clean.join("000.txt")).unwrap().contains("Comment"));
    let told = succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(told, "3 passages restored in 3 files\n");
    for (path, bytes) in &before {
        assert_eq!(&fs::read(clean.join(path.file_name().unwrap())).unwrap(), bytes);
    }
    assert_eq!(files(&folder.path().join("corpus")), before);

    // In place, with an undo in between.
    for _ in 0..2 {
        fix(folder.path());
        fix(folder.path());
        assert_ne!(files(&folder.path().join("corpus")), before);
        succeeds(folder.path(), &["undo", "log.jsonl"]);
        assert_eq!(files(&folder.path().join("corpus")), before);
    }
    let told = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(told.contains("nothing to undo"), "{told}");
}

#[test]
fn the_log_of_files_that_moved_is_read_with_root() {
    let folder = corpus(2);
    let before = files(&folder.path().join("corpus"));
    let texts = |files: BTreeMap<PathBuf, Vec<u8>>| files.into_values().collect::<Vec<_>>();
    for root in ["elsewhere/new name", "elsewhere", "elsewhere/deep"] {
        let (was, now) = (
            folder.path().join("corpus"),
            match root {
                "elsewhere" => "elsewhere/corpus",
                "elsewhere/deep" => "elsewhere/deep/corpus",
                other => other,
            },
        );
        let now = folder.path().join(now);
        fix(folder.path());
        fs::create_dir_all(now.parent().unwrap()).unwrap();
        fs::rename(&was, &now).unwrap();
        let told = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(told.contains("--root"), "{told}");
        succeeds(folder.path(), &["undo", "log.jsonl", "--root", root]);
        assert_eq!(texts(files(&now)), texts(before.clone()), "{root}");
        fs::rename(&now, &was).unwrap();
    }
    // One file that is gone is named; the others are restored.
    fix(folder.path());
    fs::remove_file(folder.path().join("corpus/001.txt")).unwrap();
    let told = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(told.contains("corpus/001.txt: no such file"), "{told}");
    assert_eq!(fs::read_to_string(folder.path().join("corpus/000.txt")).unwrap(), text(0));
}

#[test]
fn an_absolute_input_is_undone_from_anywhere() {
    let (folder, elsewhere) = (corpus(2), TempDir::new().unwrap());
    let before = files(&folder.path().join("corpus"));
    let input = folder.path().join("corpus");
    succeeds(elsewhere.path(), &["check", input.to_str().unwrap(), "--fix-only", "-q", "--undo-log", "log.jsonl"]);
    assert_ne!(files(&input), before);
    succeeds(elsewhere.path(), &["undo", "log.jsonl"]);
    assert_eq!(files(&input), before);
}

#[test]
fn a_log_from_elsewhere_changes_nothing_outside_the_working_directory() {
    let folder = corpus(1);
    fix(folder.path());
    let log = fs::read(folder.path().join("log.jsonl")).unwrap();
    let fixed = files(&folder.path().join("corpus"));
    let stranger = TempDir::new().unwrap();
    fs::write(stranger.path().join("log.jsonl"), log).unwrap();
    let told = refusal(stranger.path(), &["undo", "log.jsonl"]);
    assert!(told.contains("comes from elsewhere") && told.contains("--root"), "{told}");
    assert_eq!(files(&folder.path().join("corpus")), fixed);
    let root = folder.path().to_str().unwrap();
    succeeds(stranger.path(), &["undo", "log.jsonl", "--root", root]);
    assert_ne!(files(&folder.path().join("corpus")), fixed);
}

#[cfg(unix)]
#[test]
fn paths_of_a_log_do_not_lead_out_of_its_directory() {
    let folder = corpus(1);
    fix(folder.path());
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let (header, entry) = log.split_once('\n').unwrap();
    let victim = folder.path().join("victim.txt");
    fs::copy(folder.path().join("corpus/000.txt"), &victim).unwrap();
    let fixed = fs::read(&victim).unwrap();
    std::os::unix::fs::symlink("../victim.txt", folder.path().join("corpus/link.txt")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("corpus/up")).unwrap();
    for path in ["../victim.txt", victim.to_str().unwrap(), "link.txt", "up/victim.txt", "x/../../victim.txt", ""] {
        let forged = format!("{header}\n{}", forge(entry.trim_end(), |value| value["path"] = json!(path)));
        fs::write(folder.path().join("log.jsonl"), forged).unwrap();
        for more in [&[][..], &["--root", "corpus"], &["."]] {
            let told = refusal(folder.path(), &[&["undo", "log.jsonl"], more].concat());
            assert!(told.contains("left alone") || told.contains("no such file"), "{path}: {told}");
            assert_eq!(fs::read(&victim).unwrap(), fixed, "{path}");
        }
    }
    // The forged line itself is sound.
    let forged = format!("{header}\n{}", forge(entry.trim_end(), |value| value["version"] = json!("0.0.0")));
    fs::write(folder.path().join("log.jsonl"), forged).unwrap();
    succeeds(folder.path(), &["undo", "log.jsonl"]);
}

#[test]
fn a_file_that_is_no_log_is_called_that_and_never_appended_to() {
    let folder = corpus(1);
    let original = files(&folder.path().join("corpus"));
    for content in [KEPT, "{\"text\": \"x\"}\n", "\u{0}\u{1}\u{2}\n\n"] {
        fs::write(folder.path().join("notes"), content).unwrap();
        let told = refusal(folder.path(), &["undo", "notes"]);
        assert!(told.contains("notes: not an undo log"), "{told}");
        let told = refusal(folder.path(), &["check", "corpus", "--fix", "--undo-log", "notes"]);
        assert!(told.contains("notes: not an undo log"), "{told}");
        assert_eq!(fs::read_to_string(folder.path().join("notes")).unwrap(), content);
        assert_eq!(files(&folder.path().join("corpus")), original);
    }
    assert!(refusal(folder.path(), &["undo", "corpus"]).contains("corpus: not an undo log"));
    assert!(refusal(folder.path(), &["undo", "gone"]).contains("cannot use the undo log gone"));
    fs::write(folder.path().join("empty"), "").unwrap();
    assert!(refusal(folder.path(), &["undo", "empty"]).contains("the undo log is empty"));
}

#[test]
fn a_log_that_was_cut_or_damaged_anywhere_restores_the_rest() {
    let folder = corpus(3);
    let before = files(&folder.path().join("corpus"));
    fix(folder.path());
    let fixed = files(&folder.path().join("corpus"));
    let log = folder.path().join("log.jsonl");
    let whole = fs::read(&log).unwrap();
    let put =
        |files: &BTreeMap<PathBuf, Vec<u8>>| files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());

    // Cut inside a character by a kill.
    fs::write(&log, [&whole[..], b"{\"path\":\"c/z.txt\",\"removed\":\"caf\xc3"].concat()).unwrap();
    let output = dechaff(folder.path(), &["undo", "log.jsonl"]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("log.jsonl:5: the line is incomplete or was edited"), "{}", stderr(&output));
    assert_eq!(files(&folder.path().join("corpus")), before);

    // The same, and another run after it.
    fix(folder.path());
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(files(&folder.path().join("corpus")), before);

    // A byte of one line that is another: that line is passed over, and what it would have restored is named.
    let third = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 40;
    for (at, byte) in [(third, b'#'), (third + 200, 0xFF)] {
        put(&fixed);
        let mut damaged = whole.clone();
        damaged[at] = byte;
        fs::write(&log, damaged).unwrap();
        let told = dechaff(folder.path(), &["undo", "log.jsonl"]);
        assert!(stderr(&told).contains("log.jsonl:3: the line is incomplete or was edited"), "{}", stderr(&told));
        let now = files(&folder.path().join("corpus"));
        assert_eq!(now.iter().filter(|(path, bytes)| before[*path] == **bytes).count(), 2);
        assert_eq!(now.iter().filter(|(path, bytes)| fixed[*path] == **bytes).count(), 1);
    }
}

#[test]
fn a_change_of_which_the_log_lost_a_part_is_named() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.txt");
    let original =
        format!("Leave a Comment\n\n{KEPT}\n\nBe the first to comment\n\n{KEPT} And so on.\n\nLeave a Comment\n");
    fs::write(&path, &original).unwrap();
    fix(folder.path());
    let fixed = fs::read(&path).unwrap();
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    for missing in 1..4 {
        let rest: String =
            lines.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, line)| format!("{line}\n")).collect();
        fs::write(folder.path().join("log.jsonl"), rest).unwrap();
        let told = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(told.contains("corpus/a.txt: 2 of the 3 changes made at once are in the undo log"), "{told}");
        assert_eq!(fs::read(&path).unwrap(), fixed);
    }
    // A whole step after a part of one, as a run leaves that was killed while it wrote the log.
    let part: String = lines[..2].iter().chain(&lines[1..]).map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("log.jsonl"), part).unwrap();
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), original);
}

#[test]
fn two_runs_never_share_a_log() {
    let folder = corpus(2);
    fix(folder.path());
    let held = fs::File::options().append(true).open(folder.path().join("log.jsonl")).unwrap();
    held.lock().unwrap();
    for arguments in [FIX, &["undo", "log.jsonl"]] {
        let told = refusal(folder.path(), arguments);
        assert!(told.contains("log.jsonl: another run of dechaff is using this undo log"), "{told}");
    }
    drop(held);
    succeeds(folder.path(), &["undo", "log.jsonl"]);

    // Whichever runs get the log, all is restored.
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
fn a_full_disk_leaves_no_part_of_an_entry_behind() {
    let folder = corpus(6);
    // A long change after which only short ones have room.
    let long = format!("{KEPT}\n\n{}", "Leave a Comment\n\n".repeat(40) + &format!("{KEPT} ").repeat(200) + "\n");
    fs::write(folder.path().join("corpus/000.txt"), long).unwrap();
    let before = files(&folder.path().join("corpus"));
    for kilobytes in 4..28 {
        let script =
            format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {} {}", env!("CARGO_BIN_EXE_dechaff"), FIX.join(" "));
        Command::new("bash").current_dir(folder.path()).args(["-c", &script]).output().unwrap();
        let output = dechaff(folder.path(), &["undo", "log.jsonl"]);
        assert!(!stderr(&output).contains("incomplete"), "{kilobytes}: {}", stderr(&output));
        assert_eq!(files(&folder.path().join("corpus")), before, "{kilobytes}: {}", stderr(&output));
        fs::remove_file(folder.path().join("log.jsonl")).unwrap();
    }
}

/// Fills a file system of its own and unmounts it at the end.
#[cfg(target_os = "linux")]
struct SmallDisk(TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    /// `None` where this process may not mount anything.
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
fn a_disk_of_any_size_that_fills_up_loses_nothing() {
    let Some(disk) = SmallDisk::mount("400k") else {
        eprintln!("skipped: this process may not mount a tmpfs");
        return;
    };
    let folder = disk.0.path();
    fs::create_dir(folder.join("corpus")).unwrap();
    let long = format!("{KEPT}\n\n{}", "Leave a Comment\n\n".repeat(40) + &format!("{KEPT} ").repeat(300) + "\n");
    let short = |number: usize| format!("{}\n\n{}", format!("{KEPT} ").repeat(8), text(number));
    let begin = || {
        let _ = fs::remove_file(folder.join("log.jsonl"));
        fs::write(folder.join("corpus/a.txt"), &long).unwrap();
        (0..5).for_each(|number| fs::write(folder.join(format!("corpus/b{number}.txt")), short(number)).unwrap());
        files(&folder.join("corpus"))
    };
    for room in (0..=64).step_by(4) {
        let before = begin();
        // Leaves room for so many kilobytes.
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

#[test]
fn json_lines_come_back_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.jsonl");
    let removed = [
        "Leave a Comment",
        "Leave a Comment °",
        r"Leave a Comment \u00b0",
        r"Le\u0061ve a Comment",
        r"Leave a Comment \ud83d\ude00",
        r"Leave a\tComment",
        r"Leave a Comment \/",
        "© 2024 Example \\\"Inc\\\"",
        r"\u00a9 2024 Example Inc. All rights reserved.",
    ];
    let kept = ["caf\\u00e9 ", "café ", "", "\\/ "];
    let mut lines = String::new();
    for (index, removed) in removed.iter().enumerate() {
        for kept in kept {
            lines.push_str(&format!(
                "{{\"id\":{index}, \"text\" : \"{kept}{KEPT}\\n\\n{removed}\\n\\n{kept}Then {index}.\"}}\r\n"
            ));
        }
    }
    fs::write(&path, &lines).unwrap();
    fix(folder.path());
    let fixed = fs::read_to_string(&path).unwrap();
    assert!(fixed.lines().zip(lines.lines()).filter(|(fixed, line)| fixed != line).count() >= 20, "{fixed}");
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), lines);
}

#[test]
fn json_that_a_log_was_edited_to_hold_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.jsonl");
    fs::write(&path, format!("{{\"text\": \"{KEPT}\\n\\nLe\\u0061ve a Comment\"}}\n")).unwrap();
    fix(folder.path());
    let fixed = fs::read(&path).unwrap();
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let (header, entry) = log.split_once('\n').unwrap();
    let raw = "\\n\\nLeave a Comment\", \"injected\": \"";
    let forged = forge(entry.trim_end(), |value| value["raw"] = json!(raw));
    fs::write(folder.path().join("log.jsonl"), format!("{header}\n{forged}")).unwrap();
    refusal(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read(&path).unwrap(), fixed);
}

fn records(texts: &[&str]) -> String {
    let line =
        |(index, text): (usize, &&str)| format!("{}\n", json!({"id": format!("doc-{index}"), "text": text, "n": 1.5}));
    texts.iter().enumerate().map(line).collect()
}

#[test]
fn records_that_were_left_out_are_named_or_restored() {
    let long = format!("{KEPT}\n\nLeave a Comment");
    let texts = ["Leave a Comment", &long, "Be the first to comment", "", KEPT, "Leave a Comment"];
    let lines = records(&texts);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.jsonl"), &lines).unwrap();
    let copy = folder.path().join("clean/a.jsonl");
    let run = ["check", "a.jsonl", "--output-dir", "clean", "--drop-empty", "--max-removed", "1", "--select", "BP"];
    let run = [&run[..], &["--fix-only", "-q", "--undo-log", "log.jsonl"]].concat();
    succeeds(folder.path(), &run);
    assert_eq!(fs::read_to_string(&copy).unwrap().lines().count(), 2);
    let told = refusal(folder.path(), &["undo", "log.jsonl"]);
    for (index, id) in [(1, 0), (3, 2), (4, 3), (6, 5)] {
        let expected =
            format!("record {index} of the original (id \"doc-{id}\") was left out of the copy and cannot be put back");
        assert!(told.contains(&expected), "{expected}: {told}");
    }
    assert_eq!(told.matches("was left out").count(), 4, "{told}");
    // All others are restored.
    let restored = fs::read_to_string(&copy).unwrap();
    assert_eq!(
        restored,
        lines
            .lines()
            .enumerate()
            .filter(|(at, _)| [1, 4].contains(at))
            .map(|(_, line)| format!("{line}\n"))
            .collect::<String>()
    );

    // Kept, they are put back, whatever the runs before.
    let keep = [&run[..], &["--keep-dropped"]].concat();
    for _ in 0..2 {
        succeeds(folder.path(), &run);
        succeeds(folder.path(), &keep);
        let told = refusal(folder.path(), &["undo", "log.jsonl", "--rule", "BP003"]);
        assert!(told.contains("undo all changes at once") || told.contains("no change"), "{told}");
        succeeds(folder.path(), &keep);
        succeeds(folder.path(), &["undo", "log.jsonl"]);
        assert_eq!(fs::read_to_string(&copy).unwrap(), lines);
        assert!(refusal(folder.path(), &["undo", "log.jsonl"]).contains("nothing to undo"));
    }
}

#[test]
fn changes_below_others_are_not_passed_over_in_silence() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.txt");
    let original = format!("{KEPT}\n\nLeave a Comment\n\n{KEPT} And so on.\n\nShare on Facebook\n");
    fs::write(&path, &original).unwrap();
    for rules in ["BP001", "BP"] {
        succeeds(folder.path(), &[FIX, &["--select", rules]].concat());
    }
    let fixed = fs::read_to_string(&path).unwrap();
    let told = refusal(folder.path(), &["undo", "log.jsonl", "--rule", "BP001"]);
    assert!(told.contains("changed the text later"), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), fixed);
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), original);
}

#[test]
fn a_changed_record_that_can_no_longer_be_read_is_named() {
    for damage in ["{\"text\": \"cut o\n", "{\"id\": 1}\n", "\n"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("corpus/a.jsonl");
        fs::create_dir(folder.path().join("corpus")).unwrap();
        let original = records(&[&text(0), &text(1)]);
        fs::write(&path, &original).unwrap();
        fix(folder.path());
        let fixed = fs::read_to_string(&path).unwrap();
        let (first, _) = fixed.split_once('\n').unwrap();
        fs::write(&path, format!("{first}\n{damage}")).unwrap();
        let told = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(told.contains("a changed record cannot be restored"), "{damage}: {told}");
        let (first, _) = original.split_once('\n').unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{first}\n{damage}"));
    }
}

#[test]
fn an_edited_file_is_left_alone_and_the_rest_restored() {
    let folder = corpus(3);
    fix(folder.path());
    let path = folder.path().join("corpus/001.txt");
    fs::File::options().append(true).open(&path).unwrap().write_all(b"More.\n").unwrap();
    let edited = fs::read(&path).unwrap();
    let told = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(told.contains("corpus/001.txt: the text has changed since it was fixed"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), edited);
    assert_eq!(fs::read_to_string(folder.path().join("corpus/002.txt")).unwrap(), text(2));
}
