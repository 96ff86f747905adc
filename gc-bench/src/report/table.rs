//! Tables for the terminal, which are tables in Markdown, too.

use comfy_table::{CellAlignment, Table, presets};

use super::row::Row;
use crate::matrix::BASE;
use crate::measure::Cell;

/// A figure with three significant digits.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The factor to the base's figure, marked `~` where the difference may be noise.
fn ratio(row: &Row, rows: &[Row]) -> String {
    let Some(base) = rows.iter().find(|other| other.peer == BASE && other.is_comparable(row)) else {
        return String::new();
    };
    if row.peer == BASE || base.median <= 0.0 {
        return String::new();
    }
    let mark = if row.summary().is_within_noise_of(&base.summary()) { "~" } else { "" };
    format!("{mark}{}", figure(row.median / base.median))
}

/// The table of a workload, with what is to be said about its peers below it. `title` gives the name that a peer has in tables.
#[must_use]
pub fn table(rows: &[Row], cells: &[Cell], title: impl Fn(&str) -> String) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["metric", "unit", "peer", "median", "min", "max", "x Tailbite"]);
    let mut last = None;
    for row in rows {
        let metric = (&row.metric, &row.unit);
        let (name, unit) = if last == Some(metric) { ("", "") } else { (&row.metric[..], &row.unit[..]) };
        last = Some(metric);
        let figures = [figure(row.median), figure(row.min), figure(row.max), ratio(row, rows)];
        table.add_row([name.to_owned(), unit.to_owned(), title(&row.peer)].into_iter().chain(figures));
    }
    table.column_iter_mut().skip(3).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let mut text = table.to_string();
    for cell in cells {
        let failure = cell.failure.as_ref().map(ToString::to_string);
        for note in cell.notes.iter().chain(&failure) {
            text += &format!("\n  {}: {note}", title(cell.peer));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{figure, table};
    use crate::report::Row;

    fn row(peer: &str, metric: &str, median: f64) -> Row {
        Row {
            workload: "w".to_owned(),
            peer: peer.to_owned(),
            metric: metric.to_owned(),
            unit: "ns".to_owned(),
            median,
            min: median,
            max: median,
        }
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([0.123, 9.999, 12.345, 1234.5].map(figure), ["0.12", "10.00", "12.3", "1234"]);
    }

    #[test]
    fn ratios_are_to_tailbite_and_marked_within_noise() {
        let rows = [row("tailbite", "m", 10.0), row("rc", "m", 12.0), row("gc", "m", 50.0), row("rc", "other", 5.0)];
        let text = table(&rows, &[], str::to_uppercase);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split(|c: char| c == '|' || c.is_whitespace()).filter(|word| !word.is_empty()).collect())
            .collect();
        assert!(lines.contains(&vec!["m", "ns", "TAILBITE", "10.0", "10.0", "10.0"]), "{text}");
        assert!(lines.contains(&vec!["RC", "12.0", "12.0", "12.0", "~1.20"]), "{text}");
        assert!(lines.contains(&vec!["GC", "50.0", "50.0", "50.0", "5.00"]), "{text}");
        assert!(lines.contains(&vec!["other", "ns", "RC", "5.00", "5.00", "5.00"]), "no base, no ratio: {text}");
    }
}
