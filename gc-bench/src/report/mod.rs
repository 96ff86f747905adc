//! What is made of figures: rows, tables, JSON, charts, and the comparison with the targets.

mod json;
mod row;
mod table;

pub use json::to_json;
pub use row::{Row, rows};
pub use table::table;
