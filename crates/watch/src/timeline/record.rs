//! What a timeline holds: the latest events, and the names of the tasks and sockets in them.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    panic::Location,
    rc::Rc,
    time::{Duration, Instant},
};

use pizzaiolo::trace::{Cause, Event, EventKind, SourceId, TaskId};

/// The latest events.
pub(crate) struct Record {
    capacity: usize,
    pub(crate) events: VecDeque<Event>,
    /// How many events were removed.
    pub(crate) missing: usize,
    pub(crate) marks: VecDeque<Mark>,
    tasks: Names<TaskId, Birth>,
    sources: Names<SourceId, Rc<str>>,
}

/// A moment that the program has marked.
pub(crate) struct Mark {
    pub(crate) when: Instant,
    pub(crate) text: String,
}

/// What is known of a task from its beginning.
struct Birth {
    name: Option<Rc<str>>,
    place: &'static Location<'static>,
}

impl Record {
    pub(crate) fn new(capacity: usize) -> Record {
        Record {
            capacity,
            events: VecDeque::new(),
            missing: 0,
            marks: VecDeque::new(),
            tasks: Names::new(),
            sources: Names::new(),
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        if self.events.len() == self.capacity {
            if let Some(oldest) = self.events.pop_front() {
                self.missing += 1;
                self.release(&oldest);
            }
        }
        self.hold(&event);
        self.events.push_back(event);
    }

    pub(crate) fn mark(&mut self, when: Instant, text: String) {
        if self.marks.len() == self.capacity {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { when, text });
    }

    /// Counts the tasks and the socket that an event mentions, and keeps the names that it has.
    fn hold(&mut self, event: &Event) {
        let (tasks, source) = mentioned(event);
        for task in tasks.into_iter().flatten() {
            self.tasks.hold(task);
        }
        if let Some(source) = source {
            self.sources.hold(source);
        }
        match (event.kind(), event.task()) {
            (EventKind::Spawned { name, location: place, .. }, Some(task)) => {
                self.tasks.name(task, Birth { name: name.clone(), place });
            }
            (EventKind::Finished | EventKind::Aborted | EventKind::Panicked, Some(task)) => {
                self.tasks.end(task);
            }
            (EventKind::Registered { source, label, .. }, _) => {
                self.sources.name(*source, Rc::clone(label));
            }
            (EventKind::Deregistered { source, .. }, _) => self.sources.end(*source),
            _ => {}
        }
    }

    /// Removes the names that no event mentions any more.
    fn release(&mut self, event: &Event) {
        let (tasks, source) = mentioned(event);
        for task in tasks.into_iter().flatten() {
            self.tasks.release(task);
        }
        if let Some(source) = source {
            self.sources.release(source);
        }
    }

    /// What the task is called: its name, or the place where it was spawned.
    pub(crate) fn task_name(&self, task: TaskId) -> String {
        match self.tasks.get(task) {
            Some(Birth { name: Some(name), .. }) => name.to_string(),
            Some(Birth { name: None, place }) => short_place(place),
            None => task.to_string(),
        }
    }

    /// What is known of each task from its beginning: its name, and where it was spawned.
    pub(crate) fn births(
        &self,
    ) -> impl Iterator<Item = (TaskId, Option<&str>, &'static Location<'static>)> {
        let known = self.tasks.known().into_iter();
        known.map(|(id, birth)| (id, birth.name.as_deref(), birth.place))
    }

    /// What each socket is, as far as that is known.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (SourceId, &str)> {
        self.sources.known().into_iter().map(|(id, label)| (id, &**label))
    }

    /// Whether only its place stands for its name.
    pub(crate) fn is_nameless(&self, task: TaskId) -> bool {
        self.tasks.get(task).is_some_and(|birth| birth.name.is_none())
    }

    /// What the socket is, for a reader, if that is known.
    pub(crate) fn source_label(&self, source: SourceId) -> Option<&str> {
        self.sources.get(source).map(|label| &**label)
    }

    /// The socket with all that is known of it: `socket 1 (tcp with 127.0.0.1:50312)`.
    pub(crate) fn source_text(&self, source: SourceId) -> String {
        match self.source_label(source) {
            Some(label) => format!("{source} ({label})"),
            None => source.to_string(),
        }
    }

    /// The time of an event since the first one that is held. For the place behind the last
    /// event, that one's.
    pub(crate) fn time(&self, event: usize) -> Duration {
        let Some(first) = self.events.front() else {
            return Duration::ZERO;
        };
        let event = self.events.get(event).or(self.events.back()).unwrap_or(first);
        event.when().saturating_duration_since(first.when())
    }

    /// The first event that is not before `mark`.
    pub(crate) fn place_of(&self, mark: &Mark) -> usize {
        self.events.partition_point(|event| event.when() < mark.when)
    }

    #[cfg(test)]
    pub(crate) fn names(&self) -> usize {
        self.tasks.0.len() + self.sources.0.len()
    }
}

