//! The run of the table T1 to T7, for tests and for the replay of it: the pizza server and two clients, one
//! of which acts at a time. It needs the server's modules at the root of the crate that it is a part of.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    pin::pin,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor, TaskId,
    net::TcpListener,
    trace::{Cause, Direction, Event, EventKind, Observer},
};
use pizzaiolo_watch::Timeline;

use crate::{
    connections::{Connections, Freed},
    server::Server,
};

/// Only something that hangs takes as long.
const HANGS: Duration = Duration::from_secs(60);

/// What is reported to the clients of the server, so that each acts when it is its turn.
#[derive(PartialEq, Debug)]
enum Report {
    Listening(SocketAddr),
    /// The task of this name waits for a socket.
    Waits(String),
    Ends(String),
}

/// Passes the events on to the timeline, and the reports to the clients. When the last client has
/// left and the server sleeps, the story is over: it ends the server, and records no more.
struct Watch {
    timeline: Rc<Timeline>,
    reports: Sender<Report>,
    names: RefCell<HashMap<TaskId, String>>,
    clients_left: Cell<usize>,
    end: Arc<End>,
}

/// Ends the server.
struct End {
    is_over: AtomicBool,
    server: Mutex<Waker>,
}

impl End {
    fn now(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.server.lock().unwrap().wake_by_ref();
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

impl Watch {
    fn tell(&self, report: Report) {
        self.reports.send(report).expect("the clients stay to the end");
    }

    fn name(&self, event: &Event) -> String {
        let names = self.names.borrow();
        let name = event.task().and_then(|task| names.get(&task)).cloned();
        name.unwrap_or_else(|| "root".to_owned())
    }
}

impl Observer for Watch {
    fn on_event(&self, event: &Event) {
        if self.end.is_over() {
            return;
        }
        self.timeline.on_event(event);
        match event.kind() {
            EventKind::Spawned { name: Some(name), .. } => {
                let task = event.task().expect("what is spawned is a task");
                self.names.borrow_mut().insert(task, name.to_string());
            }
            EventKind::Registered { label, .. } => {
                if let Some(addr) = label.strip_prefix("tcp listener at ") {
                    self.tell(Report::Listening(
                        addr.parse().expect("the label ends in an address"),
                    ));
                }
            }
            EventKind::Waiting { .. } => self.tell(Report::Waits(self.name(event))),
            EventKind::Finished => {
                self.clients_left.set(self.clients_left.get() - 1);
                self.tell(Report::Ends(self.name(event)));
            }
            EventKind::Parked { .. } if self.clients_left.get() == 0 => {
                self.end.now();
            }
            _ => {}
        }
    }
}

/// One client at a time does one thing, and then both wait for the server to have done its part.
struct Clients {
    reports: Receiver<Report>,
    /// A pause before each step, so that a picture has gaps as people make them.
    pause: Duration,
    end: Arc<End>,
}

/// Clients that fail end the server: the test fails then, and does not hang.
impl Drop for Clients {
    fn drop(&mut self) {
        if thread::panicking() {
            self.end.now();
        }
    }
}

impl Clients {
    fn hear(&self) -> Report {
        self.reports.recv_timeout(HANGS).expect("the server goes on")
    }

    fn wait_for(&self, report: &Report) {
        while self.hear() != *report {}
        thread::sleep(self.pause);
    }

    fn connect(&self, addr: SocketAddr) -> (TcpStream, String) {
        let client = TcpStream::connect(addr).unwrap();
        client.set_read_timeout(Some(HANGS)).unwrap();
        let task = format!("serve {}", client.local_addr().unwrap());
        self.wait_for(&Report::Waits(task.clone()));
        (client, task)
    }

    fn order(&self, (client, task): &(TcpStream, String), pizzas: u32) {
        // In one write: what is read at once is one order.
        (&*client).write_all(format!("{pizzas}\n").as_bytes()).unwrap();
        let mut reply = String::new();
        BufReader::new(client).read_line(&mut reply).unwrap();
        assert_eq!(reply, format!("Thank you for ordering {pizzas} pizzas!\n"));
        self.wait_for(&Report::Waits(task.clone()));
    }

    fn leave(&self, (client, task): (TcpStream, String)) {
        drop(client);
        self.wait_for(&Report::Ends(task));
    }

    /// Returns the names of the two serve tasks.
    fn run(&self) -> [String; 2] {
        let addr = match self.hear() {
            Report::Listening(addr) => addr,
            other => panic!("a server that listens says so first, not {other:?}"),
        };
        self.wait_for(&Report::Waits("root".to_owned()));
        let a = self.connect(addr);
        let b = self.connect(addr);
        self.order(&a, 2);
        self.order(&b, 3);
        let names = [a.1.clone(), b.1.clone()];
        self.leave(a);
        self.leave(b);
        names
    }
}

/// The run of the table, and the names of the tasks that serve A and B.
pub(crate) fn run(pause: Duration) -> (Rc<Timeline>, [String; 2]) {
    let (sender, reports) = mpsc::channel();
    let end = Arc::new(End {
        is_over: AtomicBool::new(false),
        server: Mutex::new(Waker::noop().clone()),
    });
    let clients = Clients { reports, pause, end: Arc::clone(&end) };
    let clients = thread::spawn(move || clients.run());
    let timeline = Rc::new(Timeline::new());
    let watch = Rc::new(Watch {
        timeline: Rc::clone(&timeline),
        reports: sender,
        names: RefCell::default(),
        clients_left: Cell::new(2),
        end: Arc::clone(&end),
    });
    let executor = Executor::builder().observer(Rc::clone(&watch)).build().unwrap();
    executor.block_on(async {
        let server_socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let connections = Rc::new(Connections::new(9, None, Freed::default()));
        let server = Server { server_socket, connections, tasks: RefCell::default() };
        let mut server = pin!(server.start());
        poll_fn(|cx| {
            end.server.lock().unwrap().clone_from(cx.waker());
            if end.is_over() { Poll::Ready(()) } else { server.as_mut().poll(cx) }
        })
        .await;
    });
    (timeline, clients.join().unwrap())
}

/// The table: the rows that have a name are the original's.
const TABLE: [(&str, Who, What); 9] = [
    ("T1 A connects", Who::Root, What::Woken),
    ("", Who::A, What::Spawned),
    ("T2 serve(A) waits", Who::A, What::Waits),
    ("T3 B connects", Who::Root, What::Woken),
    ("", Who::B, What::Spawned),
    ("T4 serve(B) waits", Who::B, What::Waits),
    ("T5 data from A", Who::A, What::Woken),
    ("T6 serve(A) waits", Who::A, What::Waits),
    ("T7 data from B", Who::B, What::Woken),
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Who {
    /// The future of `block_on`, which accepts.
    Root,
    A,
    B,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum What {
    Spawned,
    /// For something to read.
    Waits,
    /// By the reactor, for there is something to read.
    Woken,
}

/// What of an event is in the table.
fn row(
    event: &Event,
    names: &[String; 2],
    clients: &mut HashMap<TaskId, Who>,
) -> Option<(Who, What)> {
    let task = event.task()?;
    let what = match event.kind() {
        EventKind::Spawned { name: Some(name), .. } => {
            let who = if **name == *names[0] { Who::A } else { Who::B };
            clients.insert(task, who);
            What::Spawned
        }
        EventKind::Waiting { direction: Direction::Read, .. } => What::Waits,
        EventKind::Woken { by: Cause::Source(_, Direction::Read), .. } => What::Woken,
        _ => return None,
    };
    Some((clients.get(&task).copied().unwrap_or(Who::Root), what))
}

/// Where each row of the table is among the events.
fn places(events: &[Event], names: &[String; 2]) -> Vec<usize> {
    let mut clients = HashMap::new();
    // That the acceptor waits again is no row, and where it does so does not matter.
    let rows = events.iter().enumerate().filter_map(|(place, event)| {
        row(event, names, &mut clients)
            .filter(|row| *row != (Who::Root, What::Waits))
            .map(|row| (place, row))
    });
    let (places, rows): (Vec<usize>, Vec<_>) = rows.take(TABLE.len()).unzip();
    assert_eq!(rows, TABLE.map(|(_, who, what)| (who, what)));
    places
}

/// Checks that the events are the table's, and marks its rows in the timeline.
pub(crate) fn mark(timeline: &Timeline, names: &[String; 2]) {
    let events = timeline.events();
    for (place, (text, ..)) in places(&events, names).into_iter().zip(TABLE) {
        if !text.is_empty() {
            timeline.mark(events[place].when(), text);
        }
    }
}
