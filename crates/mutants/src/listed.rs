//! The survivors that are known to change nothing, in `survivors.md`: each paragraph is a reason, and the
//! indented lines below it are the mutants that it is about.

use std::{collections::HashSet, fs};

use crate::{Result, tree::Tree};

/// Returns the names of the mutants that are listed with a reason.
///
/// # Errors
///
/// If the list cannot be read.
pub(crate) fn read(tree: &Tree) -> Result<HashSet<String>> {
    let text = fs::read_to_string(tree.original("crates/mutants/survivors.md"))?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    Ok(lines.map(|line| line.trim_end().to_owned()).collect())
}
