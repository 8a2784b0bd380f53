//! Each picture of a timeline is what its readers take: an XML parser, a JSON parser, Mermaid.

mod chrome;
mod kitchen;
mod mermaid;
mod svg;

use std::{rc::Rc, time::Duration};

use pizzaiolo::{Executor, task, time, yield_now};
use pizzaiolo_watch::Timeline;
use roxmltree::Document;

use chrome::check_trace;
use kitchen::{kitchen, seen};
use mermaid::check_mermaid;

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
