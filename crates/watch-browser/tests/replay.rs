//! The replay, opened from disk in a real browser.

#[path = "support/mod.rs"]
mod support;

#[path = "support/runs.rs"]
mod runs;

use std::collections::BTreeMap;

use pizzaiolo_watch::{Replay, Timeline};
use serde_json::{Value, json};
use support::{Page, in_a_browser};

/// What the page must show in a state: the boxes, and what is in them.
fn picture_of(state: &Value) -> Value {
    let number = |text: &String| text.parse::<u64>().unwrap();
    let tasks = state["tasks"].as_object().unwrap();
    let mut tasks: Vec<(u64, &Value)> =
        tasks.iter().map(|(key, task)| (number(key), task)).collect();
    tasks.sort_by_key(|(number, _)| *number);
    let of = |status: &str| -> Vec<u64> {
        tasks.iter().filter(|(_, task)| task[0] == status).map(|(number, _)| *number).collect()
    };
    let running = state["running"].as_u64();
    let queue: Vec<u64> =
        state["queue"].as_array().unwrap().iter().map(|task| task.as_u64().unwrap()).collect();
    let mut sources: BTreeMap<String, BTreeMap<&str, Vec<u64>>> = BTreeMap::new();
    let row = || BTreeMap::from([("read", Vec::new()), ("write", Vec::new())]);
    for source in state["sources"].as_object().unwrap().keys() {
        sources.insert(source.clone(), row());
    }
    let mut timers = Vec::new();
    let mut joins: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (number, task) in &tasks {
        for wait in task[4].as_array().unwrap() {
            match wait[0].as_str().unwrap() {
                "source" => {
                    let row = sources.entry(wait[1].to_string()).or_insert_with(row);
                    row.get_mut(wait[3].as_str().unwrap()).unwrap().push(*number);
                }
                "timer" => timers.push((wait[1].as_u64().unwrap_or(u64::MAX), *number, &wait[1])),
                _ => joins.entry(wait[1].to_string()).or_default().push(*number),
            }
        }
    }
    timers.sort_by_key(|(deadline, number, _)| (*deadline, *number));
    let timers: Vec<Value> = timers
        .iter()
        .map(|(_, number, deadline)| {
            json!([number, deadline.as_u64().map_or("never".to_owned(), |it| it.to_string())])
        })
        .collect();
    let ended: Vec<&Value> = state["ended"].as_array().unwrap().iter().rev().collect();
    json!({
        "thread": state["thread"][0],
        "polled": running.into_iter().collect::<Vec<_>>(),
        "again": running.is_some_and(|task| queue.contains(&task)),
        "queue": queue.iter().filter(|task| Some(**task) != running).collect::<Vec<_>>(),
        "waiting": of("waiting"),
        "ended": ended,
        "unknown": of("unknown"),
        "sources": sources,
        "timers": timers,
        "joins": joins,
    })
}

/// Goes to each of these steps, and returns the page's model and what it shows.
async fn seen(page: &Page, steps: &[usize]) -> Vec<Value> {
    let script = "return arguments[0].map((step) => {
        pizzaiolo.go(step);
        return [pizzaiolo.step, pizzaiolo.state(), pizzaiolo.picture()];
    });";
    page.run(script, vec![json!(steps)]).await.as_array().unwrap().clone()
}

async fn open(page: &Page, timeline: &Timeline, anchor: &str) {
    page.open_text(&timeline.to_html(), anchor).await;
}

fn check(seen: &[Value], steps: &[usize], replay: &mut Replay) {
    assert_eq!(seen.len(), steps.len());
    for (step, seen) in steps.iter().zip(seen) {
        let state: Value = serde_json::from_str(&replay.state_json(*step)).unwrap();
        assert_eq!(seen[0], json!(step));
        assert_eq!(seen[1], state, "the page's model at step {step}");
        assert_eq!(seen[2], picture_of(&state), "what the page shows at step {step}");
    }
}

