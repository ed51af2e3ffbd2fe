//! A comparison in steps survives a kill at any file change: repeated tasks end up with the
//! findings of one process.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::index::shared_texts;
use crate::lab::Lab;
use crate::planted::Random;

const RULES: [&str; 4] = ["--isolated", "--select", "ND,ND006,ND008", "--jobs=1"];
/// Little enough memory that a task writes several files.
const SKETCH: [&str; 6] = ["compare", "sketch", "work", "corpus", "--memory=4KB", "--partition"];
const MATCH: [&str; 5] = ["compare", "match", "work", "--memory=64KB", "--partition"];

/// A lab with documents that share text.
fn lab(folder: &Path) -> Lab {
    let lab = Lab::new(Path::new(env!("CARGO_BIN_EXE_dechaff")), folder);
    let mut texts = shared_texts(&mut Random(5), 40);
    for (at, text) in texts.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
        *text += &format!("\n\nPhoto {at} by Anna Mason");
    }
    for (number, texts) in texts.chunks(8).enumerate() {
        let record = |text: &String| format!("{}\n", json!({ "text": text }));
        let records: String = texts.iter().map(record).collect();
        fs::write(lab.folder().join(format!("corpus/{number}.jsonl")), records).unwrap();
    }
    lab
}

fn succeed(lab: &Lab, arguments: &[&str]) {
    let run = lab.run(arguments);
    assert!(run.succeeds(), "{arguments:?}: {}", run.stderr());
}

/// Returns the arguments of all tasks in order: two sketches, then two shares of each step.
fn tasks(lab: &Lab) -> Vec<Vec<String>> {
    let task = |arguments: &[&str]| arguments.iter().map(|argument| argument.to_string()).collect();
    let mut tasks: Vec<Vec<String>> = ["1/2", "2/2"]
        .iter()
        .map(|share| task(&[&SKETCH[..], &[*share], &RULES].concat()))
        .collect();
    for arguments in &tasks {
        succeed(lab, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let status = lab.run(&["compare", "status", "work", "--output-format=json"]);
    let status: Value = serde_json::from_slice(&status.output.stdout).unwrap();
    for step in status["steps"].as_array().unwrap().iter().skip(1) {
        let step = step["step"].as_str().unwrap();
        let shares = if ["merge", "order", "keep"].contains(&step) { 1 } else { 2 };
        for share in 1..=shares {
            let share = format!("{share}/2");
            tasks.push(task(&[&MATCH[..], &[&share, "--step", step]].concat()));
        }
    }
    tasks
}

/// Returns the findings of a check, in order.
fn findings(lab: &Lab, arguments: &[&str]) -> Vec<String> {
    let check = ["check", "corpus", "--output-format=json"];
    let run = lab.run(&[&check[..], &RULES, arguments].concat());
    let findings: Vec<Value> = serde_json::from_slice(&run.output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", run.stderr()));
    let mut findings: Vec<String> = findings.iter().map(Value::to_string).collect();
    findings.sort();
    findings
}

/// Returns the files in the work folder that do not belong to a finished task. A lock left by a
/// killed task is empty and locks nothing.
fn stray_files(lab: &Lab) -> Vec<String> {
    let mut named = BTreeSet::from(["manifest.json".to_owned()]);
    let mut all = Vec::new();
    for file in fs::read_dir(lab.folder().join("work")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".json") && name != "manifest.json" {
            let entry: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let files = entry["files"].as_array().unwrap().iter();
            named.extend(files.map(|file| file["file"].as_str().unwrap().to_owned()));
            named.insert(name.clone());
        }
        all.push(name);
    }
    all.retain(|name| !named.contains(name) && !name.ends_with(".lock"));
    all
}

/// Each task is killed at each file change, and repeated. Files left by killed tasks stay there for
/// all later tasks.
#[test]
fn killed_tasks_are_repeated() {
    let folder = TempDir::new().unwrap();
    let lab = lab(folder.path());
    let expected = findings(&lab, &[]);
    let mut codes: Vec<&str> = expected.iter().filter_map(|finding| code(finding)).collect();
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() > 4, "{codes:?}");
    let tasks = tasks(&lab);
    fs::remove_dir_all(lab.folder().join("work")).unwrap();
    let mut kills = 0;
    for task in &tasks {
        let task: Vec<&str> = task.iter().map(String::as_str).collect();
        for call in (1 + kills as u64 % 3..).step_by(3) {
            let run = lab.run_with(&format!("kill:{call}"), &task);
            if run.hits == 0 {
                assert!(run.succeeds(), "{task:?} after {call} kills: {}", run.stderr());
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 4 * tasks.len(), "{kills} kills");
    succeed(&lab, &["compare", "status", "work"]);
    assert_eq!(findings(&lab, &["--compared", "work"]), expected);
    assert_eq!(stray_files(&lab), Vec::<String>::new());
}

fn code(finding: &str) -> Option<&str> {
    finding.split_once("\"code\":\"")?.1.get(..5)
}

/// A process that does all steps is killed at some changes, once or twice, each time with a new
/// work folder.
#[test]
fn a_comparison_that_was_killed_is_resumed() {
    let folder = TempDir::new().unwrap();
    let lab = lab(folder.path());
    let expected = findings(&lab, &[]);
    succeed(&lab, &[&SKETCH[..], &["1/1"], &RULES].concat());
    let ready = lab.snapshot();
    let all = [&MATCH[..], &["1/1"]].concat();
    let every_call = std::env::var_os("EVERY_CALL").is_some();
    let mut kills = 0;
    for call in (1_u64..).step_by(if every_call { 1 } else { 19 }) {
        lab.restore(&ready);
        let run = lab.run_with(&format!("kill:{call}"), &all);
        if run.hits == 0 {
            break;
        }
        kills += 1;
        if kills % 2 == 0 {
            lab.run_with(&format!("kill:{}", 1 + call / 3), &all);
        }
        succeed(&lab, &all);
        assert_eq!(findings(&lab, &["--compared", "work"]), expected, "kill:{call}");
        assert_eq!(stray_files(&lab), Vec::<String>::new(), "kill:{call}");
    }
    assert!(kills > 10, "{kills} kills");
}
