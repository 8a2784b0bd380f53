//! A program that runs is shown while it runs, to any number of browsers, and never waits for them.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pizzaiolo::{Executor, task, time, trace::Observer, yield_now};
use pizzaiolo_watch::serve;
use serde_json::Value;

/// Only something that hangs takes as long.
const HANGS: Duration = Duration::from_secs(60);

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    stream.set_write_timeout(Some(HANGS)).unwrap();
    stream
}

/// What comes in answer to these bytes.
fn answer(addr: SocketAddr, request: &str) -> String {
    let mut stream = connect(addr);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(addr: SocketAddr, path: &str) -> String {
    answer(addr, &format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n\r\n"))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

/// A browser that reads the events.
struct Browser(BufReader<TcpStream>);

impl Browser {
    fn open(addr: SocketAddr) -> Browser {
        let mut stream = connect(addr);
        write!(stream, "GET /events HTTP/1.1\r\nHost: {addr}\r\n\r\n").unwrap();
        let mut browser = Browser(BufReader::new(stream));
        while !browser.line().is_empty() {}
        browser
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next event's name and data; `None` at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(word) = line.strip_prefix("event: ") {
                word.trim_end().clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// Reads on until a task of this name is there.
    fn wait_for_task(&mut self, name: &str) {
        loop {
            let (_, data) = self.next().expect("the stream goes on");
            if data["tasks"].as_array().unwrap().iter().any(|task| task["name"] == name) {
                return;
            }
        }
    }

    /// Reads on until an event of this kind is there, and returns it.
    fn wait_for_event(&mut self, word: &str) -> Value {
        loop {
            let (_, data) = self.next().expect("the stream goes on");
            if let Some(event) = data["events"].as_array().unwrap().iter().find(|it| it[1] == word)
            {
                return event.clone();
            }
        }
    }
}

fn watched() -> (SocketAddr, Executor) {
    let live = serve("127.0.0.1:0").unwrap();
    (live.local_addr(), Executor::builder().observer(live).build().unwrap())
}

#[test]
fn the_page_is_served_whole_and_may_be_embedded_or_read_by_no_other_site() {
    let (addr, _executor) = watched();
    let page = get(addr, "/");
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("text/html"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert!(body.starts_with("<!doctype html>") && body.trim_end().ends_with("</html>"));
    assert!(head.contains("X-Frame-Options: DENY"), "{head}");
    assert!(!head.to_lowercase().contains("access-control"), "{head}");
}

#[test]
fn a_task_that_is_spawned_appears_in_an_open_browser() {
    let (addr, executor) = watched();
    let mut browser = Browser::open(addr);
    let (name, begins) = browser.next().unwrap();
    assert_eq!((name.as_str(), begins["events"].as_array().unwrap().len()), ("run", 0));
    executor.block_on(async {
        task::Builder::new().name("margherita").spawn(yield_now()).await.unwrap();
    });
    browser.wait_for_task("margherita");
}

#[test]
fn a_browser_that_comes_later_gets_all_that_was_and_then_what_comes() {
    let (addr, executor) = watched();
    let spawn = |name: &'static str| {
        executor.block_on(async move {
            task::Builder::new().name(name).spawn(yield_now()).await.unwrap();
        });
    };
    spawn("first");
    Browser::open(addr).wait_for_task("first");
    let mut late = Browser::open(addr);
    let (name, run) = late.next().unwrap();
    assert_eq!(name, "run");
    let tasks = run["tasks"].as_array().unwrap();
    assert!(tasks.iter().any(|task| task["name"] == "first"), "{tasks:?}");
    spawn("second");
    late.wait_for_task("second");
}

#[test]
fn a_task_that_blocks_its_thread_is_seen_in_its_poll() {
    let (addr, executor) = watched();
    let mut browser = Browser::open(addr);
    // The thread is kept until the browser has seen that the poll has begun.
    executor.block_on(async { assert_eq!(browser.wait_for_event("poll")[1], "poll") });
}

#[test]
fn a_request_for_another_host_is_forbidden() {
    let (addr, _executor) = watched();
    for path in ["/", "/events"] {
        let other = answer(
            addr,
            &format!("GET {path} HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", addr.port()),
        );
        assert_eq!(status(&other), "403");
        assert!(other.ends_with("\r\n\r\n"), "nothing more: {other}");
    }
    let local = answer(addr, &format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", addr.port()));
    assert_eq!(status(&local), "200");
}

#[test]
fn only_get_is_answered_and_only_two_paths_are_there() {
    let (addr, _executor) = watched();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"] {
        let answer = answer(addr, &format!("{method} / HTTP/1.1\r\nHost: {addr}\r\n\r\n"));
        assert_eq!(status(&answer), "405", "{method}");
    }
    for path in ["/favicon.ico", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "//"] {
        assert_eq!(status(&get(addr, path)), "404", "{path}");
    }
}

#[test]
fn a_bad_request_and_an_endless_one_get_their_400_and_nothing_more() {
    let (addr, _executor) = watched();
    let bad = [
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nnonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ];
    for request in bad {
        let answer = answer(addr, request);
        assert_eq!(status(&answer), "400", "{request:?}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
    let mut stream = connect(addr);
    let mut reader = stream.try_clone().unwrap();
    let writing = thread::spawn(move || {
        stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        // Until the other side has enough of it.
        while stream.write_all(b"X-More: and more\r\n").is_ok() {}
    });
    let mut answer = Vec::new();
    match reader.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(status(&answer), "400");
    drop(reader);
    writing.join().unwrap();
}

#[test]
fn a_request_that_ends_too_early_does_no_harm() {
    let (addr, _executor) = watched();
    for part in ["", "GET", "GET / HTTP/1.1\r\nHost:"] {
        let mut stream = connect(addr);
        stream.write_all(part.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(answer, b"", "{part}");
    }
    assert_eq!(status(&get(addr, "/")), "200");
}

#[test]
fn a_flood_is_dropped_and_counted_and_the_watched_one_never_waits() {
    let live = serve("127.0.0.1:0").unwrap();
    let addr = live.local_addr();
    let mut browser = Browser::open(addr);
    let executor = Executor::builder().observer(live).build().unwrap();
    let begin = Instant::now();
    executor.block_on(async {
        for _ in 0..300_000 {
            yield_now().await;
        }
    });
    assert!(begin.elapsed() < HANGS);
    let gap = browser.wait_for_event("gap");
    assert!(gap[3].as_u64().unwrap() > 0, "{gap}");
}

#[test]
fn a_hundred_browsers_are_served_and_those_that_never_read_hold_up_nobody() {
    let (addr, executor) = watched();
    let _deaf: Vec<_> = (0..50).map(|_| Browser::open(addr)).collect();
    let mut browsers: Vec<_> = (0..50).map(|_| Browser::open(addr)).collect();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let reading = thread::spawn(move || {
        for browser in &mut browsers {
            browser.wait_for_task("last");
        }
        over.store(true, Ordering::SeqCst);
    });
    executor.block_on(async {
        // More than the buffers of those that do not read can hold.
        for _ in 0..100_000 {
            yield_now().await;
        }
        while !is_over.load(Ordering::SeqCst) && !reading.is_finished() {
            task::Builder::new().name("last").spawn(yield_now()).await.unwrap();
            time::sleep(Duration::from_millis(10)).await;
        }
    });
    reading.join().unwrap();
}

#[test]
fn the_page_goes_away_with_the_observer() {
    let (addr, executor) = watched();
    let mut browser = Browser::open(addr);
    executor.block_on(async {
        task::Builder::new().name("last").spawn(yield_now()).await.unwrap();
    });
    drop(executor);
    browser.wait_for_task("last");
    while browser.next().is_some() {}
    // The thread has ended, and with it the listener.
    let begin = Instant::now();
    while TcpStream::connect(addr).is_ok() {
        assert!(begin.elapsed() < HANGS, "it still listens");
        thread::yield_now();
    }
}

fn is_observer<O: Observer>(_: &O) {}

#[test]
fn an_address_that_is_taken_is_the_callers_error() {
    let first = serve("127.0.0.1:0").unwrap();
    assert_eq!(serve(first.local_addr()).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert!(format!("{first:?}").contains("127.0.0.1"));
    is_observer(&first);
}
