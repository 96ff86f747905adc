//! What one run of a workload on a peer tells: a line of JSON from child to parent.

use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// What was measured; the same name for every peer.
    pub metric: String,
    /// Its unit: `ns/node`, `ms`, `bytes/node`, ...
    pub unit: String,
    /// The figure.
    pub value: f64,
}

/// The figures of a run, and the number that shows that the work was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Computed from the results of the work: equal for every peer that does the same.
    pub checksum: u64,
    /// The figures.
    pub samples: Vec<Sample>,
    /// What a reader of the table should know about this peer.
    pub notes: Vec<String>,
}

impl Outcome {
    /// An outcome without figures.
    #[must_use]
    pub fn new(checksum: u64) -> Outcome {
        Outcome { checksum, ..Outcome::default() }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, metric: &str, unit: &str, value: f64) -> Outcome {
        self.samples.push(Sample { metric: metric.to_owned(), unit: unit.to_owned(), value });
        self
    }

    /// Adds a figure, where there is one.
    #[must_use]
    pub fn with_some(self, metric: &str, unit: &str, value: Option<f64>) -> Outcome {
        match value {
            Some(value) => self.with(metric, unit, value),
            None => self,
        }
    }

    /// Adds a note.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Outcome {
        self.notes.push(note.into());
        self
    }
}
