//! What the page calls tasks, sockets and moments: small numbers, and nanoseconds.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write,
    hash::Hash,
    panic::Location,
    time::Instant,
};

use pizzaiolo::trace::{SourceId, TaskId};

use super::step::Place;
use crate::timeline::text::json;

/// JavaScript counts exactly up to here: 104 days of nanoseconds.
const MOST_NANOS: u64 = (1 << 53) - 1;

/// The numbers, and what is known of each.
#[derive(Debug)]
pub(crate) struct Names {
    /// Moments are counted from here.
    origin: Instant,
    pub(crate) tasks: Numbers<TaskId, Birth>,
    pub(crate) sources: Numbers<SourceId, Box<str>>,
    /// The calls with which waits began. They are as many as the program has, and none is forgotten.
    pub(crate) places: Numbers<Place, ()>,
}

/// What is known of a task from its beginning.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) name: Option<Box<str>>,
    pub(crate) place: &'static Location<'static>,
}

/// The number of each id, in the order in which they first appeared.
#[derive(Debug)]
pub(crate) struct Numbers<Id, Known> {
    of_id: HashMap<Id, u32>,
    known: BTreeMap<u32, (Id, Option<Known>)>,
    next: u32,
}

impl<Id: Copy + Eq + Hash, Known> Numbers<Id, Known> {
    fn new() -> Self {
        Numbers { of_id: HashMap::new(), known: BTreeMap::new(), next: 0 }
    }

    /// The number of an id. A new one gets the next number.
    pub(crate) fn of(&mut self, id: Id) -> u32 {
        *self.of_id.entry(id).or_insert_with(|| {
            let number = self.next;
            self.next += 1;
            self.known.insert(number, (id, None));
            number
        })
    }

    /// The number that the next new id gets.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    pub(crate) fn know(&mut self, id: Id, known: Known) {
        let number = self.of(id);
        self.known.insert(number, (id, Some(known)));
    }

    /// Those from this number on.
    pub(crate) fn from(&self, number: u32) -> impl Iterator<Item = (u32, Id, Option<&Known>)> {
        self.known.range(number..).map(|(number, (id, known))| (*number, *id, known.as_ref()))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets those that are not in the set.
    pub(crate) fn keep(&mut self, kept: &HashSet<Id>) {
        self.of_id.retain(|id, _| kept.contains(id));
        self.known.retain(|_, (id, _)| kept.contains(id));
    }
}

impl Names {
    pub(crate) fn new(origin: Instant) -> Names {
        let (tasks, sources, places) = (Numbers::new(), Numbers::new(), Numbers::new());
        Names { origin, tasks, sources, places }
    }

    /// A moment, in nanoseconds from the origin.
    pub(crate) fn nanos(&self, when: Instant) -> u64 {
        nanos(when.saturating_duration_since(self.origin))
    }

    /// The tasks from this number on, as a JSON array.
    pub(crate) fn tasks_json(&self, from: u32) -> String {
        array(self.tasks.from(from).map(|(number, id, birth)| {
            let name = birth.and_then(|birth| birth.name.as_deref());
            let mut task = format!(
                r#"{{"n":{number},"id":{},"root":{},"name":{}"#,
                json(&id.to_string()),
                id.is_root(),
                name.map_or_else(|| "null".to_owned(), json)
            );
            if let Some(Birth { place, .. }) = birth {
                let _ = write!(task, ",{}", place_fields(place));
            }
            task.push('}');
            task
        }))
    }

    /// The calls from this number on, as a JSON array.
    pub(crate) fn places_json(&self, from: u32) -> String {
        array(
            self.places
                .from(from)
                .map(|(number, place, _)| format!(r#"{{"n":{number},{}}}"#, place_fields(place))),
        )
    }

    /// The sockets from this number on, as a JSON array.
    pub(crate) fn sources_json(&self, from: u32) -> String {
        array(self.sources.from(from).map(|(number, id, label)| {
            let label = label.map_or_else(|| "null".to_owned(), |label| json(label));
            format!(r#"{{"n":{number},"id":{},"label":{label}}}"#, json(&id.to_string()))
        }))
    }
}

fn place_fields(place: &Location<'_>) -> String {
    let (file, line, column) = (json(place.file()), place.line(), place.column());
    format!(r#""file":{file},"line":{line},"column":{column}"#)
}

/// A duration in nanoseconds that JavaScript can count.
pub(crate) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(MOST_NANOS)
}

/// A JSON array of what is JSON already.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let mut array = String::from("[");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        array.push_str(&item);
    }
    array.push(']');
    array
}
