//! The same on moto, an independent implementation of S3, in case the test server deviates from the
//! protocol.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::server::Server;
use super::{assert_same, corpus};
use crate::command::{dechaff, stderr, stdout};

/// The environment variable with the path of `moto_server`.
const PROGRAM: &str = "MOTO_SERVER";

struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts moto; returns it with its host and port.
fn start(program: &str) -> (Moto, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port]).stdout(Stdio::null()).stderr(Stdio::null());
    let moto = Moto(command.spawn().unwrap());
    let host = format!("127.0.0.1:{port}");
    let begin = Instant::now();
    while TcpStream::connect(&host).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(120), "moto does not start");
        std::thread::sleep(Duration::from_millis(100));
    }
    (moto, host)
}

/// Puts an object, or a bucket.
fn put(host: &str, path: &str, content: &[u8]) {
    let mut stream = TcpStream::connect(host).unwrap();
    let path = path.replace(' ', "%20");
    let length = content.len();
    let head = format!("PUT /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    stream.write_all(content).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn put_folder(host: &str, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let key = format!("{prefix}/{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => put_folder(host, &path, &key),
            false => put(host, &key, &fs::read(&path).unwrap()),
        }
    }
}

#[test]
fn a_bucket_on_moto_is_read_and_written() {
    let Ok(program) = std::env::var(PROGRAM) else {
        println!("skipped: {PROGRAM} does not name the program moto_server");
        return;
    };
    let folder = corpus();
    let folder = folder.path();
    let (_moto, host) = start(&program);
    put(&host, "bucket", b"");
    put_folder(&host, &folder.join("corpus"), "bucket/corpus");
    let server = Server::outside(format!("http://{host}"));
    let concise = ["--isolated", "--output-format", "concise"];
    let check = |path| [&["check", path], &concise[..]].concat();
    let local = dechaff(folder, &check("corpus"));
    assert_same(&server.run(folder, &check("s3://bucket/corpus")), "s3://bucket/", &local);

    // In parts, and the copies are read again.
    let noise = serde_json::json!({"id": 1, "text": "A word. ".repeat(1_300_000)});
    fs::write(folder.join("corpus/large.jsonl"), format!("{noise}\n")).unwrap();
    let fix = ["check", "corpus", "--select=BP", "--fix-only", "--isolated", "--output-dir"];
    dechaff(folder, &[&fix[..], &["clean"]].concat());
    server.run(folder, &[&fix[..], &["s3://bucket/clean"]].concat());
    let copies =
        server.run(folder, &[&check("s3://bucket/clean")[..], &["--select=BP,SY"]].concat());
    let local = dechaff(folder, &[&check("clean")[..], &["--select=BP,SY"]].concat());
    assert_same(&copies, "s3://bucket/", &local);

    let succeeds = |arguments: &[&str]| {
        let output = server.run(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    let rules = ["--isolated", "--select=ND001"];
    let old = ["s3://bucket/corpus/a", "s3://bucket/corpus/drafts"];
    for path in old {
        succeeds(&[&["index", "add", "s3://bucket/i.dxi", path], &rules[..]].concat());
    }
    succeeds(&["index", "compact", "s3://bucket/i.dxi"]);
    let verified = succeeds(&["index", "verify", "s3://bucket/i.dxi"]);
    assert!(verified.ends_with("in 1 segment\n"), "{verified}");

    succeeds(&[&["compare", "sketch", "s3://bucket/work"], &old[..], &rules].concat());
    succeeds(&["compare", "match", "s3://bucket/work"]);
    succeeds(&["compare", "status", "s3://bucket/work"]);
    let check = [&["check"], &old[..], &concise, &["--select=ND001"]].concat();
    let whole = server.run(folder, &check);
    let compared = server.run(folder, &[&check[..], &["--compared=s3://bucket/work"]].concat());
    assert!(assert_same(&compared, "s3://bucket/", &whole).contains("ND001"));
}
