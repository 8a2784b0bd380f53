//! Parts of tokio that need its runtime, inside `async_compat`.

mod support;

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use async_compat::Compat;
use futures::StreamExt;

use crate::support::run;

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn tokio_time() {
    run(async || {
        Compat::new(async {
            tokio::time::sleep(SHORT).await;
            let never = std::future::pending::<()>();
            assert!(tokio::time::timeout(SHORT, never).await.is_err());
        })
        .await;
        Ok(())
    });
}

#[test]
fn tokio_fs() {
    run(async || {
        let path = &format!("{}/tokio_fs-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        Compat::new(async {
            tokio::fs::write(path, "margherita").await?;
            assert_eq!(tokio::fs::read_to_string(path).await?, "margherita");
            tokio::fs::remove_file(path).await
        })
        .await?;
        Ok(())
    });
}

#[test]
fn tokio_util_time() {
    use tokio_util::time::{DelayQueue, FutureExt, delay_queue::Expired};
    run(async || {
        Compat::new(async {
            assert!(std::future::pending::<()>().timeout(SHORT).await.is_err());
            let mut queue = DelayQueue::new();
            queue.insert("a pizza", SHORT);
            assert_eq!(queue.next().await.map(Expired::into_inner), Some("a pizza"));
        })
        .await;
        Ok(())
    });
}

/// What is awaited stays on our thread, and may hold an `Rc`; what is spawned does not.
#[test]
fn tokio_spawn() {
    run(async || {
        let (here, count) = (thread::current().id(), Rc::new(Cell::new(0)));
        let there = Compat::new(async {
            count.set(1);
            tokio::time::sleep(SHORT).await;
            assert_eq!(thread::current().id(), here);
            tokio::spawn(async { thread::current().id() }).await
        })
        .await?;
        assert_ne!(there, here);
        Ok(())
    });
}