#[test]
fn it_opens_from_disk_with_no_request_and_no_complaint() {
    in_a_browser(async |page| {
        open(&page, &runs::orders(), "").await;
        assert_eq!(page.text("h1").await, "Replay of a pizzaiolo run");
        let requests = page.requests().await;
        // The browser's own first page asks for parts of the browser.
        let others: Vec<_> = requests
            .iter()
            .filter(|url| {
                !url.starts_with("chrome://")
                    && !url.ends_with("/run.html")
                    && !url.starts_with("data:")
                    && *url != "about:blank"
            })
            .collect();
        assert!(requests.iter().any(|url| url.ends_with("/run.html")), "{requests:?}");
        assert_eq!(others, Vec::<&String>::new());
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn every_step_shows_what_the_model_says() {
    in_a_browser(async |page| {
        for timeline in [runs::kitchen(), runs::orders(), runs::given_up(), runs::nasty()] {
            open(&page, &timeline, "").await;
            let mut replay = Replay::new(&timeline);
            assert_eq!(page.value("pizzaiolo.last").await, json!(replay.steps()));
            let steps: Vec<usize> = (0..=replay.steps()).collect();
            check(&seen(&page, &steps).await, &steps, &mut replay);
        }
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn a_run_whose_beginning_is_missing_shows_what_the_model_says() {
    in_a_browser(async |page| {
        let whole = runs::orders();
        let timeline = Timeline::with_capacity(40);
        for event in whole.events() {
            pizzaiolo::trace::Observer::on_event(&timeline, &event);
        }
        open(&page, &timeline, "").await;
        let mut replay = Replay::new(&timeline);
        let steps: Vec<usize> = (0..=40).collect();
        check(&seen(&page, &steps).await, &steps, &mut replay);
        assert!(page.text("#summary").await.contains("earlier events"));
    });
}

#[test]
fn the_executors_of_the_ladder_can_be_stepped_through_in_both_languages() {
    in_a_browser(async |page| {
        for (_, run) in ladder_recorded::STEPS {
            page.open_text(&pizzaiolo_watch::page_of_json(&run().unwrap()), "").await;
            let script = "let excerpts = 0;
                for (let step = 0; step <= pizzaiolo.last; step += 1) {
                    pizzaiolo.go(step);
                    excerpts += document.querySelectorAll('#excerpt pre').length;
                }
                return [pizzaiolo.last, excerpts];";
            for _ in 0..2 {
                let seen = page.run(script, Vec::new()).await;
                assert!(seen[0].as_u64() > Some(10) && seen[1].as_u64() > Some(0), "{seen}");
                page.click("#language").await;
            }
        }
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn stepping_back_shows_what_stepping_forth_has_shown() {
    in_a_browser(async |page| {
        let timeline = runs::kitchen();
        open(&page, &timeline, "").await;
        let look = "JSON.stringify([pizzaiolo.step, pizzaiolo.picture(), document.querySelector('#sentence').textContent])";
        let mut forth = vec![page.value(look).await];
        for _ in 0..25 {
            page.press("\u{E014}").await;
            forth.push(page.value(look).await);
        }
        for expected in forth.iter().rev().skip(1) {
            page.press("\u{E012}").await;
            assert_eq!(page.value(look).await, *expected);
        }
        let distinct: std::collections::BTreeSet<_> =
            forth.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), 26, "each step is another one");
    });
}

#[test]
fn a_link_to_a_step_opens_it_and_the_address_follows() {
    in_a_browser(async |page| {
        let timeline = runs::orders();
        open(&page, &timeline, "#step=17").await;
        assert_eq!(page.value("pizzaiolo.step").await, json!(17));
        page.click("#next").await;
        page.wait_until("location.hash === '#step=18'").await;
        page.run("location.hash = '#step=3'", Vec::new()).await;
        page.wait_until("pizzaiolo.step === 3").await;
        // One that is not there is the last.
        page.run("location.hash = '#step=99999'", Vec::new()).await;
        page.wait_until("pizzaiolo.step === pizzaiolo.last").await;
    });
}

#[test]
fn each_step_has_a_sentence_and_a_reason_in_both_languages() {
    in_a_browser(async |page| {
        for timeline in [runs::kitchen(), runs::orders(), runs::given_up()] {
            open(&page, &timeline, "").await;
            for language in ["en", "ja"] {
                if page.value("document.documentElement.lang").await != language {
                    page.click("#language").await;
                }
                assert_eq!(page.value("document.documentElement.lang").await, language);
                let script = "const all = [];
                    for (let step = 0; step <= pizzaiolo.last; step += 1) {
                        pizzaiolo.go(step);
                        all.push(document.body.innerText);
                    }
                    return all;";
                for (step, text) in
                    page.run(script, Vec::new()).await.as_array().unwrap().iter().enumerate()
                {
                    let text = text.as_str().unwrap();
                    for wrong in ["undefined", "NaN", "[object", "{"] {
                        // The source may have a brace.
                        let source = wrong == "{";
                        assert!(
                            source || !text.contains(wrong),
                            "{language}, step {step}: {wrong}"
                        );
                    }
                }
                let sentences = page
                    .run(
                        "const all = [];
                    for (let step = 0; step <= pizzaiolo.last; step += 1) {
                        pizzaiolo.go(step);
                        all.push(document.querySelector('#sentence').textContent);
                        all.push(document.querySelector('#reasons').textContent);
                    }
                    return all;",
                        Vec::new(),
                    )
                    .await;
                for text in sentences.as_array().unwrap() {
                    let text = text.as_str().unwrap();
                    assert!(text.len() > 5 && !text.contains('{'), "{language}: {text}");
                    let is_japanese = text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
                    assert_eq!(is_japanese, language == "ja", "{text}");
                }
            }
        }
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn names_are_text_whatever_is_in_them() {
    in_a_browser(async |page| {
        open(&page, &runs::nasty(), "").await;
        for step in 0..=page.value("pizzaiolo.last").await.as_u64().unwrap() {
            page.run("pizzaiolo.go(arguments[0])", vec![json!(step)]).await;
        }
        assert_eq!(page.value("window.pwned ?? null").await, Value::Null);
        assert_eq!(page.value("document.querySelectorAll('img, b[id]').length").await, json!(0));
        let shown = page.value("document.body.textContent.includes('</script><img src=x')").await;
        assert_eq!(shown, json!(true), "the name is shown as it is");
    });
}

/// A step is to take less than 16 ms. A machine may stand still, so the test fails only far above that; the
/// figure is printed.
#[test]
fn a_step_of_fifty_tasks_and_65_536_events_is_quick() {
    in_a_browser(async |page| {
        let timeline = runs::fifty();
        assert_eq!(timeline.events().len(), 65_536);
        open(&page, &timeline, "").await;
        let script = "const times = [];
            const measure = (to) => {
                const begin = performance.now();
                pizzaiolo.go(to);
                document.body.getBoundingClientRect();
                times.push(performance.now() - begin);
            };
            for (let step = 40000; step < 40200; step += 1) measure(step);
            for (let step = 60200; step > 60000; step -= 1) measure(step);
            times.sort((a, b) => a - b);
            return [times[200], times[380], times[399]];";
        let times = page.run(script, Vec::new()).await;
        println!("a step: median, 95 %, longest, in ms: {times}");
        assert!(times[0].as_f64().unwrap() < 2_000.0, "{times}");
        let jump = page.value("(() => { const begin = performance.now(); pizzaiolo.go(65536); return performance.now() - begin; })()").await;
        println!("a jump to the end: {jump} ms");
        let mut replay = Replay::new(&timeline);
        let steps = [65_536, 1, 32_768, 512];
        check(&seen(&page, &steps).await, &steps, &mut replay);
    });
}
