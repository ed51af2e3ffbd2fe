//! The histograms of measures: a chart, and the same numbers as text and as a table.

use std::fmt::Write as _;

use super::escape::{counted, escaped, grouped, percent};
use super::measures::{BinCount, Distribution, MeasureCounts, SetCounts, UNITS};
use super::rules::RuleStats;

/// The size of a chart in its own units; the axis is below the bars.
const WIDTH: f64 = 320.0;
const BARS: f64 = 84.0;
const HEIGHT: f64 = 104.0;
/// Vertical positions of labels, at the top and on the axis.
const TOP_LABEL: f64 = 9.0;
const AXIS_LABEL: f64 = 100.0;
/// The top of the highest bar, below the labels of thresholds.
const HIGHEST: f64 = 14.0;
/// Approximate number of bins of equal width.
const LINEAR_BINS: u64 = 20;
/// Ratio of values above which the axis is logarithmic.
const MAX_LINEAR_RATIO: u64 = 30;

pub(super) fn push_measures(counts: &MeasureCounts, rules: &[&RuleStats], html: &mut String) {
    if !counts.is_shown() {
        return;
    }
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"measures\">\n<h2 id=\"measures\">Measures of quality</h2>\n\
         <p>How the {} with text are distributed over each measure. Ranges include their lower end.</p>\n\
         <p class=\"key\"><span class=\"swatch safe\"></span> passes <span class=\"swatch unsafe\"></span> fails \
         <span class=\"swatch limit\"></span> threshold</p>",
        counted(counts.documents, "document"),
    );
    // Skip languages without documents.
    let shown = |set: &&SetCounts| set.documents > 0 || set.columns.language.is_none();
    for set in counts.sets.iter().filter(shown) {
        push_set(set, rules, html);
    }
    html.push_str("</section>\n");
}

fn push_set(set: &SetCounts, rules: &[&RuleStats], html: &mut String) {
    let SetCounts { columns, documents, failed, .. } = set;
    let (code, name) = (escaped(&columns.rule.code), escaped(&columns.rule.name));
    let (language, suffix) = match &columns.language {
        Some(language) => (format!(" ({})", escaped(language)), format!("-{}", escaped(language))),
        None => (String::new(), String::new()),
    };
    let has_samples = rules.iter().any(|stats| stats.rule.code == columns.rule.code);
    let shown_code = match has_samples {
        true => format!("<a href=\"#{code}\">{code}</a>"),
        false => code.clone(),
    };
    let _ = writeln!(
        html,
        "<section class=\"rule\" aria-labelledby=\"measures-{code}{suffix}\">\n<h3 id=\"measures-{code}{suffix}\">\
         <span class=\"code\">{shown_code}</span> {name}{language} <small>{} fail, {}</small></h3>\n<ul class=\"charts\">",
        counted(*failed, "document"),
        percent(*failed, *documents),
    );
    for distribution in &set.measures {
        push_distribution(distribution, html);
    }
    html.push_str("</ul>\n</section>\n");
}

fn push_distribution(distribution: &Distribution, html: &mut String) {
    let column = &distribution.column;
    let unit = if column.is_share { "N %" } else { "N" };
    let _ = writeln!(
        html,
        "<li><h4><code>{}</code></h4>\n<p class=\"note\">{}</p>\n<p class=\"sides\">{}</p>",
        escaped(column.name),
        escaped(&column.sentence(unit)),
        sides(distribution),
    );
    if distribution.measured() > 0 {
        let histogram = BinnedValues::new(distribution);
        histogram.push_chart(distribution, html);
        histogram.push_table(column.name, column.is_share, html);
    }
    html.push_str("</li>\n");
}

/// Describes how many documents are on each side of the thresholds.
fn sides(distribution: &Distribution) -> String {
    let Distribution { column, below, above, undefined, .. } = distribution;
    let measured = distribution.measured();
    let side = |documents: u64, side: &str, limit: f64| {
        let share = percent(documents, measured);
        let limit = threshold(limit, column.is_share);
        format!("<strong>{}</strong> ({share}) {side} {limit}", grouped(documents))
    };
    let mut parts = Vec::new();
    parts.extend(column.min.map(|min| side(*below, "below", min)));
    let beyond = if column.excludes_max { "from" } else { "above" };
    parts.extend(column.max.map(|max| side(*above, beyond, max)));
    match parts.is_empty() {
        true => parts.push(format!("no threshold, {}", counted(measured, "document"))),
        false => parts.push(format!("{} pass", grouped(measured - below - above))),
    }
    if *undefined > 0 {
        parts.push(format!("not defined for {}", grouped(*undefined)));
    }
    parts.join("; ")
}

