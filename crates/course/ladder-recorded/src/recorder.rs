//! What an executor does, as the data of a replay: the steps call this where they poll, wake, wait and
//! sleep.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    panic::Location,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// So long takes a pizza.
const BAKING: Duration = Duration::from_millis(20);

/// Only a hang takes longer.
const HANG: Duration = Duration::from_secs(60);

thread_local! {
    /// The task that is polled on this thread.
    static POLLED: Cell<Option<usize>> = const { Cell::new(None) };
    /// The task whose waker is called now.
    static WOKEN: Cell<Option<usize>> = const { Cell::new(None) };
    /// The socket of the event that mio has reported last to this thread.
    static SOCKET: Cell<Option<usize>> = const { Cell::new(None) };
    /// The line of the operation that is polled.
    static LINE: Cell<u32> = const { Cell::new(0) };
}

pub(crate) struct Recorder {
    file: &'static str,
    text: &'static str,
    /// What the tasks are called, in the order in which they are made.
    names: &'static [&'static str],
    record: Mutex<Record>,
    changed: Condvar,
}

struct Record {
    begin: Option<Instant>,
    events: Vec<Value>,
    tasks: Vec<Task>,
    /// What each socket is called.
    sockets: BTreeMap<usize, String>,
    marks: Vec<(usize, String)>,
    /// The tasks that are woken, or spawned, and not polled yet.
    ready: BTreeSet<usize>,
    is_asleep: bool,
}

struct Task {
    is_root: bool,
    line: u32,
    /// It has left its waker at a socket.
    waits: bool,
    /// The sockets for which it has waited: they go with it.
    sockets: BTreeSet<usize>,
    has_ended: bool,
}

