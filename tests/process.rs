//! What sockets promise that concerns the whole process: descriptors and signals.
//!
//! These tests have a process of their own, and run one at a time in it.
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    io::{self, Read, Write},
    net::{self, SocketAddr},
    process::Command,
    rc::Rc,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use common::bounded;
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, yield_now,
};

/// Lets one test run at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs an async test to its end, alone, and on a thread of its own, so that a hang is a failure.
fn run(test: impl AsyncFnOnce() -> io::Result<()> + Send + 'static) {
    let _alone = alone();
    bounded(move || pizzaiolo::block_on(test()).expect("the test's own I/O works"));
}

/// How many descriptors the process has open.
fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}

/// Serves one client of a server that answers as the pizza server does.
async fn serve(conn: TcpStream) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        match conn.read(&mut order).await? {
            0 => return Ok(()),
            len => conn.write_all(&order[..len]).await?,
        }
    }
}

/// Accepts clients for ever, and serves each in a task.
async fn start(listener: TcpListener) -> io::Result<()> {
    loop {
        let (conn, _) = listener.accept().await?;
        drop(spawn(serve(conn)));
    }
}

/// Row "a socket is leaked for every client that leaves" (the Python original: `conn.close()`
/// makes a future that nobody drives).
#[test]
fn descriptors_are_the_same_after_ten_thousand_clients() {
    run(async || {
        let listener = TcpListener::bind("0.0.0.0:0")?;
        let port = listener.local_addr()?.port();
        let server = spawn(start(listener));
        let before = descriptors()?;
        for round in 0..200 {
            let mut clients = Vec::new();
            for client in 1..=50 {
                // All of 127 is this machine. With many addresses, the ports that wait for the
                // end of a connection to be forgotten never run out.
                let addr = SocketAddr::from(([127, 0, round, client], port));
                clients.push(spawn(async move {
                    let stream = TcpStream::connect(addr).await?;
                    stream.write_all(b"1").await?;
                    let len = stream.read(&mut [0; 8]).await?;
                    assert_eq!(len, 1);
                    // Some leave without a word of farewell.
                    if client % 5 == 0 {
                        let linger = Some(Duration::ZERO);
                        socket2::SockRef::from(&stream).set_linger(linger)?;
                    }
                    io::Result::Ok(())
                }));
            }
            for client in clients {
                client.await??;
            }
        }
        // The server hears of the last farewells in its own time.
        while descriptors()? != before {
            yield_now().await;
        }
        server.abort();
        Ok(())
    });
}

/// Runs a test in a process of its own, which may have so many descriptors open.
fn with_limit(
    name: &str,
    descriptors: u32,
    test: impl AsyncFnOnce() -> io::Result<()> + Send + 'static,
) {
    const INSIDE: &str = "PIZZAIOLO_TEST_HAS_ITS_LIMIT";
    const REFUSED: i32 = 77;

    if std::env::var_os(INSIDE).is_some() {
        return run(test);
    }
    let _alone = alone();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -n {descriptors} || exit {REFUSED}; exec \"$@\""))
        .arg("sh")
        .arg(std::env::current_exe().expect("the test's own path"))
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("a shell");
    if output.status.code() == Some(REFUSED) {
        println!("skipped: the limit of descriptors cannot be set to {descriptors}");
        return;
    }
    let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", lossy(&output.stdout), lossy(&output.stderr));
    assert!(lossy(&output.stdout).contains("1 passed"), "the test has another name");
}

/// Row "more than 1,024 sockets" (the Python original: `select`).
#[test]
fn more_than_1_024_sockets_wait_at_once() {
    const CLIENTS: usize = 1_500;

    with_limit("more_than_1_024_sockets_wait_at_once", 4_000, async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let server = spawn(start(listener));
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(Rc::new(TcpStream::connect(addr).await?));
        }
        // All wait at once, on both sides.
        let waiting: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = Rc::clone(client);
                spawn(async move { client.read(&mut [0; 8]).await })
            })
            .collect();
        while descriptors()? < 2 * CLIENTS {
            yield_now().await;
        }
        for client in clients.iter().rev() {
            client.write_all(b"1").await?;
        }
        for client in waiting {
            assert_eq!(client.await??, 1);
        }
        server.abort();
        Ok(())
    });
}

