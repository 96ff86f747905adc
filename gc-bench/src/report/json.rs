//! Figures as JSON, for other programs: `{"rows": [{"workload", "peer", "metric", "unit", "median", "min", "max"}]}`.

use serde::{Deserialize, Serialize};

use super::row::Row;

#[derive(Serialize, Deserialize)]
struct Document<R> {
    rows: R,
}

/// The document of some rows, one row per line.
///
/// # Panics
/// Never: rows are plain data.
#[must_use]
pub fn to_json(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| serde_json::to_string(row).expect("rows are plain data"));
    format!("{{\"rows\": [\n{}\n]}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

/// The rows of a document.
///
/// # Errors
/// If it isn't one.
pub fn from_json(text: &str) -> Result<Vec<Row>, serde_json::Error> {
    serde_json::from_str(text).map(|document: Document<Vec<Row>>| document.rows)
}

#[cfg(test)]
mod tests {
    use super::{from_json, to_json};
    use crate::report::Row;

    #[test]
    fn rows_are_written_in_the_documented_form_and_read_back() {
        let row = Row {
            workload: "list".to_owned(),
            peer: "rc".to_owned(),
            metric: "drop".to_owned(),
            unit: "ns/node".to_owned(),
            median: 2.5,
            min: 2.0,
            max: 3.0,
        };
        let text = to_json(std::slice::from_ref(&row));
        let line =
            r#"{"workload":"list","peer":"rc","metric":"drop","unit":"ns/node","median":2.5,"min":2.0,"max":3.0}"#;
        assert_eq!(text, format!("{{\"rows\": [\n{line}\n]}}\n"));
        assert_eq!(from_json(&text).unwrap(), [row.clone(), row][..1]);
        assert_eq!(from_json(&to_json(&[])).unwrap(), []);
        assert!(from_json("[]").is_err());
    }
}