impl Recorder {
    pub(crate) const fn new(
        file: &'static str,
        text: &'static str,
        names: &'static [&'static str],
    ) -> Recorder {
        let record = Record {
            begin: None,
            events: Vec::new(),
            tasks: Vec::new(),
            sockets: BTreeMap::new(),
            marks: Vec::new(),
            ready: BTreeSet::new(),
            is_asleep: false,
        };
        Recorder { file, text, names, record: Mutex::new(record), changed: Condvar::new() }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.changed.notify_all();
        self.record.lock().expect("no recorder panics")
    }

    // What the steps call.

    /// A future that `block_on` runs.
    #[track_caller]
    pub(crate) fn root<F: Future>(&'static self, future: F) -> Recorded<F> {
        self.recorded(future, true, Location::caller().line())
    }

    /// A future that becomes a task.
    #[track_caller]
    pub(crate) fn task<F: Future>(&'static self, future: F) -> Recorded<F> {
        self.recorded(future, false, Location::caller().line())
    }

    fn recorded<F: Future>(&'static self, future: F, is_root: bool, line: u32) -> Recorded<F> {
        let mut record = self.record();
        let task = record.tasks.len();
        record.tasks.push(Task {
            is_root,
            line,
            waits: false,
            sockets: BTreeSet::new(),
            has_ended: false,
        });
        if !is_root {
            record.ready.insert(task);
            record.push("spawned", Some(task), &[]);
        }
        Recorded { recorder: self, task, future: Some(Box::pin(future)) }
    }

    /// The waker of a task marks it now as ready.
    pub(crate) fn wakes(&self) {
        // That which has put a new task into the queue is its spawn, not its waker.
        let Some(task) = WOKEN.get() else { return };
        let mut record = self.record();
        if record.tasks[task].has_ended || !record.ready.insert(task) {
            return;
        }
        match (POLLED.get(), SOCKET.get()) {
            (Some(by), _) => record.push("woken", Some(task), &[json!("task"), json!(by)]),
            (None, Some(socket)) => {
                let cause = [json!("source"), json!(socket), json!("either")];
                record.push("woken", Some(task), &cause);
            }
            (None, None) => record.push("woken", Some(task), &[json!("other")]),
        }
    }

    /// The task that is polled has found a socket not ready. Its waker may have been called since.
    pub(crate) fn waits(&self, socket: usize, is_left: bool) {
        let Some(task) = POLLED.get().filter(|_| is_left) else { return };
        let mut record = self.record();
        record.tasks[task].waits = true;
        record.tasks[task].sockets.insert(socket);
        record.push("waiting", Some(task), &[json!(socket), json!(LINE.get()), json!("either")]);
    }

    pub(crate) fn registers(&self, socket: usize, label: String) {
        let mut record = self.record();
        record.sockets.insert(socket, label);
        record.push("registered", POLLED.get(), &[json!(socket)]);
    }

    pub(crate) fn os_says(&self, event: &mio::event::Event) {
        let socket = event.token().0;
        SOCKET.set(Some(socket));
        let bits = u8::from(event.is_readable())
            | u8::from(event.is_writable()) << 1
            | u8::from(event.is_read_closed()) << 2;
        self.record().push("os", None, &[json!(socket), json!(bits)]);
    }

    /// The thread of the executor goes to sleep, unless a task was woken since it looked.
    pub(crate) fn parks(&self) -> bool {
        let mut record = self.record();
        record.is_asleep = record.ready.is_empty();
        if record.is_asleep {
            record.push("parked", None, &[Value::Null]);
        }
        record.is_asleep
    }

    /// It only asks the OS.
    pub(crate) fn looks(&self) {
        self.record().push("parked", None, &[json!(0)]);
    }

    pub(crate) fn unparks(&self) {
        let mut record = self.record();
        record.is_asleep = false;
        if record.events.last().is_some_and(|event| event[1] == "unparked") {
            return;
        }
        record.push("unparked", None, &[]);
    }

    // What the clients call.

    /// Marks the next event.
    pub(crate) fn mark(&self, text: &str) {
        let mut record = self.record();
        let next = record.events.len() + 1;
        record.marks.push((next, text.to_owned()));
    }

    /// Waits until the executor sleeps, and the task of this name waits for a socket.
    pub(crate) fn until_asleep(&self, name: &str) {
        let task = self.names.iter().position(|other| *other == name);
        self.until(&|record| {
            let task = task.and_then(|task| record.tasks.get(task));
            record.is_asleep && task.is_some_and(|task| task.waits)
        });
    }

    /// Waits until so many futures have ended, and were dropped.
    pub(crate) fn until_ended(&self, count: usize) {
        let is_over = |task: &&Task| task.has_ended && task.sockets.is_empty();
        self.until(&|record| record.tasks.iter().filter(is_over).count() == count);
    }

    fn until(&self, is: &dyn Fn(&Record) -> bool) {
        let record = self.record.lock().expect("no recorder panics");
        // What has changed is said just before it changes: so look again now and then.
        let mut record = record;
        let begin = Instant::now();
        while !is(&record) {
            assert!(begin.elapsed() < HANG, "{}: {:?}", self.file, record.events.last());
            let step = Duration::from_millis(1);
            record = self.changed.wait_timeout(record, step).expect("no recorder panics").0;
        }
    }

    /// The run, as the page takes it.
    pub(crate) fn run(&self) -> String {
        let record = self.record();
        let name = |task: usize| self.names.get(task);
        let tasks: Vec<Value> = record
            .tasks
            .iter()
            .enumerate()
            .map(|(number, task)| {
                let id = if task.is_root { "root".to_owned() } else { format!("task {number}") };
                json!({
                    "n": number, "id": id, "root": task.is_root, "name": name(number),
                    "file": self.file, "line": task.line, "column": 1,
                })
            })
            .collect();
        let sources: Vec<Value> = record
            .sockets
            .iter()
            .map(|(number, label)| {
                json!({ "n": number, "id": format!("socket {number}"), "label": label })
            })
            .collect();
        // A place has its line as its number.
        let waits = record.events.iter().filter(|event| event[1] == "waiting");
        let lines: BTreeSet<u64> = waits.filter_map(|event| event[4].as_u64()).collect();
        let places: Vec<Value> = lines
            .iter()
            .map(|line| json!({ "n": line, "file": self.file, "line": line, "column": 1 }))
            .collect();
        let spawns = record.tasks.iter().map(|task| u64::from(task.line));
        let files: serde_json::Map<String, Value> =
            lines.iter().copied().chain(spawns).map(|line| self.excerpt(line)).collect();
        let last = record.events.len();
        let marks: Vec<Value> =
            record.marks.iter().map(|(at, text)| json!([last.min(*at), text])).collect();
        let base = json!({
            "thread": ["unknown"], "running": null, "queue": [], "tasks": {}, "ended": [],
            "sources": {}, "warnings": [],
        });
        json!({
            "first": 0, "missing": 0, "base": base, "tasks": tasks, "sources": sources,
            "places": places, "marks": marks, "files": files, "events": record.events,
        })
        .to_string()
    }

    /// The lines around a line of the step.
    fn excerpt(&self, line: u64) -> (String, Value) {
        let first = line.saturating_sub(5).max(1);
        let before = usize::try_from(first - 1).unwrap_or(0);
        let lines: Vec<&str> = self.text.lines().skip(before).take(17).collect();
        (format!("{}:{line}", self.file), json!([first, lines]))
    }
}

