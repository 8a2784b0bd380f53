//! [`Timeline`]: an observer that records, and draws what it has recorded.
//!
//! Recording is a push into a ring. Only when a picture is drawn, `run` computes from the events which task
//! waited from when to when. Each kind of picture has a file here.

mod chrome;
mod mermaid;
pub(crate) mod record;
mod run;
mod svg;
pub(crate) mod text;

use std::{cell::RefCell, fmt, time::Instant};

use pizzaiolo::trace::{Event, Observer};

use self::{record::Record, run::Run};
use crate::Replay;

/// How many events [`Timeline::new`] holds.
const DEFAULT_CAPACITY: usize = 65_536;

/// Records what happens in an executor, and draws pictures of it.
///
/// It holds a bounded number of events: when it is full, the oldest are removed, and the pictures say how
/// many are missing. The name of a task or a socket is kept while it is alive or an event mentions it. Use
/// one timeline for one executor: the tasks of two executors have the same ids.
///
/// ```
/// use std::rc::Rc;
/// use pizzaiolo::Executor;
/// use pizzaiolo_watch::Timeline;
///
/// let timeline = Rc::new(Timeline::new());
/// let executor = Executor::builder().observer(Rc::clone(&timeline)).build()?;
/// executor.block_on(async {
///     let oven = pizzaiolo::task::Builder::new().name("oven").spawn(async { "pizza" });
///     oven.await.unwrap()
/// });
/// assert!(timeline.to_mermaid().starts_with("sequenceDiagram"));
/// assert!(timeline.to_svg().contains("oven"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Timeline {
    record: RefCell<Record>,
}

impl Timeline {
    /// Creates a timeline that holds the latest 65,536 events: four megabytes and the names, when
    /// it is full.
    #[must_use]
    pub fn new() -> Timeline {
        Timeline::with_capacity(DEFAULT_CAPACITY)
    }

    /// Creates a timeline that holds the latest `events` events, one at least.
    #[must_use]
    pub fn with_capacity(events: usize) -> Timeline {
        Timeline { record: RefCell::new(Record::new(events.max(1))) }
    }

    /// Returns the events that it holds, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.record.borrow().events.iter().cloned().collect()
    }

    /// Returns how many events were removed because it was full.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.record.borrow().missing
    }

    /// Marks a moment in the pictures: a line across all lanes, with a few words.
    ///
    /// `when` is the time of the executor, as [`Event::when`] gives it and
    /// [`time::now`](pizzaiolo::time::now): the mark stands before the first event of that time or
    /// later. It holds no more marks than events.
    pub fn mark(&self, when: Instant, text: impl Into<String>) {
        self.record.borrow_mut().mark(when, text.into());
    }

    /// Draws a [Mermaid](https://mermaid.js.org) sequence diagram: a lane for each task, and for
    /// the executor, the reactor and the OS. GitHub renders it in a code block named `mermaid`.
    ///
    /// Mermaid refuses a text of 50,000 characters, so of a long run it has only the end, and says
    /// so.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::draw(&self.record.borrow())
    }

    /// Draws an SVG: a lane for each task, its polls as bars, what it waits for between them, and
    /// each wake as an arrow from its cause.
    ///
    /// A short run is drawn step by step. A long one is drawn at a fixed width, with polls that lie
    /// close together as one bar; point at something to read what it is. It has no scripts
    /// and needs nothing from outside, and it is light or dark as the reader prefers.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::draw(&Run::new(&self.record.borrow()))
    }

    /// Makes a page that steps through the run, forth and back: what the executor's state is after each
    /// event, in a sentence and as a picture, and why.
    ///
    /// It is one file, for any browser, from disk: it asks for nothing from anywhere. It has the lines
    /// around each place where a task was spawned, if the source files can be read now, from the
    /// current folder or one of the three above it.
    #[must_use]
    pub fn to_html(&self) -> String {
        Replay::new(self).into_page()
    }

    /// Calls `read` with what is held.
    pub(crate) fn with_record<R>(&self, read: impl FnOnce(&Record) -> R) -> R {
        read(&self.record.borrow())
    }

    /// Writes JSON in Chrome's trace event format, which [Perfetto](https://ui.perfetto.dev) and
    /// `chrome://tracing` open: tasks as tracks, polls and waits as slices, wakes as flow arrows.
    ///
    /// A nanosecond is added where two events would have the same time, so that their order shows.
    #[must_use]
    pub fn to_chrome_trace(&self) -> String {
        chrome::write(&Run::new(&self.record.borrow()))
    }
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline::new()
    }
}

impl Observer for Timeline {
    fn on_event(&self, event: &Event) {
        self.record.borrow_mut().push(event.clone());
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record.borrow();
        f.debug_struct("Timeline")
            .field("events", &record.events.len())
            .field("missing", &record.missing)
            .finish_non_exhaustive()
    }
}
