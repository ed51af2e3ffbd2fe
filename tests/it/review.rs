//! `dechaff review` shows hostile text as text, answers nobody but the person who started it, keeps
//! decisions, and leads to exactly the fixes that were accepted.

mod access;
mod plan;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const COPIED: &str = "The ministry said on Tuesday that the talks would resume in Muscat next week, and that both \
                      sides had agreed to bring their own experts along for the first time since the spring.";

/// A review that is being served.
struct Review {
    child: Child,
    port: u16,
    token: String,
}

/// A response: status, headers and body.
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