/// The bars of a chart.
struct BinnedValues {
    /// The lower ends in units of a bin, and the end of the last bin.
    edges: Vec<u64>,
    counts: Vec<BinCount>,
    /// Documents with values from the last edge on.
    beyond: BinCount,
}

impl BinnedValues {
    fn new(distribution: &Distribution) -> Self {
        let edges = edges(distribution);
        let mut counts = vec![BinCount::default(); edges.len().saturating_sub(1)];
        let mut beyond = BinCount::default();
        for (low, count) in &distribution.bins {
            let index = edges.partition_point(|edge| edge <= low).saturating_sub(1);
            counts.get_mut(index).unwrap_or(&mut beyond).add(*count);
        }
        Self { edges, counts, beyond }
    }

    /// Returns all bars, the last of which may be open.
    fn bars(&self) -> impl Iterator<Item = &BinCount> {
        self.counts.iter().chain((self.beyond.total() > 0).then_some(&self.beyond))
    }

    fn push_chart(&self, distribution: &Distribution, html: &mut String) {
        let is_share = distribution.column.is_share;
        let width = WIDTH / self.bars().count().max(1) as f64;
        let most = self.bars().map(BinCount::total).max().unwrap_or(0).max(1);
        let height = |documents: u64| match documents {
            0 => 0.0,
            // Keep small numbers visible.
            _ => ((BARS - HIGHEST) * documents as f64 / most as f64).max(1.0),
        };
        let _ = write!(
            html,
            "<svg class=\"histogram\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">"
        );
        for (index, count) in self.bars().enumerate() {
            let mut top = BARS;
            for (documents, class) in [(count.passed, "safe"), (count.failed, "unsafe")] {
                if documents > 0 {
                    top -= height(documents);
                    let _ = write!(
                        html,
                        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                        width * index as f64,
                        width - 1.0,
                        height(documents),
                    );
                }
            }
        }
        let _ = write!(html, "<rect class=\"axis\" y=\"{BARS}\" width=\"{WIDTH}\" height=\"1\"/>");
        let first = self.edges.first().copied().unwrap_or(0);
        let last = self.edges.last().copied().unwrap_or(0);
        push_label((0.0, AXIS_LABEL), "start", &edge(first, is_share), html);
        let last = match self.beyond.total() {
            0 => edge(last, is_share),
            _ => format!("{} or more", edge(last, is_share)),
        };
        push_label((WIDTH, AXIS_LABEL), "end", &last, html);
        let limits = distribution.column.min.into_iter().chain(distribution.column.max);
        for limit in limits {
            let Some(at) = self.position(limit).map(|bins| bins * width) else { continue };
            let x = (at - 0.75).clamp(0.0, WIDTH - 1.5);
            let _ = write!(
                html,
                "<rect class=\"limit\" x=\"{x:.1}\" y=\"{HIGHEST}\" width=\"1.5\" height=\"{:.1}\"/>",
                BARS - HIGHEST,
            );
            let anchor = match at {
                _ if at < WIDTH / 8.0 => "start",
                _ if at > WIDTH * 7.0 / 8.0 => "end",
                _ => "middle",
            };
            push_label((at, TOP_LABEL), anchor, &threshold(limit, is_share), html);
        }
        html.push_str("</svg>\n");
    }

    /// Returns the place of a value on the axis, in bins.
    fn position(&self, value: f64) -> Option<f64> {
        let value = value * UNITS as f64;
        let index = self.edges.iter().position(|edge| *edge as f64 > value)?;
        let low = *self.edges.get(index.checked_sub(1)?)? as f64;
        let high = *self.edges.get(index)? as f64;
        Some((index - 1) as f64 + (value - low) / (high - low))
    }

    fn push_table(&self, name: &str, is_share: bool, html: &mut String) {
        let _ = write!(
            html,
            "<details><summary>Numbers</summary>\n<table aria-label=\"{}\">\n<thead><tr><th scope=\"col\">Value</th>\
             <th scope=\"col\" class=\"n\">Passes</th><th scope=\"col\" class=\"n\">Fails</th></tr></thead>\n<tbody>\n",
            escaped(name)
        );
        let mut push_row = |label: &str, count: &BinCount| {
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{label}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                grouped(count.passed),
                grouped(count.failed),
            );
        };
        for (ends, count) in self.edges.windows(2).zip(&self.counts) {
            if let [low, high] = ends {
                push_row(&format!("{} to {}", edge(*low, is_share), edge(*high, is_share)), count);
            }
        }
        if let Some(last) = self.edges.last().filter(|_| self.beyond.total() > 0) {
            push_row(&format!("{} or more", edge(*last, is_share)), &self.beyond);
        }
        html.push_str("</tbody>\n</table>\n</details>\n");
    }
}

