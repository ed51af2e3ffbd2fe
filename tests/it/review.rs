//! `dechaff review` shows hostile text as text, answers nobody but the person who started it, keeps
//! decisions, and leads to exactly the fixes that were accepted.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::html::{HOSTILE, text};

const COPIED: &str = "The ministry said on Tuesday that the talks would resume in Muscat next week, and that both \
                      sides had agreed to bring their own experts along for the first time since the spring.";

/// A review that is being served.
struct Review {
    child: Child,
    port: u16,
    token: String,
}

/// An answer: status, headers and body.
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Review {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder)
            .arg("review")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let start = line.find("http://127.0.0.1:")?;
            line[start..].split_whitespace().next().map(str::to_owned)
        });
        let address = address.unwrap_or_else(|| {
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("no address: {errors}")
        });
        let (port, token) = address["http://127.0.0.1:".len()..].split_once('/').unwrap();
        Self { port: port.parse().unwrap(), token: token.trim_end_matches('/').to_owned(), child }
    }

    /// Sends a request with exactly these headers.
    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn get(&self, page: &str) -> Answer {
        self.send("GET", &format!("/{}/{page}", self.token), &[("Host", &self.host())], "")
    }

    fn post(&self, page: &str, body: &str) -> Answer {
        let (host, origin) = (self.host(), format!("http://{}", self.host()));
        let headers = [
            ("Host", host.as_str()),
            ("Origin", &origin),
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", &format!("/{}/{page}", self.token), &headers, body)
    }

    fn decide(&self, target: &str, decision: &str) -> Value {
        let answer = self.post("decide", &format!("target={target}&decision={decision}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Returns the counts that every page shows.
    fn counts(&self) -> String {
        let page = self.get("").body;
        let start = page.find("id=\"counts\"").unwrap();
        let rest = &page[start..];
        rest[rest.find('>').unwrap() + 1..rest.find('<').unwrap()].to_owned()
    }

    /// Returns the identifiers of the entries on a page, with the text of each.
    fn entries(&self, page: &str) -> Vec<(String, String)> {
        let page = self.get(page).body;
        let parsed = parse(&page);
        let entries = parsed.descendants().filter(|node| node.attribute("class") == Some("item"));
        let text_of = |node: roxmltree::Node<'_, '_>| {
            node.descendants()
                .filter_map(|node| node.text().filter(|_| node.is_text()))
                .collect::<String>()
        };
        entries.map(|node| (node.attribute("id").unwrap().to_owned(), text_of(node))).collect()
    }

    /// Returns the entry of the findings with this text.
    fn finding(&self, page: &str, text: &str) -> String {
        let entries = self.entries(page);
        let found: Vec<&String> =
            entries.iter().filter(|(_, entry)| entry.contains(text)).map(|(id, _)| id).collect();
        assert_eq!(found.len(), 1, "{text:?} in {entries:?}");
        found[0].clone()
    }

    /// Ends the review like Ctrl-C, and returns how long that took.
    fn interrupt(mut self) -> Duration {
        let started = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        started.elapsed()
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(page: &str) -> roxmltree::Document<'_> {
    // The one attribute without a value.
    let page: &str = Box::leak(page.replace(" defer>", " defer=\"\">").into_boxed_str());
    let options =
        roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    roxmltree::Document::parse_with_options(page, options).unwrap_or_else(|error| {
        let line = page.lines().nth(error.pos().row as usize - 1).unwrap_or_default();
        panic!("{error}: {line}")
    })
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    command.current_dir(folder).arg("check").args(arguments).output().unwrap()
}

/// Creates a directory `corpus` with three texts, two of which share a paragraph.
fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let texts = [
        ("a.txt", format!("A page.\n\n{COPIED}\n\nThe last word.\n\nLeave a Comment\n")),
        ("b.txt", format!("Another page.\n\n{COPIED}\n\nThe end is near.\n\nRelated Posts\n")),
        (
            "c.txt",
            "A third page, with a text that nobody else has.\n\nLeave a Comment\n".to_owned(),
        ),
    ];
    for (name, text) in texts {
        fs::write(folder.path().join("corpus").join(name), text).unwrap();
    }
    folder
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn only_the_person_with_the_address_is_answered() {
    let folder = corpus();
    let review = Review::start(folder.path(), &["corpus"]);
    let (host, token) = (review.host(), review.token.clone());
    let own = format!("http://{host}");
    assert_eq!(token.len(), 32);
    let page = format!("/{token}/");
    for target in [
        "/",
        "/finish",
        "//",
        "/style.css",
        &format!("/{}x/", &token[1..]),
        &format!("/{token}x/"),
        "*",
    ] {
        let answer = review.send("GET", target, &[("Host", &host)], "");
        assert_eq!(answer.status, 403, "{target}");
        assert!(!answer.body.contains(&token) && !answer.headers.contains(&token));
    }
    for other in
        ["evil.example", &format!("evil.example:{}", review.port), "127.0.0.1", "127.0.0.1:1", ""]
    {
        assert_eq!(review.send("GET", &page, &[("Host", other)], "").status, 403, "Host: {other}");
    }
    assert_eq!(review.send("GET", &page, &[], "").status, 403, "no host");
    assert_eq!(
        review.send("GET", &page, &[("Host", &host), ("Host", &host)], "").status,
        403,
        "two hosts"
    );

    let body = "target=finding-0&decision=accept";
    let decide = format!("/{token}/decide");
    let origins: [&[(&str, &str)]; 6] = [
        &[],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://127.0.0.1")],
        &[("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", &own), ("Sec-Fetch-Site", "same-site")],
    ];
    for origin in origins {
        let headers: Vec<(&str, &str)> =
            [("Host", &*host)].into_iter().chain(origin.iter().copied()).collect();
        for action in ["decide", "undo", "plan", "ignore-list"] {
            let answer = review.send("POST", &format!("/{token}/{action}"), &headers, body);
            assert_eq!(answer.status, 403, "{origin:?}");
        }
    }
    let headers = [("Host", &*host), ("Origin", &*own)];
    assert_eq!(review.send("POST", "/decide", &headers, body).status, 403, "no token");
    assert!(review.counts().ends_with("0 accepted, 0 rejected"), "{}", review.counts());
    assert_eq!(fs::read(folder.path().join("dechaff.decisions")).unwrap(), b"");
    assert!(!folder.path().join("dechaff.plan").exists());

    // What is allowed works, and no other site may look at it.
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let answer = review.send(method, &decide, &headers, "");
        assert_eq!(answer.status, 405);
        assert!(!answer.headers.to_lowercase().contains("access-control"));
    }
    assert_eq!(review.send("POST", &decide, &headers, &"x".repeat(100_000)).status, 413);
    assert_eq!(
        review.send("POST", &decide, &headers, "target=finding-99999999&decision=accept").status,
        500
    );
    assert_eq!(
        review.send("POST", &decide, &headers, "target=finding-0&decision=perhaps").status,
        400
    );
    let answer =
        review.send("POST", &decide, &headers, &format!("{body}&back=//evil.example/%0d%0aX:%20y"));
    assert_eq!(answer.status, 303);
    assert!(answer.headers.contains("Location: ./#finding-0"), "{}", answer.headers);
    let answer = review.get("");
    for header in [
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
    ] {
        assert!(answer.headers.contains(header), "{header} in {}", answer.headers);
    }
    assert!(!answer.body.contains("<script>") && !answer.body.contains("style=\""), "inline code");
    for page in ["style.css", "review.js", "report", "rules", "documents", "finish"] {
        assert_eq!(review.get(page).status, 200, "{page}");
    }
    assert!(review.interrupt() < Duration::from_secs(1));
}

#[test]
fn a_hostile_corpus_is_shown_as_text() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("corpus");
    fs::create_dir(&path).unwrap();
    let mut records = String::new();
    for (index, hostile) in HOSTILE.iter().enumerate() {
        let text = format!(
            "{hostile} one {index}\u{202e}\n\nPLANT {hostile} \u{1b}[2J\n\nLeave a Comment\n"
        );
        let mut bytes = text.clone().into_bytes();
        bytes.extend(b"PLANT caf\xE9 \xFF\xFE\n");
        fs::write(path.join(format!("{index}{}.txt", hostile.replace('/', "\u{2215}"))), bytes)
            .unwrap();
        let record = serde_json::json!({ "id": hostile, "text": text, "url": hostile });
        records.push_str(&format!("{record}\n"));
    }
    fs::write(path.join("records.jsonl"), records).unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let all = HOSTILE.join(" ");
    let note = all.clone();
    let rule = toml::toml! {
        code = "XX001"
        name = "a-plant"
        since = "1"
        fix = "unsafe"
        summary = all
        why = "It is planted."
        note = note
        find = [{ match = "contains", regex = ["plant\\b.*"] }]
        example = [{ bad = "A text.\n\n⟦PLANT it⟧" }, { allow = "Nothing." }]
    };
    fs::write(folder.path().join("rules/plant.toml"), rule.to_string()).unwrap();
    fs::write(folder.path().join("dechaff.toml"), "rules = [\"rules\"]\n").unwrap();

    let arguments = [".", "--config", "../dechaff.toml", "--group-by", "url"];
    let review = Review::start(&path, &arguments);
    let hostile_query =
        "q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&group=%3Cscript%3E&rule=%3Cb%3E&page=%3C";
    let hostile_query = format!("?{hostile_query}");
    for page in [
        "",
        "rules",
        "documents",
        "finish",
        "report",
        &hostile_query,
        &format!("documents{hostile_query}"),
    ] {
        let body = review.get(page).body;
        let is_query = page.contains('?');
        let parsed = parse(&body);
        for node in parsed.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            assert!(
                !["img", "iframe", "object", "embed", "base", "template"].contains(&name),
                "<{name}> in {page}"
            );
            let is_own = name != "script"
                || node.attribute("src") == Some("review.js") && node.children().count() == 0;
            assert!(is_own, "a script in {page}");
            for attribute in node.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                assert!(!name.starts_with("on") && name != "style", "{name} in {page}");
                assert!(
                    !value.starts_with("javascript:") || name == "value",
                    "{name}={value} in {page}"
                );
            }
        }
        let shown = text(&parsed);
        for hostile in HOSTILE.iter().filter(|_| page != "finish" && !is_query) {
            assert!(shown.contains(hostile), "{hostile:?} is not shown on {page:?}");
        }
        assert!(
            !body.contains('\u{202e}') && !body.contains('\u{1b}') && !body.contains("{{"),
            "controls in {page}"
        );
    }
    let found = review.entries("?q=%3CSCRIPT%3E");
    assert!(
        !found.is_empty()
            && found.iter().all(|(_, entry)| entry.to_lowercase().contains("<script>")),
        "{found:?}"
    );
}

