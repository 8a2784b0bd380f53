//! The traits of `futures-io` in poll style: one waiter for each direction, the last that polled.

use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, future::join_all};

use super::{StdStream, Stream, own_pair, pair, with_pair};
use crate::support::prelude::*;

/// Polls to read, with another waker than the task's own.
pub(crate) fn poll_read<S>(mut stream: &S, waker: &Waker) -> Poll<io::Result<usize>>
where
    for<'a> &'a S: AsyncRead,
{
    Pin::new(&mut stream).poll_read(&mut Context::from_waker(waker), &mut [0; 8])
}

#[test]
fn who_polls_last_is_woken_and_who_polled_before_is_forgotten() {
    with_pair(async |stream, mut peer| {
        let ((first, first_waker), (last, last_waker)) =
            (Counter::with_waker(), Counter::with_waker());
        assert!(poll_read(&stream, &first_waker).is_pending());
        assert!(poll_read(&stream, &first_waker).is_pending());
        assert_eq!(first.wakers(), 2, "it waits once");
        assert!(poll_read(&stream, &last_waker).is_pending());
        assert_eq!((first.wakers(), last.wakers()), (1, 2));
        // A read of nothing is done at once, and takes no task's place.
        assert_eq!(AsyncReadExt::read(&mut &stream, &mut []).await?, 0);
        peer.write_all(b"order")?;
        // This one owns its place, and does not disturb the other.
        stream.readable().await?;
        assert_eq!((first.get(), last.get()), (0, 1));
        assert!(matches!(poll_read(&stream, &last_waker), Poll::Ready(Ok(5))));
        assert_eq!(last.wakers(), 1, "no task waits any more");
        Ok(())
    });
}

#[test]
fn a_waiter_goes_with_its_stream() {
    run(async || {
        let (count, waker) = Counter::with_waker();
        let (stream, _peer) = pair()?;
        assert!(poll_read(&stream, &waker).is_pending());
        assert_eq!(count.wakers(), 2, "it waits");
        drop(stream);
        assert_eq!(count.wakers(), 1, "its waker went with the stream");

        let (stream, _peer) = pair()?;
        assert!(poll_read(&stream, &waker).is_pending());
        StdStream::try_from(stream)?;
        assert_eq!((count.wakers(), count.get()), (1, 0));
        Ok(())
    });
}

/// A stream can go in a wake of its own reactor. Tasks that still wait for it go with it, and the
/// drop of their wakers is code of others: nothing is borrowed.
#[test]
fn a_waiter_that_goes_in_a_wake_may_wake_tasks_as_it_goes_and_panic() {
    /// When it is woken, it lets the writer wait for the stream, and drops both.
    struct DropsTheStream;
    impl Wake for DropsTheStream {
        fn wake(self: Arc<Self>) {
            if let Some((stream, writer)) = STREAM.take() {
                fill(&stream, &writer);
            }
        }
    }
    /// Wakes a task when it is dropped.
    struct WakesOnDrop(Mutex<Option<Waker>>);
    impl Wake for WakesOnDrop {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for WakesOnDrop {
        fn drop(&mut self) {
            self.0.lock().unwrap().take().unwrap().wake();
            panic!("a waker that panics as it goes");
        }
    }
    thread_local! {
        static STREAM: Cell<Option<(Stream, Waker)>> = const { Cell::new(None) };
    }
    /// Writes until the waker waits.
    fn fill(mut stream: &Stream, waker: &Waker) {
        let mut cx = Context::from_waker(waker);
        while Pin::new(&mut stream).poll_write(&mut cx, &pattern(1_000_000)).is_ready() {}
    }

    with_pair(async |stream, mut peer| {
        let reader = Waker::from(Arc::new(DropsTheStream));
        let task = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let writer = Waker::from(Arc::new(WakesOnDrop(Mutex::new(Some(task)))));
        // So that what comes says nothing of writing: the writer is not woken, but goes.
        fill(&stream, Waker::noop());
        assert!(poll_read(&stream, &reader).is_pending());
        STREAM.set(Some((stream, writer)));
        peer.write_all(b"order")?;
        // The drop wakes this very task.
        let mut polls = 0;
        poll_fn(|_| {
            polls += 1;
            if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        assert!(STREAM.take().is_none(), "the wake has dropped it");
        // The reactor goes on.
        let (client, server) = own_pair()?;
        client.write_all(b"order").await?;
        assert_eq!(server.read(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[test]
fn reads_of_nothing_leave_nobody_behind() {
    run(async || {
        let (count, waker) = Counter::with_waker();
        let (stream, mut peer) = pair()?;
        for _ in 0..100 {
            assert!(poll_read(&stream, &waker).is_pending());
            let mut cx = Context::from_waker(&waker);
            let mut stream = &stream;
            assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut []).is_ready());
            assert!(Pin::new(&mut stream).poll_read_vectored(&mut cx, &mut []).is_ready());
        }
        assert_eq!(count.wakers(), 2, "it waits once");
        peer.write_all(b"order")?;
        stream.readable().await?;
        assert_eq!(count.get(), 1);
        Ok(())
    });
}

/// The stream's own methods keep all tasks that wait, and one that polls.
#[test]
fn all_who_read_with_the_streams_own_method_are_woken_and_who_polls_too() {
    with_pair(async |stream, mut peer| {
        let stream = Rc::new(stream);
        let mut readers = Vec::new();
        for _ in 0..3 {
            let stream = Rc::clone(&stream);
            readers.push(spawn(async move { stream.read(&mut [0; 1]).await }));
        }
        readers.push(spawn({
            let stream = Rc::clone(&stream);
            async move { AsyncReadExt::read(&mut &*stream, &mut [0; 1]).await }
        }));
        yield_now().await;
        peer.write_all(b"abcd")?;
        for len in join_all(readers).await {
            assert_eq!(len??, 1);
        }
        Ok(())
    });
}
