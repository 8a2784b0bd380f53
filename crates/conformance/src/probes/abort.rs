//! Tasks that are ended from outside.

use std::{future::poll_fn, pin::Pin};

use crate::{
    Ended, LocalFuture,
    child::check,
    lab::{Drops, Lab, OnDrop, Watched, number},
};

pub(crate) fn drops(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let drops = Drops::default();
        let token = drops.token();
        let task = lab.joinable(async move {
            let _token = token;
            std::future::pending::<()>().await;
        });
        lab.settle().await;
        let _ = task.abort().await;
        check(
            drops.count() == 1,
            "an aborted future is dropped, though no code wakes it",
            "it lives",
        );
    })
}

/// Spawns a task that waits, and lets it do so.
async fn waiting(lab: Lab) -> (Watched, Box<dyn crate::Handle>) {
    let watched = Watched::new();
    let task = lab.joinable(watched.clone());
    lab.settle().await;
    (watched, task)
}

pub(crate) fn outcome(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (watched, task) = waiting(lab).await;
        let abort = task.abort();
        watched.waker().wake_by_ref();
        let ended = abort.await.err();
        check(ended == Some(Ended::Cancelled), "that it was cancelled", format!("{ended:?}"));
    })
}

pub(crate) fn not_polled(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (watched, task) = waiting(lab).await;
        watched.waker().wake_by_ref();
        let _ = task.abort().await;
        check(watched.polls() == 1, "no poll once it is aborted", "it was polled");
    })
}

pub(crate) fn ended(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let task = lab.joinable(async { 5_u32 });
        lab.settle().await;
        let output = number(task.abort().await);
        check(output == 5, "5, the output of the task that had ended", output.to_string());
    })
}

pub(crate) fn drop_spawns(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (watched, end) = (Watched::new(), Watched::new());
        let (mut inner, spawned) = (watched.clone(), end.clone());
        let on_drop = OnDrop(move || {
            let spawned = spawned.clone();
            lab.spawn(async move { spawned.finish() });
        });
        let task = lab.joinable(poll_fn(move |cx| {
            let _ = &on_drop;
            Pin::new(&mut inner).poll(cx)
        }));
        lab.settle().await;
        let abort = task.abort();
        watched.waker().wake_by_ref();
        let _ = abort.await;
        end.await;
    })
}
