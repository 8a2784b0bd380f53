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

/// `axum::serve` spawns with tokio: inside `async_compat` it does serve, but on that crate's thread, where
/// no executor of ours runs.
#[test]
fn axum_serve() {
    use axum::{Router, routing::get};
    use pizzaiolo::net::TcpStream;

    run(async || {
        async fn handler() -> String {
            panic_of(|| pizzaiolo::spawn(async {}))
        }
        let server = async_compat::Compat::new(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let addr = listener.local_addr()?;
            let app = Router::new().route("/", get(handler));
            tokio::spawn(async { axum::serve(listener, app).await });
            std::io::Result::Ok(addr)
        });
        let client = TcpStream::connect(server.await?).await?;
        client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await?;
        let mut reply = Vec::new();
        let mut buf = [0; 1024];
        loop {
            match client.read(&mut buf).await? {
                0 => break,
                len => reply.extend_from_slice(&buf[..len]),
            }
        }
        let reply = String::from_utf8(reply)?;
        assert!(
            reply.contains("200 OK") && reply.contains("no pizzaiolo executor runs"),
            "{reply}"
        );
        Ok(())
    });
}

#[test]
fn monoio() {
    run(async || {
        let panic = panic_of(|| monoio::spawn(async {}));
        assert!(panic.contains("scoped thread local"), "{panic}");
        let panic = panic_of(|| monoio::net::TcpListener::bind("127.0.0.1:0"));
        assert!(panic.contains("scoped thread local"), "{panic}");
        Ok(())
    });
}
