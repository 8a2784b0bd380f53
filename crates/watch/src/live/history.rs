//! What the page of a running program shows: the latest steps, and the state before and after them.

use std::{collections::HashSet, collections::VecDeque, time::Instant};

use crate::replay::{
    Names, State, Step, What, fields_json, learn, run_json, state_json, steps_json,
};

/// How many steps are held: as many as a new browser gets.
const HELD: usize = 32_768;

/// How many steps a message has at most. Of the steps before these it has the number, and the state after
/// them.
const MOST_A_MESSAGE: usize = 2_048;

/// After this many new steps, names that no step mentions are removed.
const STEPS_A_TIDYING: usize = 65_536;

pub(crate) struct History {
    names: Names,
    steps: VecDeque<Step>,
    /// The state before the first step that is held.
    base: State,
    /// The state after the last one.
    now: State,
    /// How many steps were removed.
    first: u64,
    /// How many events these stand for, with the dropped ones.
    missing: u64,
    until_tidying: usize,
}

impl History {
    pub(crate) fn new() -> History {
        History {
            names: Names::new(Instant::now()),
            steps: VecDeque::new(),
            base: State::default(),
            now: State::default(),
            first: 0,
            missing: 0,
            until_tidying: STEPS_A_TIDYING,
        }
    }

    /// Adds new steps, and returns the message that reports them.
    pub(crate) fn take_in(&mut self, mut new: Vec<Step>) -> String {
        let skipped = new.len().saturating_sub(MOST_A_MESSAGE);
        let names = &self.names;
        let known = (names.tasks.next(), names.sources.next(), names.places.next());
        if skipped > 0 {
            let mut missing = 0;
            for step in &new[..skipped] {
                learn(&mut self.names, step);
                self.now.apply(step);
                missing += events_of(step);
            }
            let state = Some(Box::new(self.now.clone()));
            let gap = What::Gap { missing, state };
            new[skipped - 1] = Step { when: new[skipped - 1].when, task: None, what: gap };
            new.drain(..skipped - 1);
        }
        for step in new.iter().skip(usize::from(skipped > 0)) {
            self.now.apply(step);
        }
        let events = steps_json(&mut self.names, new.iter());
        let message = format!("{{{}}}", fields_json(&self.names, known, &events, "[]"));
        self.hold(new);
        message
    }

    fn hold(&mut self, new: Vec<Step>) {
        self.until_tidying = self.until_tidying.saturating_sub(new.len());
        self.steps.extend(new);
        while self.steps.len() > HELD {
            if let Some(oldest) = self.steps.pop_front() {
                self.base.apply(&oldest);
                self.first += 1;
                self.missing += events_of(&oldest);
            }
        }
        if self.until_tidying == 0 {
            self.until_tidying = STEPS_A_TIDYING;
            self.tidy();
        }
    }

    /// All that is held, as the first message of a browser.
    pub(crate) fn whole(&mut self) -> String {
        let base = state_json(&mut self.names, &self.base);
        let events = steps_json(&mut self.names, self.steps.iter());
        run_json(&self.names, &base, &events, "[]", (self.first, self.missing))
    }

    /// Removes the names that no step mentions.
    fn tidy(&mut self) {
        let (mut tasks, mut sources) = (HashSet::new(), HashSet::new());
        let gaps = self.steps.iter().filter_map(|step| match &step.what {
            What::Gap { state, .. } => state.as_deref(),
            _ => None,
        });
        for state in gaps.chain([&self.base, &self.now]) {
            state.mentions(&mut tasks, &mut sources);
        }
        for step in &self.steps {
            step.mentions(&mut tasks, &mut sources);
        }
        self.names.tasks.keep(&tasks);
        self.names.sources.keep(&sources);
    }

    #[cfg(test)]
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.steps.len(), self.names.tasks.len() + self.names.sources.len())
    }
}

/// How many events of the program a step stands for.
fn events_of(step: &Step) -> u64 {
    match step.what {
        What::Gap { missing, .. } => missing,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use pizzaiolo::{
        Executor,
        trace::{Event, Observer},
        yield_now,
    };
    use serde_json::Value;

    use super::*;

    #[derive(Default)]
    struct Steps(RefCell<Vec<Step>>);

    impl Observer for Steps {
        fn on_event(&self, event: &Event) {
            self.0.borrow_mut().push(Step::from(event));
        }
    }

    /// The steps of tasks that yield, one after the other.
    fn steps(tasks: usize, yields: usize) -> Vec<Step> {
        let steps = Rc::new(Steps::default());
        let executor = Executor::builder().observer(Rc::clone(&steps)).build().unwrap();
        executor.block_on(async {
            for _ in 0..tasks {
                let task = pizzaiolo::spawn(async move {
                    for _ in 0..yields {
                        yield_now().await;
                    }
                });
                task.await.unwrap();
            }
        });
        steps.0.take()
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_messages_together_are_the_whole_of_it() {
        let steps = steps(20, 5);
        let mut history = History::new();
        let (mut tasks, mut events) = (0, Vec::new());
        for part in steps.chunks(7) {
            let more = json(&history.take_in(part.to_vec()));
            tasks += more["tasks"].as_array().unwrap().len();
            events.extend(more["events"].as_array().unwrap().clone());
        }
        let whole = json(&history.whole());
        assert_eq!(events, *whole["events"].as_array().unwrap());
        assert_eq!(tasks, whole["tasks"].as_array().unwrap().len());
        assert_eq!((&whole["first"], &whole["missing"]), (&Value::from(0), &Value::from(0)));
    }

    #[test]
    fn a_flood_is_said_as_a_number_and_the_state_that_it_led_to() {
        let steps = steps(1, 2_000);
        let count = steps.len();
        let mut history = History::new();
        let more = json(&history.take_in(steps.clone()));
        let events = more["events"].as_array().unwrap();
        assert_eq!(events.len(), MOST_A_MESSAGE + 1);
        assert_eq!(events[0][1], "gap");
        assert_eq!(events[0][3].as_u64().unwrap(), (count - MOST_A_MESSAGE) as u64);
        // The state in it is that after all steps up to there.
        let mut state = State::default();
        for step in &steps[..count - MOST_A_MESSAGE] {
            state.apply(step);
        }
        assert_eq!(events[0][4], json(&state_json(&mut history.names, &state)));
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for_and_the_first_state_is_kept() {
        let steps = steps(2_000, 10);
        assert!(steps.len() > HELD + 10_000, "{}", steps.len());
        let mut history = History::new();
        for part in steps.chunks(MOST_A_MESSAGE) {
            history.take_in(part.to_vec());
        }
        let (held, names) = history.sizes();
        assert_eq!(held, HELD);
        assert!(names < HELD, "{names}");
        let whole = json(&history.whole());
        let first = steps.len() - HELD;
        assert_eq!(
            (whole["first"].as_u64(), whole["missing"].as_u64()),
            (Some(first as u64), Some(first as u64))
        );
        let mut state = State::default();
        for step in &steps[..first] {
            state.apply(step);
        }
        assert_eq!(whole["base"], json(&state_json(&mut history.names, &state)));
    }

    #[test]
    fn the_names_of_what_is_over_are_forgotten() {
        let mut history = History::new();
        for _ in 0..4 {
            for part in steps(10_000, 1).chunks(MOST_A_MESSAGE) {
                history.take_in(part.to_vec());
            }
        }
        let (_, names) = history.sizes();
        assert!(names < 25_000, "{names} names of 40,000 tasks");
    }
}
