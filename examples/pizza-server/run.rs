//! One executor for each thread, from the first connection to the last.

use std::{future::poll_fn, io, net::TcpListener, pin::pin, rc::Rc, thread, time::Duration};

use log::info;
use pizzaiolo::{
    Executor,
    trace::{Event, Observer},
};
use pizzaiolo_watch::{Live, Timeline};

use crate::{
    connections::{Connections, Freed},
    options::Options,
    server::{self, Server},
    signals::{self, Watch},
    timeline::write_timeline,
};

/// How long the server waits, when it closes, for those who are still to get a reply.
const GRACE: Duration = Duration::from_secs(5);

/// Serves with each listener on a thread of its own, this one among them, until a signal comes.
pub(crate) fn run(
    listeners: Vec<TcpListener>,
    connections: usize,
    options: &Options,
) -> io::Result<()> {
    // Before anybody knows that the server is there: so no signal is missed.
    let watches = listeners.iter().map(|_| Watch::new()).collect::<io::Result<Vec<_>>>()?;
    signals::end_at_the_second()?;
    server::announce(&listeners[0])?;

    let freed = Freed::default();
    let run = |(listener, watch)| {
        let connections = Connections::new(connections, options.idle_timeout, freed.clone());
        let result = run_one(listener, watch, connections, options);
        if result.is_err() {
            signals::raise();
        }
        result
    };
    let mut threads = listeners.into_iter().zip(watches);
    let mine = threads.next();
    thread::scope(|scope| {
        let others: Vec<_> = threads.map(|parts| scope.spawn(move || run(parts))).collect();
        let mut result = mine.map_or(Ok(()), run);
        for thread in others {
            let ended = thread.join();
            result =
                result.and(ended.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))));
        }
        result
    })
}

/// One thread's server, from its first connection to its last.
fn run_one(
    listener: TcpListener,
    watch: Watch,
    connections: Connections,
    options: &Options,
) -> io::Result<()> {
    let observers = Observers::new(options)?;
    let timeline = observers.timeline.clone();
    let executor = if observers.are_there() {
        Executor::builder().observer(observers).build()?
    } else {
        Executor::new()?
    };
    let connections = Rc::new(connections);
    executor.block_on(async {
        let server = Server::new(listener, Rc::clone(&connections))?;
        until(watch.stop(&executor), server.start()).await?;
        // Nobody can come in any more.
        drop(server);
        connections.close(GRACE).await;
        io::Result::Ok(())
    })?;
    match (timeline, &options.timeline) {
        (Some(timeline), Some(path)) => write_timeline(&timeline, path),
        _ => Ok(()),
    }
}

/// What watches the run, if the command line asks for it.
struct Observers {
    timeline: Option<Rc<Timeline>>,
    live: Option<Live>,
}

impl Observers {
    fn new(options: &Options) -> io::Result<Observers> {
        let timeline = options.timeline.as_ref();
        let timeline = timeline.map(|_| Rc::new(Timeline::with_capacity(options.timeline_last)));
        let live = options.watch.as_ref().map(pizzaiolo_watch::serve).transpose()?;
        if let Some(live) = &live {
            info!("Watch it at http://{}/", live.local_addr());
        }
        Ok(Observers { timeline, live })
    }

    fn are_there(&self) -> bool {
        self.timeline.is_some() || self.live.is_some()
    }
}

impl Observer for Observers {
    fn on_event(&self, event: &Event) {
        if let Some(timeline) = &self.timeline {
            timeline.on_event(event);
        }
        if let Some(live) = &self.live {
            live.on_event(event);
        }
    }
}

/// Goes on with `work`, which never ends, until `stop` is ready.
async fn until<T>(stop: impl Future<Output = T>, work: impl Future) -> T {
    let (mut stop, mut work) = (pin!(stop), pin!(work));
    poll_fn(|cx| {
        let stopped = stop.as_mut().poll(cx);
        if stopped.is_pending() {
            let _ = work.as_mut().poll(cx);
        }
        stopped
    })
    .await
}
