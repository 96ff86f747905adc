//! Charts of figures as SVG: a bar per peer, a file per workload and metric.

use std::fs;
use std::path::{Path, PathBuf};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::row::Row;
use crate::matrix::BASE;

const WIDTH: u32 = 720;
const BAR: i32 = 22;
const TOP: i32 = 44;
/// Where bars begin, and how long they get.
const LEFT: i32 = 190;
const LENGTH: i32 = 430;
/// Bars longer than this many times Tailbite's are cut: else one slow peer would hide all other differences.
const CUT: f64 = 12.0;

/// Draws the charts of all rows into a folder, which is made if need be. Returns the files.
///
/// # Errors
/// With the file that couldn't be written and why.
pub fn charts(rows: &[Row], folder: &Path, title: impl Fn(&str) -> String) -> Result<Vec<PathBuf>, String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for group in rows.chunk_by(Row::is_comparable).filter(|group| group.len() > 1) {
        let file = folder.join(file_name(&group[0]));
        fs::write(&file, chart(group, &title)?).map_err(|error| format!("{}: {error}", file.display()))?;
        files.push(file);
    }
    Ok(files)
}

/// A name of letters, digits and dashes.
fn file_name(row: &Row) -> String {
    let unit = row.unit.split(['/', ' ']).next().unwrap_or_default().replace('%', "percent");
    let name = format!("{} {} {unit}", row.workload, row.metric).to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("{}.svg", words.collect::<Vec<_>>().join("-"))
}

/// The chart of one metric.
fn chart(rows: &[Row], title: impl Fn(&str) -> String) -> Result<String, String> {
    let mut svg = String::new();
    let height = TOP + BAR * i32::try_from(rows.len()).map_err(|error| error.to_string())? + 12;
    let area = SVGBackend::with_string(&mut svg, (WIDTH, height.unsigned_abs())).into_drawing_area();
    draw(&area, rows, title).and_then(|()| area.present().map_err(|error| error.to_string()))?;
    drop(area);
    Ok(svg)
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    rows: &[Row],
    title: impl Fn(&str) -> String,
) -> Result<(), String> {
    let fail = |error: DrawingAreaErrorKind<_>| error.to_string();
    let font = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
    area.fill(&WHITE).map_err(fail)?;
    let heading = format!("{}: {}, {} (less is better)", rows[0].workload, rows[0].metric, rows[0].unit);
    area.draw(&Text::new(heading, (10, 12), font(16))).map_err(fail)?;
    let largest = rows.iter().map(|row| row.median).fold(0.0, f64::max);
    let base = rows.iter().find(|row| row.peer == BASE).map(|row| row.median).filter(|&base| base > 0.0);
    let full = base.map_or(largest, |base| largest.min(CUT * base)).max(f64::MIN_POSITIVE);
    for (top, row) in (TOP..).step_by(BAR as usize).zip(rows) {
        let middle = top + BAR / 2 - 2;
        let length = (f64::from(LENGTH) * (row.median / full).min(1.0)) as i32;
        let color = if row.peer == BASE { RGBColor(0xC0, 0x50, 0x20) } else { RGBColor(0x50, 0x70, 0x90) };
        let anchored = |h| font(14).pos(Pos::new(h, VPos::Center));
        area.draw(&Text::new(title(&row.peer), (LEFT - 8, middle), anchored(HPos::Right))).map_err(fail)?;
        let bar = [(LEFT, top), (LEFT + length.max(1), top + BAR - 5)];
        area.draw(&Rectangle::new(bar, color.filled())).map_err(fail)?;
        let cut = if row.median > full { "\u{bb} " } else { "" };
        let figure = format!("{cut}{:.1}", row.median);
        area.draw(&Text::new(figure, (LEFT + length + 8, middle), anchored(HPos::Left))).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{chart, file_name};
    use crate::report::Row;

    fn row(peer: &str, median: f64) -> Row {
        let [workload, metric, unit] = ["rings", "build, drop, collect", "ns/node"].map(str::to_owned);
        Row { workload, peer: peer.to_owned(), metric, unit, median, min: median, max: median }
    }

    #[test]
    fn files_have_plain_names() {
        assert_eq!(file_name(&row("rc", 1.0)), "rings-build-drop-collect-ns.svg");
    }

    #[test]
    fn each_peer_has_a_bar_and_long_ones_are_cut() {
        let svg = chart(&[row("tailbite", 10.0), row("slow", 5000.0)], str::to_owned).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("\u{bb} 5000.0") && svg.contains("tailbite"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 1 + 2, "the ground and two bars");
    }
}
