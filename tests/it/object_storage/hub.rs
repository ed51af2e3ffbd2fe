//! Datasets of the Hugging Face Hub, and single files on web servers.

use super::server::{Fault, Server};
use super::{assert_same, corpus};
use crate::command::{dechaff, stderr, stdout};

const CONCISE: [&str; 3] = ["--output-format", "concise", "--isolated"];

#[test]
fn a_dataset_is_read_like_a_folder() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus"), "datasets/owner/name/corpus");
    let local = dechaff(folder, &[&["check", "corpus"], &CONCISE[..]].concat());
    for dataset in ["owner/name", "owner/name@main", "owner/name@refs%2Fconvert%2Fparquet"] {
        server.fail("GET api/datasets/owner/name/revision", Fault::Busy);
        let url = format!("hf://datasets/{dataset}/");
        let output =
            server.run(folder, &[&["check", &format!("{url}corpus")], &CONCISE[..]].concat());
        assert_same(&output, &url, &local);
    }
    let fails = |arguments: &[&str]| {
        let output = server.run(folder, arguments);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let missing = fails(&["check", "hf://datasets/owner/name@old/a.txt"]);
    assert!(missing.contains("no Hugging Face dataset owner/name with this revision"), "{missing}");
    let written = fails(&["check", "corpus", "--output-dir", "hf://datasets/owner/name/out"]);
    assert!(written.contains("read-only"), "{written}");
}

#[test]
fn a_file_on_a_web_server_is_read() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus"), "corpus");
    let url = format!("{}/corpus/", server.address());
    for file in ["a%20b.txt", "a/b.jsonl", "b/g.parquet"] {
        let name = format!("{url}{file}");
        let output = server.run(folder, &[&["check", name.as_str()], &CONCISE[..]].concat());
        let local = file.replace("%20", " ");
        let corpus = folder.join("corpus");
        let local_output = dechaff(&corpus, &[&["check", local.as_str()], &CONCISE[..]].concat());
        let output = std::process::Output {
            stdout: stdout(&output).replace("%20", " ").into_bytes(),
            ..output
        };
        assert_same(&output, &url, &local_output);
    }
    let output = server.run(folder, &["check", &format!("{url}none.txt")]);
    assert!(stderr(&output).contains("no such file"), "{}", stderr(&output));
}
