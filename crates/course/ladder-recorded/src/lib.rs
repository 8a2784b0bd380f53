//! Runs steps of the ladder, and returns what their executors did, as the data of a replay.
//!
//! The steps are those of `examples/ladder`. The build script puts calls of a `Recorder` between their
//! lines, and changes nothing else. The clients are real ones, over the loopback. So each is a real run
//! of that step's own executor.

mod recorder;

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use recorder::Recorder;

/// Makes a module of a step.
macro_rules! step {
    ($module:ident, $file:literal, $($name:literal),*) => {
        #[allow(dead_code, reason = "its command line")]
        #[allow(clippy::pedantic, reason = "the recorder's calls make its lines long")]
        mod $module {
            include!(concat!(env!("OUT_DIR"), "/", $file));

            pub(super) static RECORDER: crate::Recorder = crate::Recorder::new(
                concat!("examples/ladder/", $file),
                include_str!(concat!("../../../../examples/ladder/", $file)),
                &[$($name),*],
            );

            pub(super) fn serve_at(addr: &str) {
                start(addr).expect("the address is free");
            }
        }
    };
}

step!(step5, "step5_bell.rs", "1st order", "2nd order");
step!(step7, "step7_async_fn.rs", "serve(A)");
step!(step8, "step8_task_queue.rs", "serve(A)", "serve(B)");
step!(step10, "step10_reactor.rs", "accept", "serve(A)", "serve(B)");

/// Runs a step once, and returns what its executor did.
pub type Run = fn() -> io::Result<String>;

/// The steps that can be recorded, by their numbers.
pub const STEPS: [(u32, Run); 4] = [
    (5, || run(&step5::RECORDER, step5::serve_at, alone)),
    (7, || run(&step7::RECORDER, step7::serve_at, for_long)),
    (8, || run(&step8::RECORDER, step8::serve_at, two)),
    (10, || run(&step10::RECORDER, step10::serve_at, two)),
];

#[allow(dead_code, reason = "its command line")]
mod step11 {
    include!(concat!(env!("OUT_DIR"), "/step11_crate.rs"));

    pub(super) async fn serve_at(listener: TcpListener) {
        accept(listener).await;
    }
}

/// Where the compiler has read step 11, and where it stands.
pub const STEP11: (&str, &str) =
    (concat!(env!("OUT_DIR"), "/step11_crate.rs"), "examples/ladder/step11_crate.rs");

/// A moment that is marked.
pub type Mark = (Instant, String);

/// Runs step 11 on an executor, which its observer records, and returns the marks of the run.
///
/// # Errors
///
/// The OS's.
///
/// # Panics
///
/// If the clients' thread panics.
pub fn step11(executor: &pizzaiolo::Executor) -> io::Result<Vec<Mark>> {
    let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?.to_string();
    let (marks, waker) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None::<Waker>)));
    let (marked, at_end) = (Arc::clone(&marks), Arc::clone(&waker));
    // Not `is_finished` of the thread: that is true only some time after the wake.
    let ended = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&ended);
    let clients = thread::spawn(move || {
        let mark =
            |text: &str| marked.lock().expect("no panic").push((Instant::now(), text.into()));
        // Long enough to see each moment by itself. Nothing hangs on it.
        let settle = |_: &str| thread::sleep(Duration::from_millis(30));
        let result = both(&mark, &settle, &addr);
        mark("the end: the clients' thread wakes the server");
        ends.store(true, Ordering::Release);
        at_end.lock().expect("no panic").take().into_iter().for_each(Waker::wake);
        result
    });
    executor.block_on(async {
        let mut server = Box::pin(step11::serve_at(listener));
        std::future::poll_fn(|cx| {
            waker.lock().expect("no panic").replace(cx.waker().clone());
            // After the waker is stored: the end may come at any moment.
            if ended.load(Ordering::Acquire) { Poll::Ready(()) } else { server.as_mut().poll(cx) }
        })
        .await;
    });
    clients.join().expect("the clients do not panic")?;
    Ok(std::mem::take(&mut *marks.lock().expect("no panic")))
}

/// What the clients of a step do.
type Clients = fn(&Recorder, &str) -> io::Result<()>;

/// Starts a step's server on a thread, which never ends, lets clients order, and returns the run. A step
/// can be run once in a process: it has statics.
fn run(recorder: &'static Recorder, serve: fn(&str), clients: Clients) -> io::Result<String> {
    let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let at = addr.clone();
    thread::spawn(move || serve(&at));
    clients(recorder, &addr)?;
    Ok(recorder.run())
}

/// One client of a step that calls `block_on` for each order. (Each client would have a thread and an
/// executor of its own, and the replay shows one.)
fn alone(recorder: &Recorder, addr: &str) -> io::Result<()> {
    one(recorder, addr, &|| {})?;
    recorder.until_ended(2);
    Ok(())
}

/// One client of a step that calls it for each client.
fn for_long(recorder: &Recorder, addr: &str) -> io::Result<()> {
    one(recorder, addr, &|| recorder.until_asleep("serve(A)"))?;
    recorder.until_ended(1);
    Ok(())
}

/// `settle` waits until the future waits.
fn one(recorder: &Recorder, addr: &str, settle: &dyn Fn()) -> io::Result<()> {
    recorder.mark("A connects");
    let mut a = Client::connect(addr)?;
    settle();
    for order in ["1st", "2nd"] {
        recorder.mark(&format!("the {order} order of A"));
        a.order()?;
        settle();
    }
    recorder.mark("A leaves");
    a.leave()
}

fn two(recorder: &Recorder, addr: &str) -> io::Result<()> {
    both(&|text| recorder.mark(text), &|name| recorder.until_asleep(name), addr)?;
    recorder.until_ended(2);
    Ok(())
}

/// The conversation of the table T1 to T7. `settle` waits until the task of this name waits.
fn both(mark: &dyn Fn(&str), settle: &dyn Fn(&str), addr: &str) -> io::Result<()> {
    mark("T1 A connects");
    let mut a = Client::connect(addr)?;
    settle("serve(A)");
    mark("T3 B connects");
    let mut b = Client::connect(addr)?;
    settle("serve(B)");
    for (text, client, name) in
        [("T5 data from A", &mut a, "serve(A)"), ("T7 data from B", &mut b, "serve(B)")]
    {
        mark(text);
        client.order()?;
        settle(name);
    }
    mark("both leave");
    a.leave()?;
    b.leave()
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects as soon as the server listens.
    fn connect(addr: &str) -> io::Result<Client> {
        loop {
            match TcpStream::connect(addr) {
                Ok(stream) => return Ok(Client(BufReader::new(stream))),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn order(&mut self) -> io::Result<()> {
        self.0.get_mut().write_all(b"2\n")?;
        self.0.read_line(&mut String::new()).map(drop)
    }

    /// Closes its half, and waits until the server has closed the other.
    fn leave(mut self) -> io::Result<()> {
        self.0.get_ref().shutdown(Shutdown::Write)?;
        self.0.read_line(&mut String::new()).map(drop)
    }
}
