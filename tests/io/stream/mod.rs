//! What every kind of stream promises. These files are compiled for each kind, as a part of its module, which
//! says what is a [`Stream`], and how one is made.

mod cancel;
mod executors;
mod halves;
mod operations;
#[cfg(feature = "futures-io")]
pub(super) mod poll_style;
mod registration;
#[cfg(feature = "futures-io")]
mod traits;
mod tries;
mod wakes;

use super::{
    StdStream, Stream, arrived, connect, cut, listen, narrow_pair, pair, std_connect, std_pair,
};
use crate::support::prelude::*;

/// A connection, both ends ours.
pub(super) fn own_pair() -> io::Result<(Stream, Stream)> {
    let (stream, peer) = std_pair()?;
    Ok((stream.try_into()?, peer.try_into()?))
}

/// Runs a test with a connection, whose peer is std's.
pub(super) fn with_pair(test: impl AsyncFnOnce(Stream, StdStream) -> io::Result<()>) {
    run(async || {
        let (stream, peer) = pair()?;
        test(stream, peer).await
    });
}

/// The peer sends back what it gets, until the end.
fn echo(peer: StdStream) -> thread::JoinHandle<io::Result<()>> {
    thread::spawn(move || {
        io::copy(&mut &peer, &mut &peer)?;
        peer.shutdown(std::net::Shutdown::Write)
    })
}

/// Waits until a task has written all to a peer that reads nothing at first.
async fn written(
    writer: JoinHandle<io::Result<()>>,
    peer: StdStream,
    all: &[u8],
) -> io::Result<()> {
    turns(100).await;
    // Windows takes any number of bytes in one call, if it takes any.
    assert!(cfg!(windows) || !writer.is_finished(), "it waits for the reader");
    let reader = read_all(peer);
    writer.await??;
    assert!(reader.join().expect("no panic")? == all);
    Ok(())
}

/// Writes until there is no room. Returns how many bytes that were.
pub(super) async fn fill(stream: &Stream) -> io::Result<usize> {
    let mut total = 0;
    while let Poll::Ready(written) = poll_here(stream.write(&[b'.'; 4096])).await {
        total += written?;
    }
    Ok(total)
}

/// A read, with its socket, in a box.
fn boxed_read(stream: Stream) -> Boxed<io::Result<usize>> {
    Box::pin(async move { stream.read(&mut [0; 8]).await })
}
