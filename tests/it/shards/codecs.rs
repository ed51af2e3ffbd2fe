//! Compressed files: every codec gives the same findings and fixes, and damage is reported.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use dechaff::corpus::{Codec, CompressedWriter};
use tempfile::TempDir;

use super::{corpus, findings, json_lines};
use crate::command::{dechaff, stderr};

const CODECS: &[(&str, Codec)] = &[
    ("gz", Codec::Gzip),
    ("zst", Codec::Zstd),
    ("lz4", Codec::Lz4),
    #[cfg(feature = "codecs")]
    ("bz2", Codec::Bzip2),
    #[cfg(feature = "codecs")]
    ("xz", Codec::Xz),
    #[cfg(feature = "codecs")]
    ("br", Codec::Brotli),
];

pub(super) fn compress(path: &Path, codec: Codec, bytes: &[u8]) {
    let mut writer = CompressedWriter::create(path, codec).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
}

pub(super) fn decompress(path: &Path, codec: Codec) -> Vec<u8> {
    let mut content = Vec::new();
    codec.decoder(fs::File::open(path).unwrap()).unwrap().read_to_end(&mut content).unwrap();
    content
}

#[test]
fn findings_and_fixes_are_the_same_with_every_codec() {
    let (folder, texts) = corpus();
    let plain = json_lines(&texts);
    let loose = findings(folder.path(), &["loose"]);
    let fix = |name: &str| {
        let fix = ["check", name, "--fix-only", "--undo-log", "undo.jsonl", "-q"];
        let output = dechaff(folder.path(), &fix);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    };
    for &(extension, codec) in CODECS {
        let name = format!("shard.jsonl.{extension}");
        compress(&folder.path().join(&name), codec, plain.as_bytes());
        let found = findings(folder.path(), &[&name]);
        assert!(found == loose, "{name}: {} findings, not {}", found.len(), loose.len());
        fix(&name);
    }
    fix("shard.jsonl");
    let fixed = fs::read(folder.path().join("shard.jsonl")).unwrap();
    assert_ne!(fixed, plain.as_bytes());
    for &(extension, codec) in CODECS {
        let path = folder.path().join(format!("shard.jsonl.{extension}"));
        assert!(decompress(&path, codec) == fixed, "{extension}");
    }
    let undone = dechaff(folder.path(), &["undo", "undo.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    for &(extension, codec) in CODECS {
        let path = folder.path().join(format!("shard.jsonl.{extension}"));
        assert!(decompress(&path, codec) == plain.as_bytes(), "{extension}");
    }
}

#[test]
fn damaged_files_are_read_up_to_the_damage_and_kept() {
    let folder = TempDir::new().unwrap();
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{:x} ", state >> 8)
    };
    let mut lines = "{\"text\": \"The boats go out.\\n\\nLeave a Comment\"}\n".to_owned();
    // Enough for two blocks of every codec.
    for _ in 0..240 {
        let text: String = (0..1_000).map(|_| noise()).collect();
        lines.push_str(&format!("{{\"text\": \"{text}\"}}\n"));
    }
    for &(extension, codec) in CODECS {
        let name = format!("a.jsonl.{extension}");
        let path = folder.path().join(&name);
        compress(&path, codec, lines.as_bytes());
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        let select = ["--isolated", "--select", "BP001", "--output-format", "concise"];
        let output = dechaff(folder.path(), &[&["check", &name], &select[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        let expected = format!("{name}: cannot be read past record ");
        assert!(stderr(&output).contains(&expected), "{name}: {}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.contains(&format!("{name}: record 1:3:1: BP001")), "{name}: {report}");
        let fixed = dechaff(folder.path(), &["check", &name, "--fix", "-q", "--select", "BP001"]);
        assert_eq!(fixed.status.code(), Some(2));
        assert!(stderr(&fixed).contains("not changed"), "{}", stderr(&fixed));
        assert!(fs::read(&path).unwrap() == whole[..whole.len() - 20]);
    }
}

#[test]
fn bombs_are_skipped() {
    let folder = TempDir::new().unwrap();
    let line = format!("{{\"text\": \"{}\"}}\n", "x".repeat(1 << 20));
    let good = "{\"text\": \"The boats go out at dawn.\\n\\nLeave a Comment\"}\n";
    for &(extension, codec) in CODECS {
        let name = format!("a.jsonl.{extension}");
        compress(&folder.path().join(&name), codec, format!("{line}{good}").as_bytes());
        let arguments = ["check", &name, "--select", "BP001", "--max-record", "4KB"];
        let output = dechaff(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains("larger than 4096 bytes"), "{}", stderr(&output));
        assert!(String::from_utf8(output.stdout).unwrap().contains("record 2"), "{name}");
    }
}

#[test]
fn single_documents_may_have_any_codec() {
    let folder = TempDir::new().unwrap();
    let text = "The boats go out at dawn, and come back at noon.\n\nLeave a Comment\n";
    for &(extension, codec) in CODECS {
        let path = folder.path().join(format!("page.md.{extension}"));
        compress(&path, codec, text.as_bytes());
    }
    let output = dechaff(folder.path(), &["check", ".", "--fix", "-q", "--select", "BP001"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for &(extension, codec) in CODECS {
        let fixed = decompress(&folder.path().join(format!("page.md.{extension}")), codec);
        assert_eq!(fixed, b"The boats go out at dawn, and come back at noon.\n", "{extension}");
    }
}

#[cfg(not(feature = "codecs"))]
#[test]
fn other_codecs_need_a_build_with_their_feature() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.jsonl.xz"), b"\xFD7zXZ\0and more").unwrap();
    fs::write(folder.path().join("b.txt.br"), b"\x1b\x02").unwrap();
    for (path, codec) in [("a.jsonl.xz", "Xz"), ("b.txt.br", "Brotli")] {
        let output = dechaff(folder.path(), &["check", path]);
        let expected = format!(
            "{path}: this build does not decompress {codec}; build dechaff with `--features codecs`"
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
    }
}
