//! Everything is dropped once, in every combination of ends, aborts and handles.

use pizzaiolo::JoinError;

use crate::support::prelude::*;

/// What the last poll does.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Ready,
    Panic,
    Never,
}

/// When `abort` is called, if the handle is still there.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Abort {
    Never,
    BeforeTheFirstPoll,
    InTheFirstPoll,
    WhilePending,
    InTheLastPoll,
    InTheFuturesDrop,
    WhenFinished,
}

/// What happens to the handle.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Handle {
    Awaited,
    DroppedAtOnce,
    DroppedInThePoll,
    DroppedInTheFuturesDrop,
    DroppedWhenFinished,
    OutlivesTheExecutor,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    end: End,
    abort: Abort,
    handle: Handle,
    future_panics: bool,
    output_panics: bool,
}

/// What a case leaves to be looked at.
#[derive(Default)]
struct Seen {
    outputs: Counter,
    output_drops: Counter,
    future_drops: Counter,
    handle: RefCell<Option<JoinHandle<Plate>>>,
    waker: RefCell<Option<Waker>>,
    /// `abort` was called before the task's last poll was over.
    aborted: Cell<bool>,
}

impl Seen {
    fn abort(&self, case: Case, now: Abort) {
        if case.abort == now {
            if let Some(handle) = self.handle.borrow().as_ref() {
                handle.abort();
                let effective =
                    [Abort::BeforeTheFirstPoll, Abort::InTheFirstPoll, Abort::WhilePending];
                self.aborted.set(effective.contains(&now));
            }
        }
    }

    fn drop_handle(&self, case: Case, now: Handle) {
        if case.handle == now {
            let handle = self.handle.take();
            drop(handle);
        }
    }
}

/// The output.
#[derive(Debug)]
struct Plate(Counter, bool);

impl Drop for Plate {
    fn drop(&mut self) {
        self.0.add();
        assert!(!self.1, "the output's drop");
    }
}

/// The future: pending at first, then as its case says.
struct Oven(Case, Rc<Seen>, bool);

impl Future for Oven {
    type Output = Plate;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Plate> {
        let Oven(case, seen, polled) = &mut *self;
        if !std::mem::replace(polled, true) {
            *seen.waker.borrow_mut() = Some(cx.waker().clone());
            seen.abort(*case, Abort::InTheFirstPoll);
            seen.drop_handle(*case, Handle::DroppedInThePoll);
            return Poll::Pending;
        }
        seen.abort(*case, Abort::InTheLastPoll);
        match case.end {
            End::Ready => {
                seen.outputs.add();
                Poll::Ready(Plate(seen.output_drops.clone(), case.output_panics))
            }
            End::Panic => panic!("the poll"),
            End::Never => Poll::Pending,
        }
    }
}

impl Drop for Oven {
    fn drop(&mut self) {
        let Oven(case, seen, _) = self;
        seen.future_drops.add();
        seen.abort(*case, Abort::InTheFuturesDrop);
        seen.drop_handle(*case, Handle::DroppedInTheFuturesDrop);
        assert!(!case.future_panics, "the future's drop");
    }
}

/// How a handle that is awaited must answer.
fn expected(case: Case, aborted: bool) -> &'static str {
    let by_abort = aborted || case.abort == Abort::InTheLastPoll && case.end == End::Never;
    match case.end {
        End::Panic if !by_abort => "the poll",
        _ if case.future_panics => "the future's drop",
        End::Ready if !by_abort => "ready",
        _ => "cancelled",
    }
}

fn answer(result: Result<Plate, JoinError>) -> String {
    match result {
        Ok(plate) => {
            let _ = quietly(|| drop(plate));
            "ready".to_owned()
        }
        Err(error) if error.is_cancelled() => "cancelled".to_owned(),
        Err(error) => message_of(&*error.into_panic()),
    }
}

fn run_case(case: Case) {
    let (executor, seen) = (executor(), Rc::new(Seen::default()));
    let task = executor.spawn(Oven(case, Rc::clone(&seen), false));
    *seen.handle.borrow_mut() = Some(task);
    seen.drop_handle(case, Handle::DroppedAtOnce);
    seen.abort(case, Abort::BeforeTheFirstPoll);
    executor.run_until_idle();
    seen.abort(case, Abort::WhilePending);
    seen.waker.take().into_iter().for_each(Waker::wake);
    executor.run_until_idle();
    seen.abort(case, Abort::WhenFinished);
    executor.run_until_idle();
    seen.drop_handle(case, Handle::DroppedWhenFinished);
    // The others never notice.
    let other = executor.spawn(async {
        yield_now().await;
        "baked"
    });
    assert_eq!(executor.block_on(other).unwrap(), "baked");
    // A handle of a task that never ends gets its answer from the end of the executor.
    drop(executor);
    let handle = seen.handle.take();
    assert_eq!(
        handle.is_some(),
        matches!(case.handle, Handle::Awaited | Handle::OutlivesTheExecutor)
            // There was no poll that could drop it.
            || case.handle == Handle::DroppedInThePoll && case.abort == Abort::BeforeTheFirstPoll,
    );
    if let Some(mut handle) = handle {
        assert!(handle.is_finished());
        if case.handle == Handle::Awaited {
            let Poll::Ready(result) = poll_once(&mut handle) else { panic!("it is finished") };
            assert_eq!(answer(result), expected(case, seen.aborted.get()));
        }
    }
    assert_eq!(seen.future_drops.get(), 1, "drops of the future");
    assert_eq!(seen.output_drops.get(), seen.outputs.get(), "drops of the output");
    let never_ready = case.end != End::Ready || seen.aborted.get();
    assert_eq!(seen.outputs.get(), usize::from(!never_ready), "outputs");
}

#[test]
fn future_and_output_are_dropped_once_whoever_panics_aborts_or_detaches() {
    let mut cases = 0;
    for end in [End::Ready, End::Panic, End::Never] {
        for abort in [
            Abort::Never,
            Abort::BeforeTheFirstPoll,
            Abort::InTheFirstPoll,
            Abort::WhilePending,
            Abort::InTheLastPoll,
            Abort::InTheFuturesDrop,
            Abort::WhenFinished,
        ] {
            for handle in [
                Handle::Awaited,
                Handle::DroppedAtOnce,
                Handle::DroppedInThePoll,
                Handle::DroppedInTheFuturesDrop,
                Handle::DroppedWhenFinished,
                Handle::OutlivesTheExecutor,
            ] {
                for panics in 0..4 {
                    let (future_panics, output_panics) = (panics & 1 == 1, panics & 2 == 2);
                    let case = Case { end, abort, handle, future_panics, output_panics };
                    let result = quietly(|| run_case(case));
                    let Err(payload) = result else {
                        cases += 1;
                        continue;
                    };
                    panic!("{case:?}: {}", message_of(&*payload));
                }
            }
        }
    }
    assert_eq!(cases, 3 * 7 * 6 * 4);
}
