//! What the sources of the steps have in common.

use super::*;

#[test]
fn each_step_is_at_most_180_lines_and_leads_to_the_next() {
    let ladder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ladder");
    let files = [
        "step1_blocking.rs",
        "step2_threads.rs",
        "step3_busy_loop.rs",
        "step4_mio.rs",
        "step5_bell.rs",
        "step6_sockets.rs",
        "step7_async_fn.rs",
        "step8_task_queue.rs",
        "step9_accept_task.rs",
        "step10_reactor.rs",
        "step11_crate.rs",
        "../exercises/README.md",
    ];
    for (step, files) in STEPS.zip(files.windows(2)) {
        let &[file, next] = files else { unreachable!("windows of two") };
        let text = fs::read_to_string(ladder.join(file)).expect("the step is there");
        assert!(text.lines().count() <= 180, "{file} has {} lines", text.lines().count());
        assert!(ladder.join(next).exists(), "{next} is there");
        let mut header = text.lines().take_while(|line| line.starts_with("//!"));
        for part in [
            &format!("//! # Step {step}: "),
            &format!("//! - Run: `cargo run --release --example ladder-{step}`"),
            "//! - Type: ",
            "//! - See: ",
            "//! - Still wrong: ",
            "//! - Next: [",
        ] {
            let line = header.find(|line| line.starts_with(part));
            let line = line.unwrap_or_else(|| panic!("{file} has no {part:?}, or not there"));
            assert!(!part.contains("Next") || line.contains(&format!("]({next})")), "{line}");
        }
        let alone = !text.contains("use pizzaiolo");
        assert_eq!(alone, step < 11, "step {step} stands alone, or is the crate");
    }
}
