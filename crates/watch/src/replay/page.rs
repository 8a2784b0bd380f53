//! The page as one file: the data, the script, the style sheet and the words.

use super::{
    encode,
    names::{Birth, Names, array},
    sources,
    state::State,
    step::Step,
};
use crate::timeline::{record::Record, text::json};

const PAGE: &str = include_str!("../page/page.html");
const STYLE: &str = include_str!("../page/page.css");
const WORDS: &str = include_str!("../page/words.json");
/// The files of the script, in this order.
const SCRIPT: [&str; 9] = [
    include_str!("../page/words.js"),
    include_str!("../page/model.js"),
    include_str!("../page/story.js"),
    include_str!("../page/place.js"),
    include_str!("../page/motion.js"),
    include_str!("../page/strip.js"),
    include_str!("../page/quiz.js"),
    include_str!("../page/table.js"),
    concat!(include_str!("../page/live.js"), "\n", include_str!("../page/main.js")),
];

/// A run as the replay shows it, step by step: step 0 is the beginning, step 1 is after the first
/// event.
///
/// [`Timeline::to_html`](crate::Timeline::to_html) makes the page of it. This is the model behind
/// the page, for programs that check or print a state.
///
/// ```
/// use std::rc::Rc;
/// use pizzaiolo_watch::{Replay, Timeline};
///
/// let timeline = Rc::new(Timeline::new());
/// let executor = pizzaiolo::Executor::builder().observer(Rc::clone(&timeline)).build()?;
/// executor.block_on(async {});
/// let mut replay = Replay::new(&timeline);
/// // The root is polled, and returns Ready.
/// assert_eq!(replay.steps(), 2);
/// assert!(replay.state_json(1).contains("\"running\":0"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Replay {
    steps: Vec<Step>,
    names: Names,
    missing: usize,
    /// A step's number and a mark's words.
    marks: Vec<(usize, String)>,
    base: State,
    /// The state after so many steps, which was asked for last.
    cursor: (usize, State),
}

impl Replay {
    /// Reads what a timeline holds.
    #[must_use]
    pub fn new(timeline: &crate::Timeline) -> Replay {
        timeline.with_record(Replay::of)
    }

    pub(crate) fn of(record: &Record) -> Replay {
        let steps: Vec<Step> = record.events.iter().map(Step::from).collect();
        let origin = steps.first().map_or_else(std::time::Instant::now, |step| step.when);
        let mut names = Names::new(origin);
        // In the order in which they appear: the future of `block_on`, which has no birth, comes first.
        for task in steps.iter().filter_map(|step| step.task) {
            names.tasks.of(task);
        }
        for (task, name, place) in record.births() {
            let name = name.map(Box::from);
            names.tasks.know(task, Birth { name, place });
        }
        for (source, label) in record.labels() {
            names.sources.know(source, Box::from(label));
        }
        let base = if record.missing > 0 { State::before(steps.iter()) } else { State::default() };
        let mut marks: Vec<_> = record
            .marks
            .iter()
            .map(|mark| (record.place_of(mark) + 1, mark.text.clone()))
            .collect();
        for (step, _) in &mut marks {
            *step = steps.len().min(*step);
        }
        marks.sort_by_key(|(step, _)| *step);
        let cursor = (0, base.clone());
        Replay { steps, names, missing: record.missing, marks, base, cursor }
    }

    /// Returns how many steps there are.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Returns the state after so many steps as JSON, in the page's own form. A number above the last
    /// step means the last step.
    ///
    /// The form: the thread, the task that is polled, the ready queue, for each task its status,
    /// since when (ns), its polls, its busy time (ns), where its waker is and which call left it there;
    /// the tasks that have ended last, the readiness of each socket, the warnings.
    pub fn state_json(&mut self, step: usize) -> String {
        let step = step.min(self.steps.len());
        if self.cursor.0 > step {
            self.cursor = (0, self.base.clone());
        }
        for next in &self.steps[self.cursor.0..step] {
            self.cursor.1.apply(next);
        }
        self.cursor.0 = step;
        encode::state(&mut self.names, &self.cursor.1)
    }

