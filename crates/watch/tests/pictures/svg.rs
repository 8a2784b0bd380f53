//! The SVG, as an XML parser takes it.

use std::{collections::HashSet, rc::Rc, time::Duration};

use pizzaiolo::{Executor, net::UdpSocket, time, trace::EventKind, yield_now};
use pizzaiolo_watch::Timeline;
use roxmltree::{Document, Node};

use crate::kitchen::{NASTY, count, minute, seen};

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
fn a_wait_for_a_socket_that_is_given_up_is_not_drawn_as_one() {
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build().unwrap();
    executor.block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let short = time::timeout(Duration::from_millis(1), socket.recv_from(&mut [0])).await;
        assert!(short.is_err());
        time::sleep(Duration::from_millis(1)).await;
    });
    let svg = timeline.to_svg();
    let document = Document::parse(&svg).unwrap();
    let titles = document.descendants().filter(|node| node.has_tag_name("title"));
    let waits: Vec<_> =
        titles.filter_map(|it| it.text()).filter(|it| it.contains("waits")).collect();
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert!(waits[0].contains("to read: socket 0"), "{waits:?}");
    assert!(waits[1].contains("for a timer") && !waits[1].contains("socket"), "{waits:?}");
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
        executor
            .spawn(async {
                for _ in 0..5_000 {
                    yield_now().await;
                }
            })
            .detach();
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
        executor.spawn(async {}).detach();
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
    // A clock that stands still, so that the picture is the same on a machine that pauses.
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    for _ in 0..50 {
        executor
            .spawn(async {
                for _ in 0..500 {
                    yield_now().await;
                }
            })
            .detach();
    }
    executor.run();
    assert_eq!(timeline.events().len(), 65_536);
    let svg = timeline.to_svg();
    Document::parse(&svg).unwrap();
    assert!(svg.len() < 100_000, "{}", svg.len());
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
