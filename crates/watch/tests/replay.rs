//! The replay's model is the executor's own story, and its page is one file that holds names as text.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::{pending, poll_fn},
    net::Shutdown,
    panic,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor,
    net::{TcpListener, TcpStream},
    spawn, task, time,
    trace::EventKind,
    yield_now,
};
use pizzaiolo_watch::{Replay, Timeline};
use serde_json::Value;

/// A name that would end the script element, or begin a comment, or be an element.
const NASTY: &str =
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\u{2028}\"\\";

fn watched(paused_clock: bool) -> (Rc<Timeline>, Executor) {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(paused_clock);
    (timeline, builder.build().unwrap())
}

/// Tasks that yield, wake each other, sleep, end in each way.
fn kitchen() -> Rc<Timeline> {
    let (timeline, executor) = watched(true);
    executor.block_on(async {
        let rung = Rc::new(Cell::new(false));
        let waiter = Rc::new(RefCell::new(None::<Waker>));
        let (heard, left) = (Rc::clone(&rung), Rc::clone(&waiter));
        let waits = task::Builder::new().name("waits").spawn(poll_fn(move |cx| {
            if heard.get() {
                return Poll::Ready(());
            }
            left.replace(Some(cx.waker().clone()));
            Poll::Pending
        }));
        let rings = task::Builder::new().name("rings").spawn(async move {
            for _ in 0..3 {
                yield_now().await;
            }
            time::sleep(Duration::from_millis(20)).await;
            rung.set(true);
            waiter.take().unwrap().wake();
            yield_now().await;
        });
        let spinners: Vec<_> = (0..3).map(|_| spawn(yield_now())).collect();
        let forever = spawn(pending::<()>());
        let burns = spawn(async { panic::resume_unwind(Box::new("on purpose")) });
        for spinner in spinners {
            spinner.await.unwrap();
        }
        waits.await.unwrap();
        rings.await.unwrap();
        forever.abort();
        let _: Result<(), _> = forever.await;
        let _: Result<(), _> = burns.await;
        let mut thread = None;
        poll_fn(|cx| {
            if thread.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        })
        .await;
    });
    timeline
}

/// A server and a client over a socket, with a timeout.
fn order() -> Rc<Timeline> {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = task::Builder::new().name("server").spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut order = [0; 8];
            let n = time::timeout(Duration::from_secs(60), stream.read(&mut order)).await;
            stream.write_all(&order[..n.unwrap().unwrap()]).await.unwrap();
            stream.read(&mut order).await.unwrap();
            time::sleep(Duration::from_millis(1)).await;
        });
        // So that the server has to wait for a connection.
        yield_now().await;
        let client = TcpStream::connect(addr).await.unwrap();
        yield_now().await;
        client.write_all(b"2").await.unwrap();
        client.read_exact(&mut [0]).await.unwrap();
        // It begins when this one waits for the server.
        spawn(async move { client.shutdown(Shutdown::Write).unwrap() }).detach();
        server.await.unwrap();
    });
    timeline
}

/// The run that a page has in it.
fn data(page: &str) -> Value {
    let run = page.split_once("id=\"run\">").unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(run).unwrap()
}

fn state(replay: &mut Replay, step: usize) -> Value {
    serde_json::from_str(&replay.state_json(step)).unwrap()
}

#[test]
fn the_task_that_is_polled_next_is_at_the_front_of_the_models_queue() {
    for timeline in [kitchen(), order()] {
        let mut replay = Replay::new(&timeline);
        let mut polls = 0;
        for (index, event) in timeline.events().iter().enumerate() {
            if !matches!(event.kind(), EventKind::PollStarted) {
                continue;
            }
            let before = state(&mut replay, index);
            let polled = state(&mut replay, index + 1)["running"].clone();
            // The future of `block_on` has its first poll without a queue.
            if index > 0 {
                assert_eq!(before["queue"][0], polled, "step {index}: {before}");
            }
            polls += 1;
        }
        assert!(polls > 4, "{polls}");
    }
}