    /// The page.
    pub(crate) fn into_page(mut self) -> String {
        let base = encode::state(&mut self.names, &self.base);
        let events = encode::steps(&mut self.names, self.steps.iter());
        let marks = array(self.marks.iter().map(|(at, text)| format!("[{at},{}]", json(text))));
        let run = run_json(&self.names, &base, &events, &marks, (0, self.missing as u64));
        page(&run, "'none'")
    }
}

/// A run as the page takes it. `first` is the number of the step before the first, and how many
/// events are missing before it.
pub(crate) fn run_json(
    names: &Names,
    base: &str,
    events: &str,
    marks: &str,
    (first, missing): (u64, u64),
) -> String {
    let fields = fields_json(names, (0, 0, 0), events, marks);
    format!(r#"{{"first":{first},"missing":{missing},"base":{base},{fields}}}"#)
}

/// What a run and an addition to it have in common, without the braces: the tasks, the sockets and the
/// calls from these numbers on, the source around each call and each place where one of these tasks was
/// spawned, the steps.
pub(crate) fn fields_json(
    names: &Names,
    (tasks, sources, places): (u32, u32, u32),
    events: &str,
    marks: &str,
) -> String {
    let births = names.tasks.from(tasks).filter_map(|(_, _, birth)| birth);
    let calls = names.places.from(places).map(|(_, place, _)| place);
    let shown = births.map(|birth| birth.place).chain(calls);
    let files = sources::excerpts(shown.map(|place| (place.file(), place.line())));
    format!(
        r#""tasks":{},"sources":{},"places":{},"marks":{marks},"files":{files},"events":{events}"#,
        names.tasks_json(tasks),
        names.sources_json(sources),
        names.places_json(places),
    )
}

/// Makes the page of a run that another executor has recorded: `run` is JSON in the page's own form.
///
/// That form is what `to_html` puts into the element with the id `run`. It is an object: `first` and
/// `missing` (0), `base` (the state before the first step, as [`Replay::state_json`] gives it), `tasks`
/// (`n`, `id`, `root`, `name`, `file`, `line`), `sources` (`n`, `id`, `label`), `places` (`n`, `file`,
/// `line`), `marks` (`[step, text]`), `files` (`"FILE:LINE": [first line, [lines]]`) and `events`. An event
/// is an array: the nanoseconds since the beginning, a word, the number of the task or -1, and further
/// fields that depend on the word. A task waits for a socket (`waiting`) until a `waitended`, until a
/// `woken` by the socket, or until the end of the task or the socket. `crates/course/ladder-recorded` writes
/// such runs of the executors of the ladder.
///
/// Text that is not such a run makes a page that shows nothing.
#[must_use]
pub fn page_of_json(run: &str) -> String {
    page(run, "'none'")
}

/// The page that asks the program that it comes from for its run.
pub(crate) fn live_page() -> String {
    page("null", "'self'")
}

/// Builds the page. `connect` is what its script may connect to.
fn page(run: &str, connect: &str) -> String {
    let script = SCRIPT.join("\n");
    let parts = [
        ("<!--CONNECT-->", connect.to_owned()),
        ("<!--STYLE-->", STYLE.to_owned()),
        ("<!--WORDS-->", in_script(WORDS)),
        ("<!--RUN-->", in_script(run)),
        ("<!--SCRIPT-->", script),
    ];
    let mut page = String::with_capacity(PAGE.len() + run.len() + 100_000);
    let mut rest = PAGE;
    for (place, part) in parts {
        let (before, after) = rest.split_once(place).expect("the page has a place for each part");
        page.push_str(before);
        page.push_str(&part);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// JSON for a script element: nothing in it can end the element, or begin a comment.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}
