//! The executor driven by another loop, for example that of a GUI or a game.
//!
//! The loop of the host has its own source of events: keys that a person presses (here a thread).
//! It waits for that source and for the descriptor of the executor, until the next deadline of the
//! executor at most. Then it polls a limited number of tasks, so that a task that always wakes
//! itself cannot freeze the host. While nothing happens, the host sleeps in the OS and uses no
//! processor time.
//!
//! Run it with `cargo run --example embedded`. It prints:
//!
//! ```text
//! host: key 1
//! task: key 1 is saved
//! host: key 2
//! task: key 2 is saved
//! host: key 3
//! task: key 3 is saved
//! task: a timer has fired
//! task: a reply has come through a socket
//! host: good bye
//! ```

#[cfg(not(unix))]
fn main() {
    println!(
        "On this platform the executor has no descriptor: call `Executor::tick` in each round of the host's loop."
    );
}

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    host::main()
}

#[cfg(unix)]
mod host {
    use std::{
        io::{self, Read, Write},
        os::fd::AsRawFd,
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use mio::{Events, Interest, Poll, Token, unix::SourceFd, unix::pipe};
    use pizzaiolo::{
        Executor, JoinHandle,
        net::{TcpListener, TcpStream},
        time, yield_now,
    };

    const KEYS: Token = Token(0);
    const EXECUTOR: Token = Token(1);

    /// How many tasks are polled at most before the host does its own work again.
    const TURNS: usize = 100;

    pub(super) fn main() -> io::Result<()> {
        let executor = Executor::new()?;
        let (saved, wait_until_saved) = mpsc::channel();
        let (sender, mut keys) = pipe::new()?;
        let person = thread::spawn(move || press_keys(sender, &wait_until_saved));
        let spinner = executor.spawn(async {
            loop {
                yield_now().await; // it is always ready
            }
        });

        let mut poll = Poll::new()?;
        poll.registry().register(&mut keys, KEYS, Interest::READABLE)?;
        let fd = executor.reactor().as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), EXECUTOR, Interest::READABLE)?;
        let mut events = Events::with_capacity(16);
        let mut rest = None;
        loop {
            // mio reports an edge once. A new registration reports whether it is readable now.
            poll.registry().reregister(&mut SourceFd(&fd), EXECUTOR, Interest::READABLE)?;
            let deadline = executor.reactor().next_deadline();
            let timeout = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            poll.poll(&mut events, timeout)?;
            // The host's own work: a callback, which spawns a task.
            let mut key = [0];
            while let Ok(1) = keys.read(&mut key) {
                let (key, saved) = (key[0], saved.clone());
                println!("host: key {key}");
                executor
                    .spawn(async move {
                        time::sleep(Duration::from_millis(1)).await; // it takes a while
                        println!("task: key {key} is saved");
                        let _ = saved.send(());
                    })
                    .detach();
                if key == 3 {
                    // From here on no task is always ready, so the host sleeps.
                    spinner.abort();
                    rest = Some(executor.spawn(a_timer_and_a_socket()));
                }
            }
            for _ in 0..TURNS {
                if !executor.tick() {
                    break;
                }
            }
            if rest.as_ref().is_some_and(JoinHandle::is_finished) {
                break;
            }
        }
        println!("host: good bye");
        person.join().expect("the person does not panic")
    }

    /// Presses three keys. Each waits until the key before it is saved.
    fn press_keys(mut sender: pipe::Sender, saved: &mpsc::Receiver<()>) -> io::Result<()> {
        for key in 1..=3 {
            sender.write_all(&[key])?;
            let _ = saved.recv();
        }
        Ok(())
    }

    async fn a_timer_and_a_socket() {
        time::sleep(Duration::from_millis(20)).await;
        println!("task: a timer has fired");
        match reply().await {
            Ok(()) => println!("task: a reply has come through a socket"),
            Err(error) => println!("task: no reply: {error}"),
        }
    }

    async fn reply() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let server = pizzaiolo::spawn(async move {
            let (stream, _) = listener.accept().await?;
            stream.write_all(b"Thank you!").await
        });
        client.read_exact(&mut [0; 10]).await?;
        server.await?
    }
}