#[test]
fn findings_are_searched_filtered_and_paged() {
    let folder = corpus();
    for index in 0..450 {
        let site = if index % 3 == 0 { "news" } else { "blog" };
        let path = folder.path().join("corpus").join(site);
        fs::create_dir_all(&path).unwrap();
        let text = format!(
            "Page {index} has a text of its own about the river.\n\nShare your thoughts on no. {index} below!\n"
        );
        fs::write(path.join(format!("{index:03}.txt")), text).unwrap();
    }
    let review = Review::start(folder.path(), &["corpus", "--group-by", "path"]);
    assert_eq!(review.entries("?rule=ND001").len(), 1);
    assert_eq!(review.entries("?q=mUsCaT&rule=ND001").len(), 1);
    assert_eq!(review.entries("?q=no.+17+below").len(), 1);
    assert_eq!(review.entries("?group=corpus/news&q=thoughts").len(), 150);
    let pages: Vec<usize> =
        [1, 2, 3, 9].map(|page| review.entries(&format!("?q=thoughts&page={page}")).len()).into();
    assert_eq!(pages, [200, 200, 50, 50]);
    let mut documents = std::collections::BTreeSet::new();
    for verdict in ["keep", "fix", "review", "drop"] {
        for page in 1..=3 {
            let entries = review.entries(&format!("documents?verdict={verdict}&page={page}"));
            assert!(
                entries.iter().all(|(_, entry)| entry.contains(&format!("Verdict {verdict}: "))),
                "{entries:?}"
            );
            documents.extend(entries.into_iter().map(|(id, _)| id));
        }
    }
    assert_eq!(documents.len(), 453);
    let first = review.entries("?q=thoughts")[0].0.clone();
    review.decide(&first, "accept");
    assert_eq!(
        review.entries("?state=accepted").iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(),
        [first]
    );
    assert_eq!(review.entries("?q=thoughts&state=open&page=3").len(), 49);
}

