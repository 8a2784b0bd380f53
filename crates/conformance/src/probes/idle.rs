//! What a program costs while it waits.

use std::{io::Write, net::Shutdown, time::Duration};

use crate::{
    LocalFuture,
    child::{burn, not_measured},
    lab::{Lab, Signal, Watched, keep_waiting, poll_now, when_asleep},
    measure::Seen,
};

/// Waits until another thread has seen that all sleep. Ends the probe if they do not.
async fn idle() {
    let end = Signal::new();
    let ended = end.clone();
    when_asleep(move |seen| match seen {
        Seen::Sleep => ended.set(),
        Seen::Waste(what) => burn("no processor time while all wait", what),
        Seen::Nothing => not_measured(),
    });
    end.await;
}

pub(crate) fn root(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(idle())
}

pub(crate) fn tasks(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        for _ in 0..100 {
            lab.spawn(Watched::new());
        }
        lab.settle().await;
        idle().await;
    })
}

pub(crate) fn late_wake(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        lab.late_waker().await.wake();
        idle().await;
    })
}

pub(crate) fn sleep(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        keep_waiting(lab.sleep(Duration::from_secs(3600)));
        idle().await;
    })
}

pub(crate) fn tcp(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, _peer) = lab.tcp_pair();
        let mut buf = [0; 16];
        let mut read = socket.read(&mut buf);
        let _ = poll_now(&mut read);
        idle().await;
        drop(read);
    })
}

pub(crate) fn half_closed(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, mut peer) = lab.tcp_pair();
        let _ = peer.write_all(b"the last").and_then(|()| peer.shutdown(Shutdown::Write));
        let mut buf = [0; 16];
        while socket.read(&mut buf).await.is_ok_and(|n| n > 0) {}
        lab.spawn(async move {
            let chunk = vec![b'x'; 65_536];
            // Until the buffers of both ends are full: then it waits.
            while socket.write(&chunk).await.is_ok() {}
        });
        lab.settle().await;
        idle().await;
        drop(peer);
    })
}