/// Row "`accept` spins on EMFILE and starves the tasks that would close" (tokio#4782,
/// async-std#658). Even an accept loop that does not back off lets the others work, and goes on
/// when a descriptor is free.
#[test]
fn an_accept_loop_without_descriptors_starves_nobody() {
    /// What Linux says then.
    const EMFILE: i32 = 24;

    with_limit("an_accept_loop_without_descriptors_starves_nobody", 64, async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let first = spawn(TcpStream::connect(addr));
        // The listener has to wait, so it is watched from here on.
        let (conn, _) = listener.accept().await?;
        let first = first.await??;
        let served = spawn(serve(conn));
        let _second = TcpStream::connect(addr).await?;

        let mut hoard = Vec::new();
        let error = loop {
            match fs::File::open("/dev/null") {
                Ok(file) => hoard.push(file),
                Err(error) => break error,
            }
        };
        assert_eq!(error.raw_os_error(), Some(EMFILE));
        let acceptor = spawn(async move {
            let mut refused = 0;
            loop {
                match listener.accept().await {
                    Ok(_) => return refused,
                    Err(error) => assert_eq!(error.raw_os_error(), Some(EMFILE)),
                }
                refused += 1;
            }
        });
        // Longer than it takes until all that is known of the listener is forgotten.
        for _ in 0..10 {
            first.write_all(b"1").await?;
            assert_eq!(first.read(&mut [0; 8]).await?, 1);
        }
        assert!(!acceptor.is_finished(), "there was no descriptor");
        drop(hoard);
        assert!(acceptor.await? > 0);
        served.abort();
        Ok(())
    });
}

/// Sends each line that the library logs to who listens.
struct Lines(Mutex<Option<Sender<String>>>);

static LINES: Lines = Lines(Mutex::new(None));

impl Lines {
    fn listener(&self) -> MutexGuard<'_, Option<Sender<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(listener) = &*self.listener() {
            // It listens no more when it has heard enough.
            let _ = listener.send(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// Waits until the executor of the thread that calls this is parked, and lets a signal end its
/// system call. Then it calls `then`, all on another thread.
///
/// Without a handler, which would need `unsafe` or another crate, a signal ends a system call
/// only if it stops the process and the next one lets it go on; `epoll_wait` is one of those calls
/// (see signal(7)).
fn interrupt_the_next_park(
    then: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<thread::JoinHandle<io::Result<()>>> {
    let (listener, lines) = mpsc::channel();
    if log::set_logger(&LINES).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
    LINES.listener().replace(listener);
    let waits = fs::read_link("/proc/thread-self")?;
    let sleeps = move || -> io::Result<bool> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", waits.display()))?;
        // The state comes after the name, which is in parentheses.
        Ok(stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')))
    };
    Ok(thread::spawn(move || {
        while !lines.recv().is_ok_and(|line| line.starts_with("executor: parked")) {}
        loop {
            while !sleeps()? {
                thread::yield_now();
            }
            let kill = format!("kill -STOP {0}; kill -CONT {0}", std::process::id());
            Command::new("sh").arg("-c").arg(kill).status()?;
            // If the system call had not begun yet, nothing was interrupted.
            if let Ok(line) = lines.recv_timeout(Duration::from_millis(200)) {
                assert_eq!(line, "executor: unparked", "nothing was ready");
                break;
            }
        }
        let line = lines.recv().expect("the executor goes on");
        assert!(line.starts_with("executor: parked"), "{line}");
        LINES.listener().take();
        then()
    }))
}

/// Row "EINTR ends the wait" (mio's poll): a socket is waited for again.
#[test]
fn a_signal_does_not_end_the_wait_for_a_socket() {
    run(async || {
        let listener = net::TcpListener::bind("127.0.0.1:0")?;
        let mut peer = net::TcpStream::connect(listener.local_addr()?)?;
        let stream = TcpStream::try_from(listener.accept()?.0)?;
        // The event that says so comes now, and not later.
        stream.writable().await?;
        let other = interrupt_the_next_park(move || {
            peer.write_all(b"!")?;
            peer.read(&mut [0]).map(drop)
        })?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        drop(stream);
        other.join().expect("no panic")
    });
}

/// Row "EINTR ends the wait" (mio's poll): the deadline is kept.
#[test]
fn a_signal_does_not_end_the_wait_for_a_deadline() {
    run(async || {
        let (done, end) = mpsc::channel();
        let other = interrupt_the_next_park(move || {
            done.send(()).expect("it is not over yet");
            Ok(())
        })?;
        let before = Instant::now();
        let wait = Duration::from_secs(1);
        pizzaiolo::time::sleep(wait).await;
        assert!(before.elapsed() >= wait);
        match end.try_recv() {
            Ok(()) => other.join().expect("no panic")?,
            // On a machine so slow, it was over before it could be interrupted.
            Err(_) => println!("skipped: the interruption came too late"),
        }
        Ok(())
    });
}