#[test]
fn a_task_is_in_one_state_and_its_waker_where_it_said() {
    let timeline = order();
    let mut replay = Replay::new(&timeline);
    let mut left = BTreeSet::new();
    for step in 0..=replay.steps() {
        let state = state(&mut replay, step);
        for (number, task) in state["tasks"].as_object().unwrap() {
            let number: u64 = number.parse().unwrap();
            let status = task[0].as_str().unwrap();
            let queue = state["queue"].as_array().unwrap();
            let is_queued = queue.iter().any(|queued| queued.as_u64() == Some(number));
            let is_polled = state["running"].as_u64() == Some(number);
            assert_eq!(status == "polled", is_polled, "step {step}: {state}");
            assert!(status != "queued" || is_queued, "step {step}: {state}");
            assert!(status != "waiting" || !is_queued, "step {step}: {state}");
            if status == "waiting" {
                for wait in task[4].as_array().unwrap() {
                    left.insert(wait[3].as_str().or(wait[0].as_str()).unwrap().to_owned());
                }
            }
        }
    }
    assert_eq!(left.iter().collect::<Vec<_>>(), ["join", "read", "timer"]);
}

#[test]
fn how_each_task_has_ended_is_in_the_last_state() {
    let timeline = kitchen();
    let mut replay = Replay::new(&timeline);
    let last = replay.steps();
    let state = state(&mut replay, last);
    let ends: Vec<_> = state["tasks"]
        .as_object()
        .unwrap()
        .values()
        .map(|task| task[0].as_str().unwrap())
        .collect();
    for (end, count) in [("finished", 5), ("aborted", 1), ("panicked", 1), ("returned", 1)] {
        assert_eq!(ends.iter().filter(|one| **one == end).count(), count, "{end}: {state}");
    }
    assert_eq!(state["queue"].as_array().unwrap().len(), 0);
}

#[test]
fn a_step_back_is_the_state_as_it_was() {
    let timeline = kitchen();
    let mut replay = Replay::new(&timeline);
    let forth: Vec<_> = (0..=replay.steps()).map(|step| replay.state_json(step)).collect();
    for step in (0..=replay.steps()).rev() {
        assert_eq!(replay.state_json(step), forth[step], "step {step}");
    }
    assert_eq!(replay.state_json(usize::MAX), forth[replay.steps()]);
}

#[test]
fn a_timeline_whose_beginning_is_missing_has_the_states_of_the_whole_one() {
    let whole = order();
    for held in 1..whole.events().len() {
        let timeline = Timeline::with_capacity(held);
        for event in whole.events() {
            pizzaiolo::trace::Observer::on_event(&timeline, &event);
        }
        let mut replay = Replay::new(&timeline);
        assert_eq!(replay.steps(), held);
        // What is polled is known from the first event that says so; what waits unmentioned is not.
        let mut all = Replay::new(&whole);
        let missing = whole.events().len() - held;
        let polls = |replay: &mut Replay, step| state(replay, step)["running"].is_number();
        for step in 1..=held {
            let known = polls(&mut replay, step);
            assert!(!known || polls(&mut all, missing + step), "{held} held, step {step}");
        }
    }
}

#[test]
fn the_page_is_one_file_that_asks_for_nothing() {
    let page = kitchen().to_html();
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("default-src 'none'") && page.contains("connect-src 'none'"));
    for outside in ["http://", "https://", "src=\"", "@import", "url(http"] {
        let places: Vec<_> = page.match_indices(outside).collect();
        assert!(places.is_empty(), "{outside}: {places:?}");
    }
    assert!(!page.contains("<!--"), "every part is in its place");
}

#[test]
fn names_and_marks_cannot_end_the_script_element() {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        task::Builder::new().name(NASTY).spawn(async {}).await.unwrap();
    });
    timeline.mark(timeline.events()[0].when(), NASTY);
    let page = timeline.to_html();
    let plain = kitchen().to_html();
    for tag in ["<script", "</script", "<img", "<!--"] {
        let count = |page: &str| page.matches(tag).count();
        assert_eq!(count(&page), count(&plain), "{tag}");
    }
    // And the name is still there, whole.
    let run = data(&page);
    assert!(run["tasks"].as_array().unwrap().iter().any(|task| task["name"] == NASTY));
    assert_eq!(run["marks"][0][1], NASTY);
}