#[test]
fn decisions_survive_a_restart_and_changed_texts_are_open_again() {
    let folder = corpus();
    let review = Review::start(folder.path(), &["corpus"]);
    let own = review.finding("?q=Related", "Related Posts");
    assert_eq!(review.decide(&own, "reject")["target"]["state"], "rejected");
    let rule = review.finding("rules", "BP001");
    assert_eq!(review.decide(&rule, "accept")["target"]["state"], "accepted");
    let document = review.finding("documents", "c.txt");
    review.decide(&document, "reject");
    review.decide(&document, "accept");
    let undone: Value = serde_json::from_str(&review.post("undo", "").body).unwrap();
    assert_eq!(
        (&undone["target"]["id"], &undone["target"]["state"]),
        (&document.as_str().into(), &"rejected".into())
    );
    let counts = review.counts();
    // Open is the copy; the comment prompt of a.txt is accepted with the rule, that of c.txt
    // rejected with the document.
    assert_eq!(counts, "1 open, 1 accepted, 2 rejected");
    let before = read(&folder, "dechaff.decisions");
    let second = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["review", "corpus"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2), "two reviews write to one file");
    drop(review);

    // The last line is torn, as after a crash.
    fs::write(folder.path().join("dechaff.decisions"), format!("{before}{{\"decisions\":1,\"act"))
        .unwrap();
    let review = Review::start(folder.path(), &["corpus"]);
    assert_eq!(review.counts(), counts);
    assert_eq!(read(&folder, "dechaff.decisions"), before);
    assert_eq!(review.post("undo", "").status, 200);
    assert_eq!(review.counts(), "1 open, 2 accepted, 1 rejected");
    drop(review);

    let path = folder.path().join("corpus/b.txt");
    fs::write(&path, fs::read_to_string(&path).unwrap() + "\nOne more line.\n").unwrap();
    let review = Review::start(folder.path(), &["corpus"]);
    assert_eq!(review.counts(), "2 open, 2 accepted, 0 rejected");
    assert!(
        review.get("").body.contains("1 earlier decision in dechaff.decisions"),
        "{}",
        review.get("").body
    );
}