impl Record {
    fn push(&mut self, word: &str, task: Option<usize>, more: &[Value]) {
        let begin = *self.begin.get_or_insert_with(Instant::now);
        let when = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let task = task.map_or(json!(-1), |task| json!(task));
        let mut event = vec![json!(when), json!(word), task];
        event.extend_from_slice(more);
        self.events.push(Value::Array(event));
    }
}

/// A future of an executor, whose polls, wakes and end are recorded.
pub(crate) struct Recorded<F> {
    recorder: &'static Recorder,
    task: usize,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Recorded<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (recorder, task) = (self.recorder, self.task);
        {
            let mut record = recorder.record();
            record.ready.remove(&task);
            record.tasks[task].waits = false;
            record.push("poll", Some(task), &[]);
        }
        let waker = Waker::from(Arc::new(RecordedWaker { task, inner: cx.waker().clone() }));
        POLLED.set(Some(task));
        let future = self.future.as_mut().expect("it is there until it is dropped");
        let result = future.as_mut().poll(&mut Context::from_waker(&waker));
        POLLED.set(None);
        let mut record = recorder.record();
        record.tasks[task].has_ended = result.is_ready();
        let word = if result.is_ready() { "ready" } else { "pending" };
        record.push(word, Some(task), &[]);
        result
    }
}

impl<F> Drop for Recorded<F> {
    fn drop(&mut self) {
        drop(self.future.take());
        let mut record = self.recorder.record();
        // Its sockets are closed with it.
        for socket in std::mem::take(&mut record.tasks[self.task].sockets) {
            record.push("deregistered", Some(self.task), &[json!(socket)]);
        }
        if !record.tasks[self.task].is_root {
            record.push("finished", Some(self.task), &[]);
        }
    }
}

/// Says whose waker it is, while it calls it.
struct RecordedWaker {
    task: usize,
    inner: Waker,
}

impl Wake for RecordedWaker {
    fn wake(self: Arc<Self>) {
        let before = WOKEN.replace(Some(self.task));
        self.inner.wake_by_ref();
        WOKEN.set(before);
    }
}

/// An operation that may wait for a socket: it says, with each poll, which line it is.
#[track_caller]
pub(crate) fn operation<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let line = Location::caller().line();
    async move {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| {
            LINE.set(line);
            future.as_mut().poll(cx)
        })
        .await
    }
}

/// The oven of step 5 takes its time, or there would be nothing to wait for.
pub(crate) fn bakes() {
    std::thread::sleep(BAKING);
}
