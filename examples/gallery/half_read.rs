//! # A `select` that drops a read half-done
//!
//! What one sees: sometimes a message begins in its middle, or the program waits for the rest of a
//! message that arrived long ago. It happens when two events come at almost the same time.
//!
//! What gives it away: the task that waits for the socket is woken by another task, and then begins
//! a new wait for the socket. The crate cannot warn: a program may drop a future to stop waiting.
//!
//! ```text
//!     task 0: pending on socket 0 (read)
//! guest: "marg"
//!     task 0: woken by socket 0 (read)
//! waiter: so far I have "marg"
//!     task 0: woken by task 1
//! guest: "herita"
//! waiter: the oven's bell!
//!     task 0: pending on socket 0 (read)
//! waiter: so far I have "herita"
//! waiter: the order is broken: it ends after "herita"
//! ```
//!
//! The cause: `select` drops the future that was not ready first. That future had four bytes of the
//! order in its own buffer, and they are dropped with it. A future that loses nothing when it is
//! dropped at an `.await` is called cancel-safe. `read` is cancel-safe; `read_exact` is not, and
//! neither is any loop that collects. The docs of each operation of this crate say which it is.
//!
//! The cure: do not drop the future. Make it once, outside, and pass it to `select` by reference.
//! Or keep the bytes outside the future.
//!
//! ```text
//! waiter: so far I have "marg"
//! waiter: the oven's bell!
//! waiter: so far I have "margherita"
//! waiter: one margherita, at once!
//! ```

use std::{
    future::poll_fn,
    io,
    net::{self, Shutdown},
    pin::{Pin, pin},
    task::Poll,
};

use pizzaiolo::{Executor, net::TcpStream};

use super::{
    Exhibit,
    watch::{Bell, say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "half-read",
    source: include_str!("half_read.rs"),
    wrong: || watch(|executor| program(executor, wrong)),
    cured: || watch(|executor| program(executor, cured)),
};

/// The bells of this restaurant.
#[derive(Clone, Default)]
struct Bells {
    /// Rings when a pizza is done.
    oven: Bell,
    /// Rings when the first half of the order has been read.
    half: Bell,
}

/// Reads an order of ten bytes.
async fn read_order(guest: &TcpStream, half: &Bell) -> io::Result<String> {
    let mut order = String::new();
    while order.len() < 10 {
        let mut part = [0; 10];
        let len = guest.read(&mut part).await?;
        if len == 0 {
            return Err(io::Error::other(format!("it ends after {order:?}")));
        }
        order += &String::from_utf8_lossy(&part[..len]);
        say(format!("waiter: so far I have {order:?}"));
        if order.len() == 4 {
            half.ring();
        }
    }
    Ok(order)
}

async fn wrong(guest: TcpStream, bells: Bells) -> io::Result<String> {
    match select(pin!(read_order(&guest, &bells.half)), pin!(bells.oven)).await {
        First::Left(order) => order,
        First::Right(()) => {
            say("waiter: the oven's bell!");
            read_order(&guest, &bells.half).await
        }
    }
}

async fn cured(guest: TcpStream, bells: Bells) -> io::Result<String> {
    let mut order = pin!(read_order(&guest, &bells.half));
    match select(order.as_mut(), pin!(bells.oven)).await {
        First::Left(order) => order,
        First::Right(()) => {
            say("waiter: the oven's bell!");
            order.await
        }
    }
}

enum First<L, R> {
    Left(L),
    Right(R),
}

/// Waits for the first of two futures.
async fn select<L: Future, R: Future>(
    mut left: Pin<&mut L>,
    mut right: Pin<&mut R>,
) -> First<L::Output, R::Output> {
    poll_fn(|cx| {
        if let Poll::Ready(left) = left.as_mut().poll(cx) {
            return Poll::Ready(First::Left(left));
        }
        right.as_mut().poll(cx).map(First::Right)
    })
    .await
}

fn program<F>(executor: &Executor, waiter: fn(TcpStream, Bells) -> F)
where
    F: Future<Output = io::Result<String>> + 'static,
{
    let bells = Bells::default();
    let (waiters_end, guests_end) = connection().expect("loopback");
    let order = waiter(waiters_end, bells.clone());
    let _waiter = spawn(executor, "waiter", async {
        match order.await {
            Ok(order) => say(format!("waiter: one {order}, at once!")),
            Err(error) => say(format!("waiter: the order is broken: {error}")),
        }
    });
    let _guest = spawn(executor, "guest", async move {
        say("guest: \"marg\"");
        guests_end.write_all(b"marg").await?;
        bells.half.await;
        bells.oven.ring();
        say("guest: \"herita\"");
        guests_end.write_all(b"herita").await?;
        guests_end.shutdown(Shutdown::Write)
    });
    executor.run();
}

fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let here = net::TcpStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    Ok((here.try_into()?, there.try_into()?))
}