#[test]
fn a_plan_fixes_exactly_what_was_accepted() {
    let folder = corpus();
    let record =
        |id: u32, text: &str| serde_json::json!({ "id": id, "text": text }).to_string() + "\n";
    let records = record(1, "A first record.\n\nLeave a Comment\n")
        + &record(2, "A second one.\n\nRelated Posts\n");
    fs::write(folder.path().join("corpus/d.jsonl"), &records).unwrap();
    let originals = ["a.txt", "b.txt", "c.txt", "d.jsonl"]
        .map(|name| (name, read(&folder, &format!("corpus/{name}"))));

    let review = Review::start(folder.path(), &["corpus"]);
    let copy = review.finding("?rule=ND001", COPIED);
    review.decide(&copy, "accept");
    review.decide(&review.finding("?q=c.txt", "Leave a Comment"), "accept");
    review.decide(&review.finding("?q=d.jsonl", "second one"), "accept");
    review.decide(&review.finding("?q=a.txt:7", "Leave a Comment"), "reject");
    assert_eq!(review.post("plan", "").status, 200);
    assert!(review.get("finish").body.contains("3 accepted findings written to dechaff.plan."));
    for (name, original) in &originals {
        assert_eq!(
            read(&folder, &format!("corpus/{name}")),
            *original,
            "a review changes no document"
        );
    }
    review.post("ignore-list", "");
    review.post("ignore-list", "");
    drop(review);

    let fixed = check(
        folder.path(),
        &["corpus", "--fix-only", "--plan", "dechaff.plan", "--undo-log", "dechaff.undo"],
    );
    assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
    assert_eq!(read(&folder, "corpus/a.txt"), originals[0].1);
    assert_eq!(
        read(&folder, "corpus/b.txt"),
        "Another page.\n\nThe end is near.\n\nRelated Posts\n"
    );
    assert_eq!(read(&folder, "corpus/c.txt"), "A third page, with a text that nobody else has.\n");
    let expected =
        record(1, "A first record.\n\nLeave a Comment\n") + &record(2, "A second one.\n");
    assert_eq!(read(&folder, "corpus/d.jsonl"), expected);
    let ignored = read(&folder, "dechaff-ignore.txt");
    assert_eq!(ignored.lines().filter(|line| line.starts_with("BP001 ")).count(), 1, "{ignored}");

    // A second time, every text has changed.
    let again = check(folder.path(), &["corpus", "--fix-only", "--plan", "dechaff.plan"]);
    assert_eq!(again.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(errors.matches("its text has changed since the review").count(), 3, "{errors}");

    let undone = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["undo", "dechaff.undo"])
        .output();
    assert_eq!(undone.unwrap().status.code(), Some(0));
    for (name, original) in &originals {
        assert_eq!(read(&folder, &format!("corpus/{name}")), *original, "{name} is not restored");
    }
}

