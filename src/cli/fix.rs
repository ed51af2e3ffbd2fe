//! `dechaff check --fix`: what a document becomes, and where it goes.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use similar::TextDiff;

use super::arguments::CheckArguments;
use crate::corpus::{Source, Trail, create, entries, replace};
use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::fix::{self, Fixed};
use crate::text::Document;

/// How documents are fixed, and what is done with them.
pub(super) struct Fixer {
    most: Applicability,
    max_removed: f64,
    destination: Destination,
    trail: Option<Trail>,
}

/// Where a fixed document goes.
enum Destination {
    /// Back into its file.
    InPlace,
    /// Into a file of the same name below this folder.
    Folder(PathBuf),
    /// Nowhere: the difference is printed.
    Diff,
}

/// A document and what fixing makes of it.
pub(super) struct Outcome {
    /// The text after the fixes; the document's own where nothing is fixed.
    pub(super) text: String,
    /// What was fixed, if anything.
    pub(super) fixed: Option<Fixed>,
    /// What is found in `text`.
    pub(super) remaining: Vec<Finding>,
    /// Why the document was left alone though something could be fixed.
    pub(super) refusal: Option<String>,
}

impl Fixer {
    /// How `arguments` ask for documents to be fixed; `None` if they do not.
    ///
    /// # Errors
    ///
    /// The trail cannot be opened.
    pub(super) fn new(arguments: &CheckArguments) -> anyhow::Result<Option<Self>> {
        let wanted = arguments.fix || arguments.unsafe_fixes || arguments.fix_only || arguments.diff;
        let destination = match &arguments.output_dir {
            _ if arguments.diff => Destination::Diff,
            Some(folder) => Destination::Folder(folder.clone()),
            None if wanted => Destination::InPlace,
            None => return Ok(None),
        };
        let trail = arguments.trail.as_ref().filter(|_| !arguments.diff).map(|path| {
            Trail::open(path).with_context(|| format!("cannot open the trail {}", path.display()))
        });
        Ok(Some(Self {
            most: if arguments.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe },
            max_removed: arguments.max_removed,
            destination,
            trail: trail.transpose()?,
        }))
    }

    /// Fixes a document by what is found in it alone.
    pub(super) fn fix(&self, linter: &Linter, source: &Source) -> Outcome {
        let document = source.document();
        let refuse = |reason: String, remaining: Vec<Finding>| Outcome {
            text: source.text.clone(),
            fixed: None,
            remaining,
            refusal: Some(reason),
        };
        if source.decoding.is_some() {
            let found = linter.check(&document);
            let fixable = found.iter().any(|finding| finding.fix.is_some());
            let reason = "not valid UTF-8: fixing it would lose the bytes that could not be read";
            return match fixable {
                true => refuse(reason.into(), found),
                false => Outcome { text: source.text.clone(), fixed: None, remaining: found, refusal: None },
            };
        }
        match fix::fix(linter, &document, self.most) {
            Err(unstable) => refuse(unstable.to_string(), linter.check(&document)),
            Ok(fixed) if fixed.removed_share(&source.text) > self.max_removed => refuse(
                format!(
                    "the fixes would remove {:.0} % of its words, more than --max-removed {}",
                    100.0 * fixed.removed_share(&source.text),
                    self.max_removed
                ),
                linter.check(&document),
            ),
            Ok(fixed) => Outcome {
                text: fixed.text.clone(),
                remaining: fixed.remaining.clone(),
                fixed: Some(fixed).filter(Fixed::is_changed),
                refusal: None,
            },
        }
    }

    /// Puts a document where it belongs. Returns what is to be printed of it.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing is then half written.
    pub(super) fn deliver(&mut self, source: &Source, outcome: &Outcome) -> anyhow::Result<Option<String>> {
        let path = Path::new(&source.origin.path);
        match &self.destination {
            Destination::Diff => Ok(outcome.fixed.as_ref().map(|_| diff(path, &source.text, &outcome.text))),
            Destination::InPlace => {
                let Some(fixed) = &outcome.fixed else { return Ok(None) };
                let trail = &mut self.trail;
                replace(path, source.text.as_bytes(), outcome.text.as_bytes(), || match trail {
                    Some(trail) => trail.append(&entries(&source.origin.path, &source.text, &outcome.text, &fixed.changes)),
                    None => Ok(()),
                })?;
                Ok(None)
            }
            Destination::Folder(folder) => {
                let target = folder.join(relative(path));
                if let (Some(trail), Some(fixed)) = (&mut self.trail, &outcome.fixed) {
                    let name = target.to_string_lossy();
                    trail
                        .append(&entries(&name, &source.text, &outcome.text, &fixed.changes))
                        .context("cannot write the trail")?;
                }
                create(&target, outcome.text.as_bytes())?;
                Ok(None)
            }
        }
    }
}

/// `path` without what would lead out of the folder it is put into.
fn relative(path: &Path) -> PathBuf {
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// A unified diff, as `git apply` and `patch -p1` take it.
fn diff(path: &Path, before: &str, after: &str) -> String {
    let name = relative(path).to_string_lossy().replace('\\', "/");
    let difference = TextDiff::from_lines(before, after);
    difference.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// The document of an outcome's text, for its report.
pub(super) fn document<'t>(source: &Source, outcome: &'t Outcome) -> Document<'t> {
    Document::parse(Arc::clone(&source.origin), &outcome.text).with_decoding(source.decoding)
}
