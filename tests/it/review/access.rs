//! Only the person who started the review is answered, and hostile text is shown as text.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use super::{Review, corpus, parse};
use crate::html::{HOSTILE, text};

#[test]
fn requests_without_the_token_are_refused() {
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
