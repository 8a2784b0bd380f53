//! All questions, one after the other, and at the end the tables: `cargo bench`.
//!
//! They are one program, for a program takes long to link. `cargo bench -p pizzaiolo-benches -- NAME` asks
//! those whose name has NAME in it.

use std::env;
use std::time::Duration;

use criterion::Criterion;
use pizzaiolo_benches::table;

mod compare;
mod cross_thread;
mod orders;
mod spawn;
mod timers;
mod watching;
mod web;
mod yield_and_wake;

/// Asks a question of every runtime.
type Bench = fn(&mut Criterion);

/// The questions, in the order of the tables.
const QUESTIONS: [(&str, Bench); 7] = [
    ("a task, from its spawn until it is joined", spawn::bench),
    ("a yield, and a wake of another task", yield_and_wake::bench),
    ("a timer that never fires", timers::bench),
    ("a wake and a spawn from another thread", cross_thread::bench),
    ("an observer", watching::bench),
    ("an order over loopback", orders::bench),
    ("a request to hyper's hello world", web::bench),
];

fn main() {
    let measurements = table::directory();
    let mut criterion = criterion().output_directory(&measurements).configure_from_args();
    let count = QUESTIONS.len();
    for (index, (question, bench)) in QUESTIONS.into_iter().enumerate() {
        println!("\n== {} of {count}: what does it cost? {question}\n", index + 1);
        bench(&mut criterion);
    }
    criterion.final_summary();
    table::print_all(&measurements, table::Statistic::Median);
}

/// All questions within minutes; or, on demand, as long as a machine needs that is not idle.
fn criterion() -> Criterion {
    let (warm_up, measurement, samples) =
        if env::var_os(compare::THOROUGH).is_some() { (1000, 3000, 50) } else { (150, 600, 15) };
    Criterion::default()
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement))
        .sample_size(samples)
        .nresamples(10_000)
        .without_plots()
}
