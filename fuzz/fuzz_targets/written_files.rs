//! Any rule file, configuration, baseline or ignore list is taken or refused without a panic, and every refusal can be shown.
//!
//! `cargo +nightly fuzz run written_files -- -max_len=4096`, in this folder or the one above.

#![no_main]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use dechaff::config::{Layer, Settings};
use dechaff::fault::{Fault, WrittenFile};
use dechaff::report::render_fault;
use dechaff::rule::{Registry, Rule};
use dechaff::suppress::{Baseline, IgnoreList};
use libfuzzer_sys::fuzz_target;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().expect("the rules parse"));

fn show<T>(outcome: Result<T, Fault>) -> Option<T> {
    outcome.map_err(|fault| (render_fault(&fault, true), fault.to_string())).ok()
}

fuzz_target!(|text: &str| {
    let file = WrittenFile::new("file", text);
    if let Some(rule) = show(Rule::parse(&file)) {
        show(rule.validate());
    }
    if let Some(layer) = show(Layer::parse(&file, PathBuf::from("/"))) {
        show(Settings::of(&REGISTRY, &[layer]));
    }
    show(Layer::of_project(&file, PathBuf::from("/")));
    show(Baseline::parse(&file, |_| true));
    let known: HashSet<&str> = REGISTRY.infos().map(|rule| rule.code.as_str()).collect();
    show(IgnoreList::parse(&file, &known));
});
