//! `dechaff compare status`.

use std::fmt::Write as _;

use indicatif::HumanBytes;
use serde_json::json;

use super::run::list;
use super::{StatusArguments, StatusFormat};
use crate::cli::Exit;
use crate::cli::choices::ColorWhen;
use crate::cli::output::Output;
use crate::corpus::work::{StepProgress, WorkFolder};
use crate::text::PathName;

pub(super) fn run(arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let folder = WorkFolder::open(&arguments.work)?;
    let progress = folder.progress()?;
    let (documents, text_bytes) = folder.documents()?;
    let manifest = folder.manifest();
    let rules: Vec<&str> = manifest.settings.rules.iter().map(|rule| rule.code.as_str()).collect();
    let mut output = Output::new(ColorWhen::Never);
    let next = progress.next();
    if arguments.output_format == StatusFormat::Json {
        let step = |step: &StepProgress| {
            json!({
                "step": step.name(),
                "shares": step.count,
                "done": step.done.len(),
                "left": step.left(),
            })
        };
        let json = json!({
            "is_done": progress.is_done(),
            "next": next.map(StepProgress::name),
            "steps": progress.steps.iter().map(step).collect::<Vec<_>>(),
            "documents": documents,
            "text_bytes": text_bytes,
            "work_bytes": folder.size(),
            "files": manifest.files.count,
            "rules": rules,
            "reading": manifest.reading,
        });
        output.write(&format!("{json:#}\n"))?;
    } else {
        let mut text = String::new();
        let _ = writeln!(text, "{}", arguments.work.name());
        let _ = writeln!(text, "  files      {}", manifest.files.count);
        let _ = writeln!(text, "  documents  {documents}");
        let _ = writeln!(text, "  text       {}", HumanBytes(text_bytes));
        let _ = writeln!(text, "  folder     {}", HumanBytes(folder.size()));
        let _ = writeln!(text, "  rules      {}", rules.join(", "));
        for step in &progress.steps {
            let state = match step.count {
                _ if step.is_done() => "done".to_owned(),
                Some(count) => {
                    format!("{} of {count} done, left: {}", step.done.len(), list(&step.left()))
                }
                None => "not begun".to_owned(),
            };
            let _ = writeln!(text, "  {:<9}  {state}", step.name());
        }
        output.write(&text)?;
    }
    Ok(if progress.is_done() { Exit::Success } else { Exit::Findings })
}
