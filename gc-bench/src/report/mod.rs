//! What is made of figures: rows, tables, JSON, charts, and the comparison with the targets.

#[cfg(feature = "charts")]
mod chart;
mod json;
mod row;
mod table;
mod target;

#[cfg(feature = "charts")]
pub use chart::charts;
pub use json::{from_json, to_json};
pub use row::{Row, rows};
pub use table::table;
pub use target::{TARGETS, Target, Verdict, check_targets};
