//! What a learner does with the replay: the quiz, the keys, the filter, a narrow window.

#[path = "support/mod.rs"]
mod support;

#[path = "support/runs.rs"]
mod runs;

use std::time::Duration;

use pizzaiolo_watch::{Replay, Timeline};
use serde_json::{Value, json};
use support::{Page, in_a_browser};

async fn open(page: &Page, timeline: &Timeline, anchor: &str) {
    page.open_text(&timeline.to_html(), anchor).await;
}

#[test]
fn the_quiz_knows_the_right_answer_and_says_why() {
    in_a_browser(async |page| {
        let timeline = runs::orders();
        open(&page, &timeline, "").await;
        page.press("q").await;
        let events = timeline.events();
        let mut asked = 0;
        for (index, event) in events.iter().enumerate() {
            use pizzaiolo::trace::EventKind;
            page.run("pizzaiolo.go(arguments[0])", vec![json!(index)]).await;
            let answers = page.value("[...document.querySelectorAll('.answer')].map((it) => Number(it.dataset.answer))").await;
            let is_asked = matches!(event.kind(), EventKind::PollStarted | EventKind::Woken { .. });
            assert_eq!(!answers.as_array().unwrap().is_empty(), is_asked, "step {index}");
            if !is_asked {
                continue;
            }
            asked += 1;
            // Every other time a wrong answer, if there is one.
            let right = right_answer(&timeline, index);
            let answers: Vec<u64> =
                answers.as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect();
            assert!(answers.contains(&right), "step {index}: {answers:?}");
            let wrong = answers.iter().copied().find(|it| *it != right && asked % 2 == 0);
            page.click(&format!(".answer[data-answer='{}']", wrong.unwrap_or(right))).await;
            let class = page
                .value("document.querySelector('#question .right, #question .wrong').className")
                .await;
            assert_eq!(class, if wrong.is_some() { "wrong" } else { "right" }, "step {index}");
            assert!(page.text("#question .right, #question .wrong").await.len() > 20);
            let correct = page
                .value("Number(document.querySelector('.answer.correct').dataset.answer)")
                .await;
            assert_eq!(correct, right);
        }
        assert!(asked > 20, "{asked}");
    });
}

/// The page's number of the task of an event.
fn right_answer(timeline: &Timeline, index: usize) -> u64 {
    let mut replay = Replay::new(timeline);
    let before: Value = serde_json::from_str(&replay.state_json(index)).unwrap();
    let after: Value = serde_json::from_str(&replay.state_json(index + 1)).unwrap();
    if let Some(polled) = after["running"].as_u64().filter(|_| before["running"].is_null()) {
        return polled;
    }
    after["queue"].as_array().unwrap().last().unwrap().as_u64().unwrap()
}

#[test]
fn keys_go_to_the_next_wake_and_the_next_poll_of_the_selected_task() {
    in_a_browser(async |page| {
        let timeline = runs::orders();
        open(&page, &timeline, "#step=30").await;
        let number =
            page.value("Number(document.querySelector('#place .chip').dataset.task)").await;
        page.run(
            "document.querySelector(`#place .chip[data-task=\"${arguments[0]}\"] button`).click()",
            vec![number.clone()],
        )
        .await;
        for (key, word) in [("w", "woken"), ("p", "poll")] {
            page.run("pizzaiolo.go(0)", Vec::new()).await;
            page.press(key).await;
            let step = page.value("pizzaiolo.step").await.as_u64().unwrap();
            assert!(step > 0, "{key}");
            let event = usize::try_from(step - 1).unwrap();
            let kind = format!("{:?}", timeline.events()[event].kind());
            assert!(kind.to_lowercase().contains(word), "{key}: {kind}");
        }
    });
}

#[test]
fn a_filter_steps_over_what_happens_to_other_tasks() {
    in_a_browser(async |page| {
        let timeline = runs::orders();
        open(&page, &timeline, "").await;
        page.run("const box = document.querySelector('#filter'); box.value = 'serve A'; box.dispatchEvent(new Event('input'))", Vec::new()).await;
        let events = timeline.events();
        let a = events.iter().find(|event| event.to_string().contains("serve A"));
        let a = a.expect("it is spawned").task();
        let mut seen = 0;
        loop {
            let before = page.value("pizzaiolo.step").await;
            page.click("#next").await;
            let step = page.value("pizzaiolo.step").await;
            if step == before {
                break;
            }
            let event = &events[usize::try_from(step.as_u64().unwrap() - 1).unwrap()];
            if let Some(task) = event.task() {
                assert_eq!(Some(task), a, "{event}");
                seen += 1;
            }
        }
        assert!(seen > 5, "{seen}");
    });
}

#[test]
fn all_controls_have_names_and_can_be_reached_with_the_keyboard() {
    in_a_browser(async |page| {
        open(&page, &runs::kitchen(), "#step=12").await;
        let nameless = page.value("[...document.querySelectorAll('button, input, select, [role]')].filter((it) =>
            !(it.getAttribute('aria-label') || it.textContent.trim() || it.closest('label')?.textContent.trim())).map((it) => it.outerHTML)").await;
        assert_eq!(nameless, json!([]));
        let mut reached = std::collections::BTreeSet::new();
        for _ in 0..60 {
            page.press("\u{E004}").await;
            let id = page.value("document.activeElement.id").await;
            reached.insert(id.as_str().unwrap_or_default().to_owned());
        }
        for id in [
            "quiz", "theme", "language", "first", "back", "play", "next", "last", "go", "speed",
            "filter", "strip",
        ] {
            assert!(reached.contains(id), "{id} of {reached:?}");
        }
    });
}

#[test]
fn a_narrow_window_needs_no_scrolling_to_the_side() {
    in_a_browser(async |page| {
        open(&page, &runs::orders(), "#step=40").await;
        page.resize(400, 800).await;
        page.wait_until("innerWidth <= 520").await;
        let widths = page.value("[document.documentElement.scrollWidth, innerWidth]").await;
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{widths}");
    });
}

#[test]
fn it_plays_by_itself() {
    in_a_browser(async |page| {
        open(&page, &runs::kitchen(), "").await;
        page.run("document.querySelector('#speed').selectedIndex = 5", Vec::new()).await;
        page.click("#play").await;
        page.wait_until("pizzaiolo.step === pizzaiolo.last").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}