fn push_label((x, y): (f64, f64), anchor: &str, label: &str, html: &mut String) {
    let _ = write!(html, "<text class=\"{anchor}\" x=\"{x:.1}\" y=\"{y}\">{label}</text>");
}

/// Returns the edges of the bars. Each is the lower end of a counted bin, so the bars are exact.
fn edges(distribution: &Distribution) -> Vec<u64> {
    let column = &distribution.column;
    let thresholds = column.min.into_iter().chain(column.max).map(units);
    // At most one in a hundred documents may be beyond the last edge.
    let most = distribution.percentile(99);
    let high = thresholds.clone().map(|limit| limit + limit / 5).chain([most]).max().unwrap_or(0);
    let low = thresholds.chain([distribution.percentile(10)]).filter(|low| *low > 0).min();
    match low {
        Some(low) if !column.is_share && high / low > MAX_LINEAR_RATIO => {
            let first = Some(distribution.percentile(1)).filter(|first| *first > 0);
            logarithmic_edges(first.map_or(low, |first| first.min(low)), high)
        }
        _ if column.is_share => linear_edges(high.min(UNITS - 1), 1),
        _ => linear_edges(high, if has_whole_values(distribution) { UNITS } else { 1 }),
    }
}

/// Whether all values are whole numbers, to two digits.
fn has_whole_values(distribution: &Distribution) -> bool {
    distribution.bins.keys().all(|low| low.is_multiple_of(UNITS))
}

/// Returns edges from 0 to above `high`. Their distance is 1, 2 or 5 times a power of ten, and at
/// least `min_step`.
fn linear_edges(high: u64, min_step: u64) -> Vec<u64> {
    let high = if high == 0 { UNITS - 1 } else { high };
    let mut steps = round_numbers().skip_while(|step| *step < min_step);
    let step = steps.find(|step| step.saturating_mul(LINEAR_BINS) > high);
    let step = step.unwrap_or(UNITS);
    (0..=high / step + 1).map(|index| index * step).collect()
}

/// Returns 0, and the numbers that are 1, 2 or 5 times a power of ten from below `low` to above
/// `high`.
fn logarithmic_edges(low: u64, high: u64) -> Vec<u64> {
    let first = round_numbers().take_while(|number| *number <= low).last().unwrap_or(0);
    let mut edges = vec![0];
    for number in round_numbers().skip_while(|number| *number < first.max(1)) {
        edges.push(number);
        if number > high {
            break;
        }
    }
    edges
}

/// Returns 1, 2 and 5 times each power of ten.
fn round_numbers() -> impl Iterator<Item = u64> {
    (0..18).flat_map(|exponent| [1, 2, 5].map(|digit| digit * 10u64.pow(exponent)))
}

/// Converts a threshold to units of a bin.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn units(value: f64) -> u64 {
    // Bins end below 10¹⁷ units.
    (value * UNITS as f64).min(1e17) as u64
}

/// Writes the edge of a bar.
fn edge(units: u64, is_share: bool) -> String {
    let (whole, sign) = match is_share {
        true => (UNITS / 100, "\u{a0}%"),
        false => (UNITS, ""),
    };
    let digits = whole.ilog10() as usize;
    let decimals = format!("{:0digits$}", units % whole);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{}{point}{decimals}{sign}", grouped(units / whole))
}

/// Writes a threshold in full.
fn threshold(value: f64, is_share: bool) -> String {
    match is_share {
        true => {
            let percent = format!("{:.6}", value * 100.0);
            format!("{}\u{a0}%", percent.trim_end_matches('0').trim_end_matches('.'))
        }
        false if value.fract() == 0.0 && value >= 0.0 => edge(units(value), false),
        false => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_round_and_cover_the_values() {
        let labels = |edges: Vec<u64>, is_share| {
            edges.into_iter().map(|units| edge(units, is_share)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            labels(linear_edges(7 * UNITS, 1), false),
            "0 0.5 1 1.5 2 2.5 3 3.5 4 4.5 5 5.5 6 6.5 7 7.5"
        );
        assert_eq!(
            labels(linear_edges(UNITS / 10, 1), true).split(' ').next_back(),
            Some("11\u{a0}%")
        );
        assert_eq!(
            labels(linear_edges(UNITS - 1, 1), true).split(' ').next_back(),
            Some("100\u{a0}%")
        );
        assert_eq!(labels(linear_edges(0, 1), false).split(' ').next_back(), Some("1"));
        assert_eq!(
            labels(logarithmic_edges(30 * UNITS, 1_500 * UNITS), false),
            "0 20 50 100 200 500 1,000 2,000"
        );
    }
}
