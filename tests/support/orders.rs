//! Programs in every order of their tasks.

use pizzaiolo_testkit::explore;

/// Runs a program in every order, and checks how many these are: fewer than there were, and the test shows less.
#[track_caller]
pub(crate) fn in_all_orders<F: Future<Output = ()> + 'static>(
    orders: u64,
    program: impl FnMut() -> F,
) {
    let report = explore(program);
    assert!(report.is_all() && report.orders() == orders, "{report}");
}
