//! What is made of figures after they were printed: charts, and a verdict. Also `gc-bench report`, which does the same later.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use super::{Output, Report};
use crate::report::{Row, check_targets, from_json};

/// `gc-bench report`.
pub(super) fn run(arguments: &Report) -> Result<ExitCode, String> {
    let name = arguments.file.display();
    let text = fs::read_to_string(&arguments.file).map_err(|error| format!("{name}: {error}"))?;
    let rows = from_json(&text).map_err(|error| format!("{name} is no document of `compare --json`: {error}"))?;
    make(&arguments.output, &rows)
}

/// Draws and checks, as far as that is wanted.
pub(super) fn make(output: &Output, rows: &[Row]) -> Result<ExitCode, String> {
    if let Some(folder) = &output.charts {
        draw(rows, folder)?;
    }
    if !output.check {
        return Ok(ExitCode::SUCCESS);
    }
    let (text, all_met) = check_targets(rows);
    println!("\n{text}");
    Ok(if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "charts")]
fn draw(rows: &[Row], folder: &Path) -> Result<(), String> {
    let peers = crate::matrix::peers();
    let title = |name: &str| peers.iter().find(|peer| peer.name == name).map_or(name, |peer| peer.title).to_owned();
    let files = crate::report::charts(rows, folder, title)?;
    println!("{} charts in {}", files.len(), folder.display());
    Ok(())
}

#[cfg(not(feature = "charts"))]
fn draw(_: &[Row], _: &Path) -> Result<(), String> {
    Err("built without the feature `charts`".to_owned())
}