/// A place in a few words: the file without its folders, and the line.
fn short_place(place: &Location<'_>) -> String {
    let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", place.line())
}

/// The tasks and the socket of an event.
fn mentioned(event: &Event) -> ([Option<TaskId>; 2], Option<SourceId>) {
    let (by, source) = match *event.kind() {
        EventKind::Woken { by: Cause::Task(task), .. }
        | EventKind::Joining { task, .. }
        | EventKind::JoinEnded { task, .. } => (Some(task), None),
        EventKind::Woken { by: Cause::Source(source, _), .. }
        | EventKind::Registered { source, .. }
        | EventKind::Deregistered { source, .. }
        | EventKind::Waiting { source, .. }
        | EventKind::WaitEnded { source, .. }
        | EventKind::OsEvent { source, .. } => (None, Some(source)),
        _ => (None, None),
    };
    ([event.task(), by], source)
}

/// The names of the tasks or sockets that are alive or mentioned.
struct Names<Id, Name>(HashMap<Id, Entry<Name>>);

struct Entry<Name> {
    /// `None` without an event that gave the name, as for the future of `block_on`.
    name: Option<Name>,
    /// How many of the held events mention it.
    mentions: usize,
    /// It has ended: the entry is removed with the last event that mentions it.
    ended: bool,
}

impl<Id: Copy + Ord + Hash, Name> Names<Id, Name> {
    fn new() -> Names<Id, Name> {
        Names(HashMap::new())
    }

    /// The known names, in the order of the ids.
    fn known(&self) -> Vec<(Id, &Name)> {
        let names = self.0.iter().filter_map(|(id, entry)| Some((*id, entry.name.as_ref()?)));
        let mut known: Vec<_> = names.collect();
        known.sort_unstable_by_key(|(id, _)| *id);
        known
    }

    fn entry(&mut self, id: Id) -> &mut Entry<Name> {
        self.0.entry(id).or_insert(Entry { name: None, mentions: 0, ended: false })
    }

    fn hold(&mut self, id: Id) {
        self.entry(id).mentions += 1;
    }

    fn name(&mut self, id: Id, name: Name) {
        self.entry(id).name = Some(name);
    }

    fn end(&mut self, id: Id) {
        self.entry(id).ended = true;
        self.tidy(id);
    }

    fn release(&mut self, id: Id) {
        let entry = self.entry(id);
        entry.mentions = entry.mentions.saturating_sub(1);
        self.tidy(id);
    }

    fn tidy(&mut self, id: Id) {
        let entry = self.entry(id);
        if entry.mentions == 0 && (entry.ended || entry.name.is_none()) {
            self.0.remove(&id);
        }
    }

    fn get(&self, id: Id) -> Option<&Name> {
        self.0.get(&id)?.name.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use pizzaiolo::{Executor, net::UdpSocket, spawn, task, trace::Observer, yield_now};

    use super::*;

    /// An observer that is its record.
    struct Recorder(RefCell<Record>);

    impl Observer for Recorder {
        fn on_event(&self, event: &Event) {
            self.0.borrow_mut().push(event.clone());
        }
    }

    fn recorded(capacity: usize) -> (Rc<Recorder>, Executor) {
        let recorder = Rc::new(Recorder(RefCell::new(Record::new(capacity))));
        let executor = Executor::builder().observer(Rc::clone(&recorder)).build().unwrap();
        (recorder, executor)
    }

    #[test]
    fn the_names_of_tasks_that_have_ended_go_with_their_last_mention() {
        let (recorder, executor) = recorded(8);
        executor.block_on(async {
            for _ in 0..1_000 {
                task::Builder::new().name("short").spawn(async {}).await.unwrap();
            }
        });
        let record = recorder.0.borrow();
        assert_eq!(record.events.len(), 8);
        assert!(record.missing > 2_000, "{}", record.missing);
        // Eight events mention eight tasks at most, and each two.
        assert!(record.names() <= 16, "{}", record.names());
    }

    #[test]
    fn the_name_of_a_task_that_lives_is_kept_though_no_event_mentions_it() {
        let (recorder, executor) = recorded(8);
        let id = executor.block_on(async {
            let patient = task::Builder::new().name("patient").spawn(std::future::pending::<()>());
            for _ in 0..100 {
                yield_now().await;
            }
            patient.id()
        });
        assert_eq!(recorder.0.borrow().task_name(id), "patient");
    }

    #[test]
    fn the_name_of_a_socket_goes_when_it_is_deregistered() {
        let (recorder, executor) = recorded(8);
        executor.block_on(async {
            for _ in 0..1_000 {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                let waits = spawn(async move {
                    let _ = socket.recv_from(&mut [0]).await;
                });
                yield_now().await;
                waits.abort();
                let _ = waits.await;
            }
        });
        let record = recorder.0.borrow();
        assert!(record.missing > 5_000, "{}", record.missing);
        assert!(record.names() <= 24, "{}", record.names());
    }
}
