//! Chrome's trace event format, held against its rules.

use std::collections::{HashMap, HashSet};

use pizzaiolo::trace::EventKind;
use serde_json::Value;

use crate::kitchen::{NASTY, count, minute, seen};

/// Checks the events against the format's rules, and returns them.
pub(crate) fn check_trace(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    let events = file["traceEvents"].as_array().unwrap().clone();
    let mut latest = 0.0;
    // For each track, the slices that are open, by when they end.
    let mut open: HashMap<u64, Vec<f64>> = HashMap::new();
    let mut flows: HashMap<u64, Vec<char>> = HashMap::new();
    for event in &events {
        let phase = event["ph"].as_str().unwrap();
        let (time, track) = (event["ts"].as_f64().unwrap(), event["tid"].as_u64().unwrap());
        assert_eq!(event["pid"].as_u64(), Some(1));
        assert!(event["name"].is_string());
        assert!(time >= latest, "{event} comes after {latest}");
        latest = time;
        let slices = open.entry(track).or_default();
        // Nanoseconds are written as thousandths: half of one is no difference.
        slices.retain(|end| *end > time + 0.000_5);
        match phase {
            "M" => assert!(!event["args"].is_null()),
            "X" => {
                let end = time + event["dur"].as_f64().unwrap();
                assert!(slices.iter().all(|outer| end <= outer + 0.000_5), "{event} overlaps");
                slices.push(end);
            }
            "i" => assert!(["t", "g"].contains(&event["s"].as_str().unwrap())),
            "s" | "f" => {
                assert!(!slices.is_empty(), "{event} is in no slice");
                let id = event["id"].as_u64().unwrap();
                flows.entry(id).or_default().push(phase.chars().next().unwrap());
                assert!(event["cat"].is_string());
            }
            other => panic!("an event of phase {other}"),
        }
    }
    assert!(flows.values().all(|flow| *flow == ['s', 'f']), "{flows:?}");
    events
}

#[test]
fn a_chrome_trace_keeps_the_formats_rules() {
    let timeline = seen(NASTY);
    let events = check_trace(&timeline.to_chrome_trace());
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    let polled = count(&timeline, |kind| matches!(kind, EventKind::PollStarted));
    assert_eq!(named("polled"), polled);
    let is_track = |event: &&Value| {
        event["name"] == "thread_name" && event["args"]["name"] == format!("{NASTY}, task 0")
    };
    assert_eq!(events.iter().filter(is_track).count(), 1);
    let flows = events.iter().filter(|event| event["ph"] == "s" && event["name"] == "wake").count();
    let woken = count(&timeline, |kind| matches!(kind, EventKind::Woken { .. }));
    assert_eq!(flows, woken);
}

#[test]
fn every_track_of_a_chrome_trace_has_a_name_and_none_is_a_main_thread() {
    let trace = seen("oven").to_chrome_trace();
    assert!(!trace.contains("\"args\":{}"), "empty arguments are shown as {{}}");
    let events = check_trace(&trace);
    let named: HashSet<u64> = events
        .iter()
        .filter(|event| event["name"] == "thread_name")
        .map(|event| event["tid"].as_u64().unwrap())
        .collect();
    for event in events.iter().filter(|event| event["name"] != "process_name") {
        let number = event["tid"].as_u64().unwrap();
        assert!(named.contains(&number), "{event}");
        assert_ne!(event["tid"], event["pid"], "{event}");
        assert!(event["s"].is_null() || event["s"] == "t", "{event}");
    }
    let mark = events.iter().find(|event| event["ph"] == "i" && event["name"] == "oven").unwrap();
    assert_eq!(mark["tid"], 2);
}

#[test]
fn a_chrome_trace_of_a_long_run_keeps_the_formats_rules() {
    let timeline = minute();
    let events = check_trace(&timeline.to_chrome_trace());
    assert!(events.len() > timeline.events().len() / 2);
}
