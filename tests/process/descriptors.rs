//! What sockets promise of the descriptors of a process.
#![cfg(target_os = "linux")]

use std::{fs, net::SocketAddr};

use pizzaiolo::net::{TcpListener, TcpStream};

use crate::own_process::{blocking, in_a_process_of_its_own, with_descriptors};
use crate::support::prelude::*;

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
/// makes a future that is never polled).
#[test]
fn descriptors_are_the_same_after_ten_thousand_clients() {
    in_a_process_of_its_own(
        "descriptors::descriptors_are_the_same_after_ten_thousand_clients",
        blocking(async || {
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
                        // Some leave with a reset instead of an orderly end.
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
        }),
    );
}

/// Row "more than 1,024 sockets" (the Python original: `select`).
#[test]
fn more_than_1_024_sockets_wait_at_once() {
    const CLIENTS: usize = 1_500;

    with_descriptors(
        "descriptors::more_than_1_024_sockets_wait_at_once",
        4_000,
        blocking(async || {
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
        }),
    );
}

/// Row "`accept` spins on EMFILE and starves the tasks that would close" (tokio#4782,
/// async-std#658). Even an accept loop that does not back off lets the others work, and goes on
/// when a descriptor is free.
#[test]
fn an_accept_loop_without_descriptors_starves_nobody() {
    /// What Linux says then.
    const EMFILE: i32 = 24;

    with_descriptors(
        "descriptors::an_accept_loop_without_descriptors_starves_nobody",
        64,
        blocking(async || {
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
        }),
    );
}
