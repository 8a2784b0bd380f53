//! Which probes judge which exercise.

use conformance::{Capability, Rule, rules};

/// The exercises that are judged by probes.
pub(crate) const STAGES: std::ops::RangeInclusive<usize> = 11..=17;

/// Probes that judge an exercise in addition to those of its own subject. They use the timers and
/// sockets of the crate, which have to wake the tasks of the exercise.
const ALSO: &[(usize, &[&str])] =
    &[(11, &["idle-sleep", "tcp-read-wakes"]), (14, &["sleep-spinner", "tcp-spinner"])];

/// The probes of an exercise.
pub(crate) fn probes(stage: usize) -> Vec<&'static Rule> {
    let also = |rule: &Rule| ALSO.iter().any(|(of, ids)| *of == stage && ids.contains(&rule.id()));
    let of_stage = |rule: &&&Rule| subject(rule) == Some(stage) || also(rule);
    rules::ALL.iter().filter(of_stage).copied().collect()
}

/// The exercise that writes the part that a probe needs. `None` if no exercise writes it.
fn subject(rule: &Rule) -> Option<usize> {
    let needs = |capability| rule.needs().contains(&capability);
    let first = [
        (needs(Capability::SpawnFromThreads), None),
        (needs(Capability::Tcp), Some(17)),
        (needs(Capability::Timers), Some(16)),
        (needs(Capability::Abort), Some(15)),
        (needs(Capability::Join) || needs(Capability::CatchesPanics), Some(13)),
        (needs(Capability::Spawn) && needs(Capability::ThreadWakes), Some(14)),
        (needs(Capability::Spawn) || needs(Capability::SpawnLocal), Some(12)),
    ];
    first.iter().find(|(is_it, _)| *is_it).map_or(Some(11), |(_, stage)| *stage)
}

#[test]
fn each_rule_judges_an_exercise_except_what_no_exercise_writes() {
    let asked = |rule: &&Rule| {
        STAGES.clone().any(|stage| probes(stage).iter().any(|of_stage| of_stage.id() == rule.id()))
    };
    let left: Vec<_> =
        rules::ALL.iter().copied().filter(|rule| !asked(rule)).map(Rule::id).collect();
    assert_eq!(left, ["thread-spawns"]);
}
