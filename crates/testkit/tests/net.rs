//! What the network in memory does: streams, time, faults.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Shutdown},
    rc::Rc,
    time::Duration,
};

use futures_util::{AsyncReadExt, AsyncWriteExt};
use pizzaiolo::{Executor, spawn, time, yield_now};
use pizzaiolo_testkit::{
    explore,
    net::{Network, TcpStream},
};

/// Runs a future with a paused clock, and returns how much time has passed on it.
fn run<F: Future<Output = io::Result<()>>>(future: F) -> Duration {
    let executor = Executor::builder().paused_clock(true).build().unwrap();
    executor.block_on(async {
        let start = time::now();
        // With a paused clock, only what would hang takes an hour.
        time::timeout(Duration::from_secs(3600), future).await.expect("it hangs").unwrap();
        time::now() - start
    })
}

/// Both ends of a connection: the client's, and the server's.
async fn pair(network: &Network) -> io::Result<(TcpStream, TcpStream)> {
    let listener = network.bind("10.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let client = network.connect(addr).await?;
    let (server, peer) = listener.accept().await?;
    assert_eq!((peer, server.local_addr()?), (client.local_addr()?, client.peer_addr()?));
    Ok((client, server))
}

async fn read_to_end(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let (mut all, mut buf) = (Vec::new(), [0; 64]);
    loop {
        match stream.read(&mut buf).await? {
            0 => return Ok(all),
            len => all.extend_from_slice(&buf[..len]),
        }
    }
}

#[test]
fn what_is_written_is_read_on_the_other_side_and_then_the_end() {
    run(async {
        let (client, server) = pair(&Network::new()).await?;
        client.write_all(b"two pizzas").await?;
        server.write_all(b"thank you").await?;
        client.shutdown(Shutdown::Write)?;
        assert_eq!(read_to_end(&server).await?, b"two pizzas");
        assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        drop(server);
        assert_eq!(read_to_end(&client).await?, b"thank you");
        Ok(())
    });
}

#[test]
fn a_free_port_refuses_and_a_port_that_is_taken_is_in_use() {
    run(async {
        let network = Network::new();
        let error = network.connect("10.0.0.1:80").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let listener = network.bind("10.0.0.1:80")?;
        assert_eq!(network.bind("10.0.0.1:80").unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(listener);
        network.bind("10.0.0.1:80").map(drop)
    });
}

#[test]
fn a_connection_that_was_not_accepted_is_reset_with_its_listener() {
    run(async {
        let network = Network::new();
        let listener = network.bind("10.0.0.1:80")?;
        let client = network.connect("10.0.0.1:80").await?;
        drop(listener);
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
fn what_came_before_a_reset_is_read_and_then_the_error() {
    run(async {
        let (client, server) = pair(&Network::new()).await?;
        client.write_all(b"order").await?;
        client.reset();
        server.read_exact(&mut [0; 5]).await?;
        let error = server.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(server.write(b"thanks").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn an_end_that_is_dropped_with_bytes_to_read_resets_the_connection() {
    run(async {
        let (client, server) = pair(&Network::new()).await?;
        client.write_all(b"order").await?;
        drop(server);
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
fn a_write_to_an_end_that_is_gone_is_answered_by_a_reset() {
    run(async {
        let network = Network::new().latency(Duration::from_millis(10));
        let (client, server) = pair(&network).await?;
        drop(server);
        client.write_all(b"order").await?;
        time::sleep(Duration::from_millis(19)).await;
        client.write_all(b"order").await?;
        time::sleep(Duration::from_millis(1)).await;
        assert_eq!(client.write(b"order").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn a_reset_ends_the_write_that_waits_for_room() {
    run(async {
        let network = Network::new().capacity(4).latency(Duration::from_millis(10));
        let (client, server) = pair(&network).await?;
        let writer = spawn(async move { client.write_all(b"12345").await });
        yield_now().await;
        server.reset();
        assert_eq!(writer.await?.unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn bytes_on_the_way_to_an_end_that_goes_are_answered_by_a_reset() {
    run(async {
        let network = Network::new().latency(Duration::from_millis(10));
        let (client, server) = pair(&network).await?;
        client.write_all(b"late").await?;
        drop(server);
        assert_eq!(read_to_end(&client).await?, b"");
        time::sleep(Duration::from_millis(10)).await;
        assert_eq!(client.write(b"later").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn a_read_that_waits_is_woken_by_bytes_by_the_end_and_by_a_reset() {
    run(async {
        let (client, server) = pair(&Network::new()).await?;
        let (other, resets) = pair(&Network::new()).await?;
        let reads = spawn(async move { read_to_end(&client).await });
        let fails = spawn(async move { read_to_end(&other).await });
        for part in [&b"thank "[..], b"you"] {
            yield_now().await;
            server.write_all(part).await?;
        }
        yield_now().await;
        drop(server);
        resets.reset();
        assert_eq!(reads.await??, b"thank you");
        assert_eq!(fails.await?.unwrap_err().kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
fn a_write_waits_until_there_is_room() {
    run(async {
        let (client, server) = pair(&Network::new().capacity(4)).await?;
        let writer = spawn(async move { client.write_all(b"12345").await });
        yield_now().await;
        assert!(!writer.is_finished());
        assert_eq!(server.read(&mut [0]).await?, 1);
        writer.await?
    });
}

#[test]
fn halves_end_their_direction_and_make_the_stream_again() {
    run(async {
        let network = Network::new();
        let (client, server) = pair(&network).await?;
        let (menu, orders) = client.into_split();
        orders.write_all(b"calzone").await?;
        let client = menu.reunite(orders).unwrap();
        server.write_all(b"menu").await?;
        client.write_all(b"!").await?;
        let (menu, orders) = client.into_split();
        drop(orders);
        assert_eq!(read_to_end(&server).await?, b"calzone!");
        let mut buf = [0; 4];
        menu.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"menu");
        let (other, _) = pair(&network).await?;
        assert!(menu.reunite(other.into_split().1).is_err());
        Ok(())
    });
}

#[test]
fn a_shut_read_comes_to_the_end_at_once_also_one_that_waits() {
    run(async {
        let (client, server) = pair(&Network::new()).await?;
        let client = Rc::new(client);
        let reader = Rc::clone(&client);
        let waits = spawn(async move { reader.read(&mut [0]).await });
        yield_now().await;
        client.shutdown(Shutdown::Read)?;
        assert_eq!(waits.await??, 0);
        drop(server);
        Ok(())
    });
}

#[test]
fn latency_and_bandwidth_take_exactly_their_time() {
    let millis = Duration::from_millis;
    let took = run(async {
        let network = Network::new().latency(millis(10)).bandwidth(1_000);
        let start = time::now();
        let (client, server) = pair(&network).await?;
        assert_eq!(time::now() - start, millis(20));
        // 50 ms on the wire each, one behind the other.
        client.write_all(&[1; 50]).await?;
        client.write_all(&[2; 50]).await?;
        server.read_exact(&mut [0; 50]).await?;
        assert_eq!(time::now() - start, millis(20 + 50 + 10));
        server.read_exact(&mut [0; 50]).await
    });
    assert_eq!(took, millis(20 + 100 + 10));
}

#[test]
fn a_partition_holds_back_what_is_on_the_way_and_nothing_is_lost() {
    let seconds = Duration::from_secs;
    let took = run(async {
        let network = Network::new().latency(seconds(1));
        let (client, server) = pair(&network).await?; // 2 s
        client.write_all(b"ab").await?;
        time::sleep(seconds(1)).await;
        client.write_all(b"cd").await?;
        let (here, there) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 0, 0, 1));
        network.partition(here, there);
        client.write_all(b"ef").await?;
        drop(client);
        let mut buf = [0; 8];
        // That has arrived before.
        assert_eq!(server.read(&mut buf).await?, 2);
        assert!(time::timeout(seconds(60), server.read(&mut buf)).await.is_err());
        let late = spawn({
            let network = network.clone();
            async move { network.connect("10.0.0.1:1").await.unwrap_err().kind() }
        });
        yield_now().await;
        network.heal(here, there);
        assert_eq!(read_to_end(&server).await?, b"cdef");
        assert_eq!(late.await?, ErrorKind::ConnectionRefused);
        Ok(())
    });
    assert_eq!(took, seconds(2 + 1 + 60 + 2));
}

#[test]
fn what_is_sent_during_a_partition_arrives_when_it_is_over() {
    let millis = Duration::from_millis;
    let took = run(async {
        let network = Network::new().latency(millis(10));
        let (client, server) = pair(&network).await?; // 20 ms
        let (here, there) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 0, 0, 1));
        network.partition(there, here);
        client.write_all(b"ab").await?;
        assert!(time::timeout(millis(100), server.read(&mut [0])).await.is_err());
        network.heal(here, there);
        server.read_exact(&mut [0; 2]).await
    });
    assert_eq!(took, millis(20 + 100 + 10));
}

#[test]
fn a_seed_cuts_reads_and_writes_and_the_same_seed_cuts_the_same() {
    let lengths = |seed| {
        let mut lengths = Vec::new();
        run(async {
            let (client, server) = pair(&Network::new().pieces(seed)).await?;
            client.write_all(&[7; 1_000]).await?;
            drop(client);
            let mut buf = [0; 100];
            loop {
                match server.read(&mut buf).await? {
                    0 => break Ok(()),
                    len => lengths.push(len),
                }
            }
        });
        assert_eq!(lengths.iter().sum::<usize>(), 1_000);
        lengths
    };
    assert!(lengths(1).len() > 10);
    assert_eq!(lengths(1), lengths(1));
    assert_ne!(lengths(1), lengths(2));
}

#[test]
fn the_explorer_cuts_too() {
    let report = explore(|| async {
        let network = Network::new().explored_pieces();
        let (client, server) = pair(&network).await.unwrap();
        client.write_all(b"abc").await.unwrap();
        drop(client);
        assert_eq!(read_to_end(&server).await.unwrap(), b"abc");
    });
    // Three ways to write three bytes, one or all at a time, and three to read them.
    assert_eq!(report.to_string(), "all 9 orders");
}

#[test]
fn the_traits_of_futures_io_read_write_and_close() {
    run(async {
        let network = Network::new().latency(Duration::from_millis(5)).pieces(3);
        let (mut client, server) = pair(&network).await?;
        AsyncWriteExt::write_all(&mut client, b"two pizzas").await?;
        AsyncWriteExt::close(&mut client).await?;
        let mut order = String::new();
        AsyncReadExt::read_to_string(&mut &server, &mut order).await?;
        assert_eq!(order, "two pizzas");
        Ok(())
    });
}
