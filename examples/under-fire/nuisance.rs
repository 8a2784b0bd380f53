//! Clients that misbehave, in a process of their own.

use std::{
    env,
    io::{self, ErrorKind, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use pizzaiolo::{spawn, time::sleep};

use crate::clients::{Tally, deaf, flood, hundred_megabytes, slow_reader, trickle};

/// The first argument of the process that runs one.
pub(crate) const ARGUMENT: &str = "--nuisance";

/// After this time the buffers of the clients that do not read are full.
const WARM_UP: Duration = Duration::from_secs(2);

/// Spawns the tasks of one.
type Spawn = fn(SocketAddr, &Rc<Tally>);

/// All of them, with their names.
pub(crate) const ALL: [(&str, Spawn); 6] = [
    ("none", |_, _| {}),
    ("10 that never read", |addr, tally| spread(10, || deaf(addr, Rc::clone(tally)))),
    ("10 that read 16 bytes in 50 ms", |addr, tally| {
        spread(10, || slow_reader(addr, Rc::clone(tally)));
    }),
    ("10 that send a byte a second", |addr, tally| {
        spread(10, || trickle(addr, Rc::clone(tally)));
    }),
    ("1 that floods without a pause", |addr, tally| spread(1, || flood(addr, Rc::clone(tally)))),
    ("1 that sends 100 MB, again and again", |addr, tally| {
        let tally = Rc::clone(tally);
        spread(1, move || {
            let tally = Rc::clone(&tally);
            async move {
                loop {
                    hundred_megabytes(addr, Rc::clone(&tally)).await?;
                }
            }
        });
    }),
];

fn spread<F: Future<Output = io::Result<()>> + 'static>(count: usize, client: impl Fn() -> F) {
    for _ in 0..count {
        spawn(client()).detach();
    }
}

/// Runs the nuisance of this number until stdin ends. Then it says how many replies it got.
pub(crate) fn run(number: usize, addr: SocketAddr) {
    let over = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&over);
    thread::spawn(move || {
        let _ = io::stdin().read(&mut [0]);
        end.store(true, Ordering::Relaxed);
    });
    pizzaiolo::block_on(async {
        let tally = Rc::new(Tally::default());
        ALL[number].1(addr, &tally);
        // Looking for the end now and then is the least trouble.
        while !over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(tally.wrong.get(), 0, "wrong replies");
        println!("{}", tally.orders.get());
    });
}

/// The process of a nuisance. It ends when this is dropped.
pub(crate) struct Nuisance(Child);

impl Nuisance {
    /// Starts it, and waits until it misbehaves.
    ///
    /// A real nuisance would come from another machine. So this one must not take processor time from
    /// the server: with `chrt`, if it is installed, it runs only while no other process does.
    pub(crate) fn start(number: usize, addr: SocketAddr) -> Nuisance {
        let program = env::current_exe().expect("the program's own path");
        let mut last = Command::new("chrt");
        last.args(["--idle", "0"]).arg(&program);
        let start = |mut command: Command| {
            command.args([ARGUMENT, &number.to_string(), &addr.to_string()]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        };
        let process = match start(last) {
            Err(error) if error.kind() == ErrorKind::NotFound => start(Command::new(program)),
            started => started,
        };
        thread::sleep(WARM_UP);
        Nuisance(process.expect("a process"))
    }

    /// Ends it. Returns how many replies it got.
    pub(crate) fn end(self) -> u64 {
        let output = self.0.wait_with_output().expect("it is ours");
        assert!(output.status.success(), "it has failed");
        let replies = String::from_utf8(output.stdout).expect("text");
        replies.trim().parse().expect("a number")
    }
}
