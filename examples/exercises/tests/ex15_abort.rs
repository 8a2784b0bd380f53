use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

use super::{AbortHandle, abortable};
use crate::{
    ex12_spawn::Executor,
    support::{Touch, bake, bounded, counting_waker, ends, poll, reenter, spy_calls},
};

const GONE: &str = "an aborted future must be Ready with None, because it has no output";

#[test]
#[ignore = "an exercise"]
fn without_an_abort_the_output_is_there() {
    bounded(|| {
        let (oven, pizza) = bake();
        let (future, handle) = abortable(pizza);
        let mut future = pin!(future);
        assert!(
            poll(future.as_mut(), Waker::noop()).is_pending(),
            "an abortable future must be Pending while the future in it waits, because it has no \
             output"
        );
        oven.open();
        assert_eq!(
            poll(future.as_mut(), Waker::noop()),
            Poll::Ready(Some("pizza")),
            "an abortable future must return the output of the future in it, because nothing ended \
             it"
        );
        assert!(oven.is_empty(), "a future that is Ready must be dropped, because it has ended");
        handle.abort();
    });
}

#[test]
#[ignore = "an exercise"]
fn an_abort_wakes_the_task_and_its_next_poll_drops_the_future() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let (oven, pizza) = bake();
        let (future, handle) = abortable(pizza);
        let mut future = pin!(future);
        let _ = poll(future.as_mut(), &waker);
        handle.abort();
        assert_eq!(
            woken.times(),
            1,
            "abort must wake the task, because its next poll has to drop the future"
        );
        assert!(
            !oven.is_empty(),
            "abort must not drop the future itself, because it may be on another thread"
        );
        assert_eq!(poll(future.as_mut(), &waker), Poll::Ready(None), "{GONE}");
        assert!(
            oven.is_empty(),
            "the poll after abort must drop the future, because that is how it is cancelled"
        );
        assert_eq!(
            oven.polls(),
            1,
            "the poll after abort must not poll the future, because it was cancelled"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn an_abort_before_the_first_poll_counts() {
    bounded(|| {
        let (oven, pizza) = bake();
        let (future, handle) = abortable(pizza);
        handle.abort();
        assert_eq!(poll(pin!(future), Waker::noop()), Poll::Ready(None), "{GONE}");
        assert_eq!(
            oven.polls(),
            0,
            "the poll after abort must not poll the future, because it was cancelled"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn an_abort_during_the_poll_counts() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let own = Rc::new(RefCell::new(None::<AbortHandle>));
        let handle = Rc::clone(&own);
        let (future, abort) = abortable(poll_fn(move |_| {
            own.borrow_mut().take().inspect(AbortHandle::abort);
            Poll::<()>::Pending
        }));
        handle.replace(Some(abort));
        let mut future = pin!(future);
        let pending = poll(future.as_mut(), &waker).is_pending();
        assert!(
            !pending || woken.times() > 0,
            "an abort during the poll must wake the task, because it would wait for ever"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn an_abort_while_the_waker_is_cloned_dropped_or_called_counts() {
    ends(
        "nothing may be locked while a waker is cloned, dropped or called, because it may abort",
        || {
            for touch in [Touch::Cloned, Touch::Called, Touch::Dropped] {
                let (future, handle) = abortable(std::future::pending::<()>());
                let mut future = pin!(future);
                let before = spy_calls();
                let again = handle.clone();
                reenter(
                    touch,
                    move || again.abort(),
                    |waker| {
                        let mut pending = poll(future.as_mut(), waker).is_pending();
                        if touch == Touch::Dropped && pending {
                            let (woken, other) = counting_waker();
                            pending = poll(future.as_mut(), &other).is_pending();
                            pending = pending && woken.times() == 0;
                        }
                        if touch == Touch::Called {
                            handle.abort();
                        }
                        assert!(
                            !pending || spy_calls() > before,
                            "an abort that comes while a waker is cloned, dropped or called must be seen \
                         or wake the task, because it comes only once"
                        );
                    },
                );
            }
        },
    );
}

#[test]
#[ignore = "an exercise"]
fn a_task_is_aborted_from_another_thread() {
    bounded(|| {
        let (oven, pizza) = bake();
        let executor = Executor::new(Waker::noop().clone());
        let (future, handle) = abortable(pizza);
        executor.spawn(async { _ = future.await });
        executor.run_ready();
        thread::spawn(move || handle.abort()).join().expect("it aborts");
        executor.run_ready();
        assert!(
            oven.is_empty() && executor.is_empty(),
            "a task must end in the pass after its abort, because it was woken for that"
        );
    });
}
