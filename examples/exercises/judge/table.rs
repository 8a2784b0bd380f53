//! Compares your runtime with tokio: the probes that each passes, and how to count orders.

use std::fmt::Write;

use conformance::{Rule, Verdict};

use super::Reports;

/// The matrix, whose first rows are this crate's and tokio's.
const MATRIX: &str = include_str!("../../../docs/conformance.md");

const ORDERS: &str = "
Orders per second: start your server and that of the crate, each in its own terminal. Then run the
same load on one after the other.

  cargo run --release --example exercises -- 127.0.0.1:12345
  RUST_LOG=warn cargo run --release --example pizza-server -- 127.0.0.1:12346

  cargo run --release --example pizza-rush -- 127.0.0.1:12345
  cargo run --release --example pizza-rush -- 127.0.0.1:12346

The benches have a pizza server on tokio:

  cargo run --release -p pizzaiolo-benches -- server tokio 127.0.0.1:12347
";

/// The columns of the matrix's summary.
const COLUMNS: [Verdict; 6] = Verdict::COLUMNS;

/// The end of the course: your row, the rows of tokio, the probes that are left out, what to
/// measure.
pub(super) fn table(reports: &Reports, not_asked: &[&Rule]) -> String {
    let mut text = String::new();
    let heads = COLUMNS.map(|verdict| verdict.to_string());
    row(&mut text, "probes", &heads);
    let mut counts = COLUMNS.map(|verdict| count(reports, verdict));
    counts[5] += not_asked.len();
    row(&mut text, "yours, exercises 11 to 17", &counts.map(|count| count.to_string()));
    for (name, counts) in published() {
        row(&mut text, name, &counts);
    }
    text.push_str("The rows below yours are from docs/conformance.md.\n");
    for rule in not_asked {
        let _ = writeln!(text, "Not checked: {}, {}", rule.id(), rule.title());
    }
    text + ORDERS
}

fn count(reports: &Reports, verdict: Verdict) -> usize {
    reports.iter().filter(|(_, report)| report.verdict == verdict).count()
}

fn row(text: &mut String, name: &str, cells: &[impl AsRef<str>]) {
    let _ = write!(text, "{name:<32}");
    for (cell, verdict) in cells.iter().zip(COLUMNS) {
        let width = verdict.to_string().len().max(6) + 1;
        let _ = write!(text, " {:>width$}", cell.as_ref());
    }
    text.push('\n');
}

/// The rows of tokio, and of this crate, as the matrix has them.
fn published() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    MATRIX.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(2);
        let name = cells.next()?;
        let is_wanted = name.starts_with("tokio ") || name.starts_with("pizzaiolo ");
        is_wanted.then(|| (name, cells.take(COLUMNS.len()).collect()))
    })
}

#[test]
fn the_rows_beside_yours_are_those_of_the_crate_and_of_tokio() {
    let rows: Vec<_> = published().collect();
    let names: Vec<_> = rows.iter().map(|(name, _)| name.split(' ').next()).collect();
    assert_eq!(names, [Some("pizzaiolo"), Some("tokio"), Some("tokio"), Some("tokio")]);
    for (name, counts) in rows {
        let counts: Vec<usize> = counts.iter().filter_map(|count| count.parse().ok()).collect();
        assert_eq!(counts.len(), COLUMNS.len(), "{name}");
        assert_eq!(counts.iter().sum::<usize>(), conformance::rules::ALL.len(), "{name}");
    }
}
