//! The runs that are drawn.

use std::{
    future::{pending, poll_fn},
    rc::Rc,
    task::Poll,
    thread,
    time::Duration,
};

use pizzaiolo::{Executor, spawn, task, time, trace::EventKind, yield_now};
use pizzaiolo_watch::Timeline;

/// A name that means something in every format, and nothing good.
pub(crate) const NASTY: &str = "<script>alert(\"1;#2\")</script>&amp;'%%{init}%% end: \\n";

/// Some of everything, among it a task of this name. The clock stands still, so many events have
/// the same time.
pub(crate) fn kitchen(timeline: &Rc<Timeline>, name: &str) {
    let builder = Executor::builder().observer(Rc::clone(timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    executor.block_on(async {
        let oven = task::Builder::new().name(name).spawn(async {
            time::sleep(Duration::from_secs(30)).await;
            yield_now().await;
        });
        let burns = spawn(async { panic!("on purpose") });
        let forever = spawn(pending::<()>());
        assert!(burns.await.unwrap_err().is_panic());
        let mut waking = None;
        poll_fn(|cx| {
            if waking.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            waking = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        })
        .await;
        oven.await.unwrap();
        forever.abort();
        assert!(forever.await.unwrap_err().is_cancelled());
        // Dropped with the executor.
        spawn(pending::<()>()).detach();
    });
    timeline.mark(timeline.events()[0].when(), name);
}

pub(crate) fn seen(name: &str) -> Rc<Timeline> {
    let timeline = Rc::new(Timeline::new());
    kitchen(&timeline, name);
    timeline
}

/// A minute of 50 tasks that wait for timers, each with a pace of its own.
pub(crate) fn minute() -> Timeline {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(true);
    let executor = builder.build().unwrap();
    for number in 0..50 {
        let pace = Duration::from_millis(100 + 37 * number);
        executor
            .spawn(async move {
                let start = time::now();
                while time::now() - start < Duration::from_secs(60) {
                    time::sleep(pace).await;
                }
            })
            .detach();
    }
    executor.run();
    drop(executor);
    Rc::into_inner(timeline).expect("the executor was the only other owner")
}

pub(crate) fn count(timeline: &Timeline, is_it: fn(&EventKind) -> bool) -> usize {
    timeline.events().iter().filter(|event| is_it(event.kind())).count()
}