#[test]
fn a_plan_leaves_changed_and_missing_documents_alone() {
    let folder = corpus();
    let review = Review::start(folder.path(), &["corpus", "--plan", "plan.jsonl"]);
    for rule in review.entries("rules") {
        review.decide(&rule.0, "accept");
    }
    review.post("plan", "");
    drop(review);
    fs::write(folder.path().join("corpus/c.txt"), "Changed.\n\nLeave a Comment\n").unwrap();
    fs::remove_file(folder.path().join("corpus/b.txt")).unwrap();
    let fixed = check(folder.path(), &["corpus", "--fix-only", "--plan", "plan.jsonl"]);
    assert_eq!(fixed.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&fixed.stderr).into_owned();
    assert!(
        errors.contains("corpus/c.txt: left alone: its text has changed since the review"),
        "{errors}"
    );
    assert!(
        errors.contains("corpus/b.txt: in the plan, but not among the checked documents"),
        "{errors}"
    );
    assert_eq!(read(&folder, "corpus/c.txt"), "Changed.\n\nLeave a Comment\n");
    assert_eq!(read(&folder, "corpus/a.txt"), format!("A page.\n\n{COPIED}\n\nThe last word.\n"));
}

/// The copy was accepted because another document has the text, and in that document it was
/// accepted as noise.
#[test]
fn a_plan_does_not_remove_the_last_copy() {
    let folder = corpus();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule = toml::toml! {
        code = "XX001"
        name = "ministry"
        since = "1"
        fix = "unsafe"
        summary = "what the ministry said"
        why = "For this test."
        find = [{ match = "contains", regex = ["The ministry .*"] }]
        example = [{ bad = "A text.\n\n⟦The ministry said.⟧" }, { allow = "Nothing." }]
    };
    fs::write(folder.path().join("rules/ministry.toml"), rule.to_string()).unwrap();
    let config = "rules = [\"rules\"]\nselect = [\"XX001\", \"ND\"]\nper-file-ignores = { \"b.txt\" = [\"XX001\"] }\n";
    fs::write(folder.path().join("dechaff.toml"), config).unwrap();
    let review = Review::start(folder.path(), &["corpus"]);
    for rule in review.entries("rules") {
        review.decide(&rule.0, "accept");
    }
    assert_eq!(review.counts(), "0 open, 2 accepted, 0 rejected");
    review.post("plan", "");
    drop(review);
    let fixed = check(folder.path(), &["corpus", "--fix-only", "--plan", "dechaff.plan"]);
    assert_eq!(fixed.status.code(), Some(2));
    assert!(!read(&folder, "corpus/a.txt").contains(COPIED));
    assert!(read(&folder, "corpus/b.txt").contains(COPIED));
}

#[test]
fn wrong_plans_and_decisions_are_explained() {
    let folder = corpus();
    for (content, message) in [
        ("{\"decisions\":1,\"action\":\"undo\"}\n", "not a line of a plan"),
        ("{}", "not a line of a plan"),
        (
            "{\"plan\":2,\"path\":\"a\",\"text_hash\":\"\",\"rule\":\"BP001\",\"start\":0,\"end\":0}",
            "plan version 2",
        ),
        (
            "{\"plan\":1,\"path\":\"a\",\"text_hash\":\"\",\"rule\":\"BP001\",\"start\":5,\"end\":0}",
            "after `end`",
        ),
    ] {
        fs::write(folder.path().join("plan"), content).unwrap();
        let output = check(folder.path(), &["corpus", "--fix", "--plan", "plan"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(message), "{errors}");
    }
    let output = check(folder.path(), &["corpus", "--plan", "plan"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--plan has no effect without --fix"));
    fs::write(folder.path().join("dechaff.decisions"), "not JSON\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["review", "corpus"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("dechaff.decisions:1: not a decision")
    );
}
