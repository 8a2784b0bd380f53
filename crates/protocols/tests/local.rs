//! `Send` by name: what axum and tower ask for, given with `local`.

mod support;

use std::{
    cell::Cell,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    middleware::{self, Next},
    routing::get,
};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use pizzaiolo::time;
use pizzaiolo_protocols::{LocalIo, SendWrapper, local};
use tower::{Service, ServiceExt, service_fn, util::BoxCloneService};

use crate::support::{Result, run_paused};

const HOUR: Duration = Duration::from_secs(3600);

/// Asks an application for a page, as hyper does.
async fn page(app: &Router, path: &str) -> Result<String> {
    let request = Request::get(path).body(Body::empty())?;
    let response = app.clone().oneshot(request).await?;
    Ok(String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?)
}

#[test]
fn a_handler_sleeps_by_the_executors_clock() {
    run_paused(async || {
        async fn bake(Path(hours): Path<u32>) -> String {
            time::sleep(hours * HOUR).await;
            format!("baked for {hours} hours")
        }
        let app = Router::new().route("/bake/{hours}", get(|hours| local(bake(hours))));
        let start = time::now();
        assert_eq!(page(&app, "/bake/3").await?, "baked for 3 hours");
        assert_eq!(time::now() - start, 3 * HOUR);
        Ok(())
    });
}

#[test]
fn handlers_share_a_state_that_is_not_send() {
    run_paused(async || {
        type Count = SendWrapper<Rc<Cell<u32>>>;
        async fn count(State(count): State<Count>) -> String {
            count.set(count.get() + 1);
            count.get().to_string()
        }
        let state = Rc::new(Cell::new(0));
        let app = Router::new().route("/", get(count)).with_state::<()>(local(Rc::clone(&state)));
        assert_eq!(page(&app, "/").await?, "1");
        assert_eq!(page(&app, "/").await?, "2");
        assert_eq!(state.get(), 2);
        Ok(())
    });
}

#[test]
fn a_body_is_a_stream_that_sleeps() {
    run_paused(async || {
        let app = Router::new().route(
            "/",
            get(async || {
                let parts = stream::iter(["a ", "pizza"]).then(async |part| {
                    time::sleep(HOUR).await;
                    Ok::<_, Infallible>(part)
                });
                Body::from_stream(local(parts))
            }),
        );
        let start = time::now();
        assert_eq!(page(&app, "/").await?, "a pizza");
        assert_eq!(time::now() - start, 2 * HOUR);
        Ok(())
    });
}

#[test]
fn a_middleware_gives_up_a_handler_by_the_executors_clock() {
    run_paused(async || {
        async fn in_time(request: Request, next: Next) -> std::result::Result<String, String> {
            let page = time::timeout(HOUR, next.run(request)).await;
            page.map(|_| String::new()).map_err(|elapsed| elapsed.to_string())
        }
        let app = Router::new()
            .route("/", get(|| local(time::sleep(24 * HOUR))))
            .layer(middleware::from_fn(|request, next| local(in_time(request, next))));
        let start = time::now();
        assert!(!page(&app, "/").await?.is_empty());
        assert_eq!(time::now() - start, HOUR);
        Ok(())
    });
}

#[test]
fn a_service_whose_future_is_wrapped_goes_into_towers_box() {
    run_paused(async || {
        let bake = service_fn(|pizza: &'static str| {
            local(async move {
                time::sleep(HOUR).await;
                Ok::<_, Infallible>(format!("{pizza}, baked"))
            })
        });
        let mut boxed = BoxCloneService::new(bake).clone();
        assert_eq!(boxed.ready().await?.call("calzone").await?, "calzone, baked");
        Ok(())
    });
}

/// This is the price of being `Send` by name, and why it is safe.
#[test]
fn what_is_wrapped_panics_on_another_thread_when_it_is_used_and_when_it_is_dropped() {
    fn panics(action: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(action)).is_err()
    }
    let count = Rc::new(Cell::new(0));
    let (wrapped, io) = (local(Rc::clone(&count)), LocalIo::new(Rc::clone(&count)));
    let other = thread::spawn(move || {
        let text = format!("{io:?}");
        (panics(|| wrapped.set(1)), panics(|| drop(wrapped)), text, panics(|| drop(io)))
    });
    let (use_panics, drop_panics, text, io_panics) = other.join().expect("the panics were caught");
    assert!(use_panics && drop_panics && io_panics);
    assert_eq!(text, "LocalIo { is_on_its_thread: false, .. }", "to print it is no use of it");
    assert_eq!(count.get(), 0);
}
