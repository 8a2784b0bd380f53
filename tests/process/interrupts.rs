//! A signal that ends a system call does not end a wait.
#![cfg(target_os = "linux")]

use std::{fs, net, process::Command};

use pizzaiolo::net::TcpStream;

use crate::own_process::{blocking, in_a_process_of_its_own};
use crate::support::prelude::*;

/// Waits until the executor of the thread that calls this is parked, and lets a signal end its
/// system call. Then it calls `then`, all on another thread.
///
/// Without a handler, which would need `unsafe` or another crate, a signal ends a system call
/// only if it stops the process and the next one lets it go on; `epoll_wait` is one of those calls
/// (see signal(7)).
fn interrupt_the_next_park(
    then: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<thread::JoinHandle<io::Result<()>>> {
    let (tell, lines) = mpsc::channel();
    on_log(log::LevelFilter::Trace, move |_, line| {
        // The receiver is gone when enough was heard.
        let _ = tell.send(line.to_owned());
    });
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
        then()
    }))
}

/// Row "EINTR ends the wait" (mio's poll): the task waits for its socket again.
#[test]
fn a_signal_does_not_end_the_wait_for_a_socket() {
    in_a_process_of_its_own(
        "interrupts::a_signal_does_not_end_the_wait_for_a_socket",
        blocking(async || {
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
        }),
    );
}

/// Row "EINTR ends the wait" (mio's poll): the deadline is kept.
#[test]
fn a_signal_does_not_end_the_wait_for_a_deadline() {
    in_a_process_of_its_own(
        "interrupts::a_signal_does_not_end_the_wait_for_a_deadline",
        blocking(async || {
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
        }),
    );
}
