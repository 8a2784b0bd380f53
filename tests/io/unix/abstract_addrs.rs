//! Addresses of Linux that are names and no paths.

use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

use pizzaiolo::net::{UnixDatagram, UnixListener, UnixStream};

use crate::support::prelude::*;

/// An abstract address of this process.
fn abstract_addr(name: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("pizzaiolo-test-{name}-{}", std::process::id()))
}

#[test]
fn abstract_unix_addresses_are_listened_at_and_connected_to() {
    run(async || {
        let addr = abstract_addr("stream")?;
        let listener = UnixListener::bind_addr(&addr)?;
        let client = UnixStream::connect_addr(&addr).await?;
        let (server, _) = listener.accept().await?;
        client.write_all(b"pizza").await?;
        server.read_exact(&mut [0; 5]).await?;

        let refused = UnixStream::connect_addr(&abstract_addr("unused")?).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

/// Also by a socket that is registered: the duplicate of its descriptor leaves it as it is.
#[test]
fn datagrams_go_to_abstract_unix_addresses_and_come_from_them() {
    run(async || {
        let (at_kitchen, at_table) = (abstract_addr("kitchen")?, abstract_addr("table")?);
        let kitchen = UnixDatagram::bind_addr(&at_kitchen)?;
        let table = UnixDatagram::bind_addr(&at_table)?;
        assert_eq!(table.local_addr()?.as_abstract_name(), at_table.as_abstract_name());
        let taken = UnixDatagram::bind_addr(&at_table).expect_err("it is taken");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let refused = table.connect_addr(&abstract_addr("unused")?).expect_err("nothing has it");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

        let mut buf = [0; 64];
        assert!(poll_here(table.recv(&mut buf)).await.is_pending(), "it is registered");
        table.connect_addr(&at_kitchen)?;
        assert_eq!(table.peer_addr()?.as_abstract_name(), at_kitchen.as_abstract_name());
        let receive = begun(kitchen.recv_from(&mut buf)).await;
        table.send(b"order").await?;
        let (len, from) = receive.await?;
        assert_eq!((len, from.as_abstract_name()), (5, at_table.as_abstract_name()));

        let receive = begun(table.recv(&mut buf)).await;
        kitchen.connect_addr(&from)?;
        kitchen.send(b"a pizza").await?;
        assert_eq!(receive.await?, 7);
        Ok(())
    });
}
