//! What does not run, and with which words. Each test holds until that has changed: then the page has to.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use crate::support::run;

/// What an action panics with.
fn panic_of<T>(action: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(action)) else {
        return "it does not panic".to_owned();
    };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

#[test]
fn tokio_without_its_runtime() {
    run(async || {
        let sleep = panic_of(|| tokio::time::sleep(Duration::ZERO));
        assert!(sleep.contains("there is no reactor running"), "{sleep}");
        let spawn = panic_of(|| tokio::spawn(async {}));
        assert!(spawn.contains("there is no reactor running"), "{spawn}");
        Ok(())
    });
}

#[test]
fn tokio_spawn_local() {
    run(async || {
        let spawn = async { panic_of(|| tokio::task::spawn_local(async {})) };
        let panic = async_compat::Compat::new(spawn).await;
        assert!(
            panic.contains("`spawn_local` called from outside of a `task::LocalSet`"),
            "{panic}"
        );
        Ok(())
    });
}

/// Of a task that `async_compat` spawns, on its one thread.
#[test]
fn tokio_block_in_place() {
    run(async || {
        let spawn =
            async { tokio::spawn(async { panic_of(|| tokio::task::block_in_place(|| {})) }).await };
        let panic = async_compat::Compat::new(spawn).await?;
        assert!(panic.contains("multi-threaded runtime"), "{panic}");
        Ok(())
    });
}
