//! The picture that the guide shows is that of its program.

#[path = "../../../examples/who_wakes.rs"]
#[expect(dead_code, reason = "its command line")]
mod who_wakes;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use pizzaiolo_watch::Timeline;
use roxmltree::Document;

/// The task that is woken in each arrow of a picture, and the cause. The future of `block_on` is left out: if
/// the task that it awaits has ended already, it is not woken.
fn wakes(svg: &str) -> BTreeMap<String, BTreeSet<String>> {
    let picture = Document::parse(svg).expect("a picture");
    let mut wakes = BTreeMap::<_, BTreeSet<_>>::new();
    for title in picture.descendants().filter(|node| node.has_tag_name("title")) {
        let Some((who, by)) = title.text().and_then(|text| text.split_once(" is woken by ")) else {
            continue;
        };
        // The port is another one in each run.
        let by = by.split_once(" (tcp").map_or(by, |(socket, _)| socket);
        if who != "root" {
            wakes.entry(who.to_owned()).or_default().insert(by.to_owned());
        }
    }
    wakes
}

#[test]
fn the_picture_of_who_wakes_whom_is_that_of_its_program() {
    let picture = wakes(include_str!("../../../docs/who_wakes.svg"));
    let expected = [
        ("socket, task 0", &["socket 0"][..]),
        ("join, task 1", &["socket, task 0"]),
        ("channel, task 2", &["timer, task 3"]),
        ("timer, task 3", &["a timer", "timer, task 3"]),
        ("thread, task 4", &["another thread"]),
    ];
    let expected = expected.map(|(who, by)| {
        (who.to_owned(), by.iter().map(|&by| by.to_owned()).collect::<BTreeSet<_>>())
    });
    assert_eq!(picture, BTreeMap::from(expected));
    let timeline = Rc::new(Timeline::new());
    who_wakes::run(Rc::clone(&timeline)).expect("sockets");
    let mut run = wakes(&timeline.to_svg());
    // On a machine that stands still for as long as the timer, its time has passed before it is set.
    run.entry("timer, task 3".to_owned()).or_default().insert("a timer".to_owned());
    assert_eq!(run, picture);
}
