//! A row: one figure of one peer on one workload, as it is printed and written.

use serde::{Deserialize, Serialize};

use crate::measure::{Cell, Summary};

/// One figure. This is the form of the rows in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The workload's name.
    pub workload: String,
    /// The peer's name.
    pub peer: String,
    /// What was measured.
    pub metric: String,
    /// Its unit. Less is better in every unit.
    pub unit: String,
    /// The median over the rounds.
    pub median: f64,
    /// The least of the rounds.
    pub min: f64,
    /// The greatest of the rounds.
    pub max: f64,
}

impl Row {
    /// The row's figures.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary { median: self.median, min: self.min, max: self.max }
    }

    /// Whether two rows are of the same figure of different peers.
    #[must_use]
    pub fn is_comparable(&self, other: &Row) -> bool {
        (&self.workload, &self.metric, &self.unit) == (&other.workload, &other.metric, &other.unit)
    }
}

/// The rows of a workload: all peers' figures, metric by metric. Peers that failed have none.
#[must_use]
pub fn rows(workload: &str, cells: &[Cell]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.failure.is_none()) {
        for (metric, unit, Summary { median, min, max }) in cell.figures() {
            let row = Row {
                workload: workload.to_owned(),
                peer: cell.peer.to_owned(),
                metric: metric.to_owned(),
                unit: unit.to_owned(),
                median,
                min,
                max,
            };
            // Behind the other peers' rows of the same metric.
            let place = rows.iter().rposition(|other| row.is_comparable(other)).map_or(rows.len(), |last| last + 1);
            rows.insert(place, row);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::measure::{Failure, Outcome, Rounds};

    #[test]
    fn rows_are_grouped_by_metric_and_leave_failures_out() {
        let mut rounds = Rounds::new("w", 1, &["a", "b", "c"]);
        let outcome = Outcome::new(1).with("build", "ns", 1.0).with("drop", "ns", 2.0);
        let failed = Err(Failure::Failed("no".to_owned()));
        rounds.round(|job| if job.peer == "b" { failed.clone() } else { Ok(outcome.clone()) }, |_| ());
        let rows = rows("w", rounds.cells());
        let order: Vec<_> = rows.iter().map(|row| (&row.metric[..], &row.peer[..])).collect();
        assert_eq!(order, [("build", "a"), ("build", "c"), ("drop", "a"), ("drop", "c")]);
    }
}