#[test]
fn the_page_has_the_source_around_each_spawn() {
    let run = data(&kitchen().to_html());
    let task =
        run["tasks"].as_array().unwrap().iter().find(|task| task["name"] == "rings").unwrap();
    let place = format!("{}:{}", task["file"].as_str().unwrap(), task["line"]);
    let excerpt = &run["files"][&place];
    let first = usize::try_from(excerpt[0].as_u64().unwrap()).unwrap();
    let line = usize::try_from(task["line"].as_u64().unwrap()).unwrap();
    assert!(excerpt[1][line - first].as_str().unwrap().contains("rings"), "{excerpt}");
}

#[test]
fn the_page_has_the_source_around_the_call_with_which_each_wait_began() {
    let run = data(&order().to_html());
    let places = run["places"].as_array().unwrap();
    let texts: Vec<&str> = places
        .iter()
        .filter_map(|place| {
            let excerpt = &run["files"][format!("{}:{}", place["file"].as_str()?, place["line"])];
            let line = usize::try_from(place["line"].as_u64()? - excerpt[0].as_u64()?).unwrap();
            excerpt[1][line].as_str()
        })
        .collect();
    for call in ["accept()", "time::timeout", "stream.read", "time::sleep", "server.await"] {
        assert!(texts.iter().any(|text| text.contains(call)), "{call}: {texts:?}");
    }
}

#[test]
fn an_empty_timeline_is_a_page_too() {
    let timeline = Timeline::new();
    assert!(timeline.to_html().contains("\"events\":[]"));
    let mut replay = Replay::new(&timeline);
    assert_eq!(replay.steps(), 0);
    assert!(replay.state_json(0).contains("\"queue\":[]"));
}

// The words.

fn words() -> serde_json::Map<String, Value> {
    let words: Value = serde_json::from_str(include_str!("../src/page/words.json")).unwrap();
    words.as_object().unwrap().clone()
}

/// What stands between braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

#[test]
fn every_sentence_is_there_in_both_languages_with_the_same_placeholders() {
    for (key, texts) in words() {
        let texts = texts.as_array().unwrap();
        let [english, japanese] = [texts[0].as_str().unwrap(), texts[1].as_str().unwrap()];
        assert_eq!(
            (texts.len(), english.is_empty(), japanese.is_empty()),
            (2, false, false),
            "{key}"
        );
        assert_eq!(placeholders(english), placeholders(japanese), "{key}");
        assert!(english.is_ascii() || english.contains(['…', '日']), "{key} is English: {english}");
    }
}

#[test]
fn every_key_that_the_page_names_is_in_the_table_and_the_other_way_round() {
    let words = words();
    let script = [
        include_str!("../src/page/page.html"),
        include_str!("../src/page/story.js"),
        include_str!("../src/page/place.js"),
        include_str!("../src/page/strip.js"),
        include_str!("../src/page/quiz.js"),
        include_str!("../src/page/table.js"),
        include_str!("../src/page/live.js"),
        include_str!("../src/page/main.js"),
    ]
    .join("\n");
    for call in ["say(\"", "sayText(\"", "data-say=\"", "data-label=\"", "setStatusLine(\""] {
        for rest in script.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(words.contains_key(key), "{call}{key}");
        }
    }
    // Some keys are put together: `status.${…}`.
    for key in words.keys() {
        let is_whole = script.contains(&format!("\"{key}\""));
        let family = key.rsplit_once('.').map(|(family, _)| format!("`{family}.${{"));
        let is_put_together = family.is_some_and(|family| script.contains(&family));
        // The sentences of steps are called as the steps are.
        let is_word = include_str!("../src/replay/encode.rs").contains(&format!("\"{key}\""));
        assert!(is_whole || is_put_together || is_word, "no one says {key}");
    }
}
