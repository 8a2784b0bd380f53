//! Each picture of a timeline is what its readers take: an XML parser, a JSON parser, Mermaid.

use std::{
    collections::{HashMap, HashSet},
    future::{pending, poll_fn},
    rc::Rc,
    task::Poll,
    thread,
    time::Duration,
};

use pizzaiolo::{Executor, spawn, task, time, trace::EventKind, yield_now};
use pizzaiolo_watch::Timeline;
use roxmltree::{Document, Node};
use serde_json::Value;

/// A name that means something in every format, and nothing good.
const NASTY: &str = "<script>alert(\"1;#2\")</script>&amp;'%%{init}%% end: \\n";

/// Some of everything, among it a task of this name. The clock stands still, so many events have
/// the same time.
fn kitchen(timeline: &Rc<Timeline>, name: &str) {
    let builder = Executor::builder().observer(Rc::clone(timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    executor.block_on(async {
        let oven = task::Builder::new().name(name).spawn(async {
            time::sleep(Duration::from_secs(30)).await;
            yield_now().await;
        });
        let burns = spawn(async { panic!("on purpose") });
        let forever = spawn(pending::<()>());
        assert!(burns.await.unwrap_err().is_panic());
        let mut waking = None;
        poll_fn(|cx| {
            if waking.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            waking = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        })
        .await;
        oven.await.unwrap();
        forever.abort();
        assert!(forever.await.unwrap_err().is_cancelled());
        // Dropped with the executor.
        drop(spawn(pending::<()>()));
    });
    timeline.mark(timeline.events()[0].when(), name);
}

fn seen(name: &str) -> Rc<Timeline> {
    let timeline = Rc::new(Timeline::new());
    kitchen(&timeline, name);
    timeline
}

/// A minute of 50 tasks that wait for timers, each with a pace of its own.
fn minute() -> Timeline {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    for number in 0..50 {
        let pace = Duration::from_millis(100 + 37 * number);
        drop(executor.spawn(async move {
            let start = time::now();
            while time::now() - start < Duration::from_secs(60) {
                time::sleep(pace).await;
            }
        }));
    }
    executor.run();
    drop(executor);
    Rc::into_inner(timeline).expect("the executor was the only other owner")
}

fn count(timeline: &Timeline, is_it: fn(&EventKind) -> bool) -> usize {
    timeline.events().iter().filter(|event| is_it(event.kind())).count()
}

// SVG.

fn is_class(node: Node, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
}

fn number(node: Node, attribute: &str) -> usize {
    node.attribute(attribute).and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[test]
fn a_svg_shows_each_poll_and_each_wake_of_a_short_run() {
    let timeline = seen("oven");
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    let polls = document.descendants().filter(|node| is_class(*node, "poll"));
    // One more is in the legend.
    let polled = count(&timeline, |kind| matches!(kind, EventKind::PollStarted));
    assert_eq!(polls.count(), polled + 1);
    let woken = document.descendants().filter(|node| {
        let title = node.first_element_child().and_then(|title| title.text());
        node.tag_name().name() == "g" && title.is_some_and(|title| title.contains(" is woken by "))
    });
    assert_eq!(woken.count(), count(&timeline, |kind| matches!(kind, EventKind::Woken { .. })));
    let texts: HashSet<&str> = document.descendants().filter_map(|node| node.text()).collect();
    for words in ["oven", "timers", "other threads", "finished", "aborted", "panicked", "timer"] {
        assert!(texts.contains(words), "{words}");
    }
}

#[test]
fn a_wait_for_two_timers_says_so_once() {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(true);
    builder.build().unwrap().block_on(async {
        let long = time::sleep(Duration::from_secs(2));
        time::timeout(Duration::from_secs(1), long).await.unwrap_err();
    });
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    let labels = document.descendants().filter(|node| {
        node.has_tag_name("text") && node.text().is_some_and(|text| text.contains("timer"))
    });
    let labels: Vec<_> = labels.filter_map(|node| node.text()).collect();
    assert_eq!(labels, ["timers", "timer", "woken by a timer"]);
}

#[test]
fn a_svg_holds_names_as_text_and_nothing_foreign() {
    let svg = seen(NASTY).to_svg();
    let document = Document::parse(&svg).unwrap();
    let whole = format!("{NASTY}, task 0");
    assert!(document.descendants().any(|node| node.text() == Some(&whole)), "the name is there");
    for node in document.descendants().filter(Node::is_element) {
        assert_ne!(node.tag_name().name(), "script");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "href");
        }
    }
    assert!(!svg.contains("@import") && !svg.contains("url(http"));
}

#[test]
fn what_xml_cannot_hold_is_replaced() {
    let svg = seen("a\u{0}b\u{1b}c\u{ffff}d\ne").to_svg();
    let document = Document::parse(&svg).unwrap();
    assert!(
        document.descendants().any(|node| node.text() == Some("a\u{fffd}b\u{fffd}c\u{fffd}d e"))
    );
}

#[test]
fn everything_is_inside_the_picture() {
    for timeline in [&*seen("oven"), &minute()] {
        let svg = timeline.to_svg();
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        let (width, height) = (number(root, "width"), number(root, "height"));
        for node in root.descendants().filter(|node| node.has_tag_name("rect")) {
            assert!(number(node, "x") + number(node, "width") <= width, "{node:?}");
            assert!(number(node, "y") + number(node, "height") <= height, "{node:?}");
        }
    }
}

#[test]
fn a_minute_of_fifty_tasks_is_one_picture_of_bounded_size() {
    let timeline = minute();
    assert!(timeline.events().len() > 20_000);
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert!(number(root, "width") <= 1_600 && number(root, "height") <= 1_300);
    // One pixel in three has a bar of its own at most, in each lane.
    let bars = root.descendants().filter(|node| is_class(*node, "poll")).count();
    assert!((50..50 * 1_600 / 3).contains(&bars), "{bars}");
    assert!(svg.len() < 4_000_000, "{}", svg.len());
}

#[test]
fn polls_that_lie_close_together_are_one_bar_of_an_overview() {
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build().unwrap();
    for _ in 0..2 {
        drop(executor.spawn(async {
            for _ in 0..5_000 {
                yield_now().await;
            }
        }));
    }
    executor.run();
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    let bars = document.descendants().filter(|node| is_class(*node, "poll")).count();
    assert!((2..2 * 1_600 / 3).contains(&bars), "{bars}");
    assert!(svg.contains(" polls, "), "they say how many they are");
}

#[test]
fn ten_thousand_tasks_are_not_all_drawn_and_the_svg_says_so() {
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build().unwrap();
    for _ in 0..10_000 {
        drop(executor.spawn(async {}));
    }
    executor.run();
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    assert!(number(document.root_element(), "height") < 5_000);
    assert!(svg.contains("9,800 more tasks not drawn."));
}

#[test]
fn fifty_busy_tasks_are_a_small_picture() {
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build().unwrap();
    for _ in 0..50 {
        drop(executor.spawn(async {
            for _ in 0..500 {
                yield_now().await;
            }
        }));
    }
    executor.run();
    assert_eq!(timeline.events().len(), 65_536);
    let svg = timeline.to_svg();
    Document::parse(&svg).unwrap();
    assert!(svg.len() < 200_000, "{}", svg.len());
}

#[test]
fn a_svg_has_a_description_and_hides_its_titles_from_nobody() {
    let svg = seen("oven").to_svg();
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    // What is in an `img` is hidden from those that have it read to them.
    assert_eq!(root.attribute("role"), Some("graphics-document"));
    let about = root.children().find(|node| node.has_tag_name("desc")).unwrap();
    assert_eq!(root.attribute("aria-describedby"), about.attribute("id"));
    let about = about.text().unwrap();
    assert!(about.contains("oven: 3 polls, finished."), "{about}");
}

/// How bright a colour is, from 0 to 1, as WCAG defines it.
fn luminance(colour: &str) -> f64 {
    let channel = |from: usize| {
        let value = u8::from_str_radix(&colour[from..from + 2], 16).unwrap();
        let value = f64::from(value) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_frame_of_a_wait_stands_out_from_its_ground_light_and_dark() {
    let svg = seen("oven").to_svg();
    let (light, dark) = svg.split_once("@media(prefers-color-scheme:dark)").unwrap();
    for (style, grounds) in [(light, ["ffffff", "f6f8fa"]), (dark, ["0d1117", "131922"])] {
        let wait = style.split_once(".wait{").unwrap().1.split_once('}').unwrap().0;
        let stroke = wait.split_once("stroke:#").unwrap().1;
        for ground in grounds {
            let contrast = contrast(&stroke[..6], ground);
            assert!(contrast >= 3.0, "{stroke} on {ground}: {contrast}");
        }
    }
}

// Mermaid.

/// Checks the lines against what these diagrams are made of, and returns the participants.
fn check_mermaid(text: &str) -> HashMap<&str, &str> {
    assert!(text.chars().count() < 50_000);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let mut participants = HashMap::new();
    let mut active = HashSet::new();
    for line in lines.map(|line| line.strip_prefix("    ").expect("lines are indented")) {
        if let Some(participant) = line.strip_prefix("participant ") {
            let (id, name) = participant.split_once(" as ").unwrap();
            participants.insert(id, name);
            continue;
        }
        if let Some(id) = line.strip_prefix("deactivate ") {
            assert!(active.remove(id), "{line}");
            continue;
        }
        let (who, words) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        // Outside of `#35;` and the like, these signs mean something.
        let plain = words.split('#').enumerate().map(|(part, text)| match part {
            0 => text,
            _ => text.split_once(';').unwrap_or_else(|| panic!("{line}")).1,
        });
        for text in plain {
            assert!(!text.contains(['#', ';', '<', '>', '"', '%', '{', '}', '$', '\\']), "{line}");
        }
        if let Some(over) = who.strip_prefix("Note over ") {
            assert!(over.split(',').all(|id| participants.contains_key(id)), "{line}");
            continue;
        }
        let arrow = ["-->>", "->>", "-)"].into_iter().find(|arrow| who.contains(arrow));
        let (from, to) = who.split_once(arrow.unwrap_or_else(|| panic!("{line}"))).unwrap();
        let id = to.trim_start_matches(['+', '-']);
        assert!(participants.contains_key(from) && participants.contains_key(id), "{line}");
        if to.starts_with('+') {
            assert!(active.insert(id), "{line}");
        } else if to.starts_with('-') {
            assert!(active.remove(from), "{line}");
        }
    }
    assert!(active.is_empty(), "{active:?}");
    participants
}

#[test]
fn a_mermaid_diagram_has_lanes_for_tasks_executor_reactor_and_os() {
    let text = seen("oven").to_mermaid();
    let participants = check_mermaid(&text);
    let names: HashSet<&str> = participants.values().copied().collect();
    for name in ["root", "oven (task 0)", "executor", "reactor", "OS", "other threads"] {
        assert!(names.contains(name), "{name}");
    }
    assert!(text.contains("wake, by a timer") && text.contains("Note over T0,OS: oven"));
}

#[test]
fn mermaid_never_meets_a_sign_that_means_something() {
    check_mermaid(&seen(NASTY).to_mermaid());
    check_mermaid(&seen("").to_mermaid());
}

#[test]
fn a_mermaid_diagram_of_a_long_run_has_the_end_of_it_and_says_so() {
    let text = minute().to_mermaid();
    check_mermaid(&text);
    assert!(text.contains("earlier events not shown"));
    assert!(text.chars().count() > 20_000, "it uses the room that there is");
}

// Chrome's trace event format.

/// Checks the events against the format's rules, and returns them.
fn check_trace(text: &str) -> Vec<Value> {
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

// What is held.

#[test]
fn an_empty_timeline_makes_pictures_too() {
    let timeline = Timeline::new();
    timeline.mark(std::time::Instant::now(), "nothing");
    Document::parse(&timeline.to_svg()).unwrap();
    check_mermaid(&timeline.to_mermaid());
    check_trace(&timeline.to_chrome_trace());
    assert_eq!((timeline.events().len(), timeline.missing()), (0, 0));
}

#[test]
fn a_full_timeline_lets_the_oldest_go_and_the_pictures_say_so() {
    let all = seen("oven").events().len();
    for capacity in 0..=all {
        let timeline = Rc::new(Timeline::with_capacity(capacity));
        kitchen(&timeline, "oven");
        let held = timeline.events().len();
        assert!(held <= capacity.max(1));
        // How often the thread parks while another one wakes it is not the same in each run.
        let missing = timeline.missing();
        let svg = timeline.to_svg();
        Document::parse(&svg).unwrap();
        let mermaid = timeline.to_mermaid();
        check_mermaid(&mermaid);
        let events = check_trace(&timeline.to_chrome_trace());
        assert_eq!(events[0]["args"]["missing_events"], missing);
        if missing > 0 {
            assert_eq!(held, capacity.max(1));
            assert!(svg.contains("missing)"), "{missing}");
            assert!(mermaid.contains("not shown"), "{missing}");
        }
    }
}

#[test]
fn a_name_outlives_the_event_that_told_it() {
    let timeline = Rc::new(Timeline::with_capacity(20));
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    let patient = task::Builder::new().name("patient");
    executor.block_on(async move {
        let patient = patient.spawn(time::sleep(Duration::from_secs(60)));
        for _ in 0..100 {
            yield_now().await;
        }
        patient.await.unwrap();
    });
    assert_eq!(timeline.events().len(), 20);
    assert!(timeline.to_svg().contains(">patient<"));
    assert!(timeline.to_mermaid().contains("as patient (task 0)"));
}
