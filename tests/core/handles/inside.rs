//! What a task knows of itself and of the others.

use pizzaiolo::{
    net::UdpSocket,
    task::{self, TaskState, WaitsFor},
};

use crate::support::prelude::*;

#[test]
fn a_task_knows_its_id_and_its_name() {
    block_on(async {
        assert!(task::id().is_root() && task::name().is_none());
        let named = task::Builder::new().name("oven").spawn(async { (task::id(), task::name()) });
        let (id, unnamed) = (named.id(), spawn(async { task::name() }));
        let (own, name) = named.await.unwrap();
        assert_eq!((own, name.as_deref()), (id, Some("oven")));
        assert_eq!(unnamed.await.unwrap(), None);
    });
}

#[test]
fn the_drop_of_a_future_knows_it_too() {
    let (executor, seen) = (executor(), Rc::new(RefCell::new(None)));
    let asked = Rc::clone(&seen);
    let ask = OnDrop(move || *asked.borrow_mut() = task::try_id());
    let task = executor.spawn(async move {
        let _ask = ask;
        pending::<()>().await;
    });
    executor.run_until_idle();
    task.abort();
    executor.run();
    assert_eq!(*seen.borrow(), Some(task.id()));
}

#[test]
fn outside_a_task_there_is_nothing_to_know() {
    assert!(task::try_id().is_none() && task::name().is_none());
    for (message, file) in [panic_of(|| _ = task::id()), panic_of(|| _ = task::table())] {
        assert!(message.contains("no pizzaiolo executor"), "{message}");
        assert!(file.ends_with("inside.rs"), "{file}");
    }
}

#[test]
fn the_table_from_inside_mixes_up_no_reactors() {
    let (ours, other) = (executor(), executor());
    other.spawn(time::sleep(Duration::from_secs(3600))).detach();
    other.run_until_idle();
    ours.block_on(async {
        let task = spawn(pending::<()>());
        yield_now().await;
        let table = other.reactor().enter(task::table);
        assert_eq!(table[1].id, task.id());
        assert!(table[1].waits_for.is_empty(), "{table}");
    });
}

#[test]
fn the_table_from_inside_has_what_each_task_waits_for() {
    block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let receives = spawn(async move { socket.recv(&mut [0]).await.map(drop) });
        let sleeps = spawn(time::sleep(Duration::from_secs(3600)));
        yield_now().await;
        let table = task::table();
        assert_eq!(table.len(), 3);
        assert!(table[0].id.is_root() && table[0].state == TaskState::Running);
        assert!(matches!(table[1].waits_for[..], [WaitsFor::Socket(..)]));
        assert!(matches!(table[2].waits_for[..], [WaitsFor::Timer(Some(_))]));

        receives.abort();
        sleeps.abort();
    });
}
