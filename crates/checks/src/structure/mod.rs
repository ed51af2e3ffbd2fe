//! The `structure` kind: headings, lists and quotations that lost their line ends, inline markup
//! that lost its other half, list markers without items, and blocks that the layout repeats.
//!
//! Most defects are detected within one line. Only lines with the characters that make up the
//! defect are examined.

mod bullet;
mod detection;
mod emphasis;
mod empty_item;
mod fence;
mod heading;
mod link;
mod list;
mod markup;
mod quote;
mod repeated_block;
mod text_lines;
mod verify;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use dechaff_findings::{FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::Document;
use detection::DetectionSink;

/// The kind's name in rule files.
pub const NAME: &str = "structure";

/// The defect a rule reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The defect.
    pub fault: StructureDefect,
}

/// A defect of headings, lists, quotations, blocks or inline markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructureDefect {
    /// A heading inside a line, or on one line with its paragraph.
    FlattenedHeading,
    /// List items on one line.
    FlattenedList,
    /// Quoted lines on one line.
    FlattenedQuote,
    /// A code block on one line.
    FlattenedFence,
    /// A bullet that Markdown does not recognise.
    ForeignBullet,
    /// Strong emphasis that is never closed or never opened.
    UnbalancedEmphasis,
    /// A link that is cut off in its target.
    CutLink,
    /// A list marker without an item.
    EmptyItem,
    /// Several blocks that repeat earlier ones.
    RepeatedBlock,
    /// HTML tags in text.
    StrayTag,
    /// HTML entities in text.
    StrayEntity,
}

/// Accepts all parameters.
///
/// # Errors
///
/// Never fails.
pub fn validate(_parameters: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect();
    Ok(Box::new(StructureCheck { rules }))
}

struct StructureCheck {
    rules: Vec<(Arc<RuleInfo>, StructureDefect)>,
}

impl DocumentCheck for StructureCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        for (rule, fault) in &self.rules {
            let mut detections = DetectionSink { rule, document, findings };
            match fault {
                StructureDefect::FlattenedHeading => heading::detect(document, &mut detections),
                StructureDefect::FlattenedList => list::detect(document, &mut detections),
                StructureDefect::FlattenedQuote => quote::detect(document, &mut detections),
                StructureDefect::FlattenedFence => fence::detect(document, &mut detections),
                StructureDefect::ForeignBullet => bullet::detect(document, &mut detections),
                StructureDefect::UnbalancedEmphasis => emphasis::detect(document, &mut detections),
                StructureDefect::CutLink => link::detect(document, &mut detections),
                StructureDefect::EmptyItem => empty_item::detect(document, &mut detections),
                StructureDefect::RepeatedBlock => {
                    repeated_block::detect(document, &mut detections);
                }
                StructureDefect::StrayTag => markup::detect_tags(document, &mut detections),
                StructureDefect::StrayEntity => markup::detect_entities(document, &mut detections),
            }
        }
    }
}
