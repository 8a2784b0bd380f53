//! The page of a program that runs, in a real browser.

#[path = "support/mod.rs"]
mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use pizzaiolo::{Executor, net::TcpListener, spawn, task, time, yield_now};
use serde_json::json;
use support::{HANGS, in_a_browser};

/// A server that is watched, on a thread of its own, until this is dropped.
struct Shop {
    addr: SocketAddr,
    page: String,
    /// It yields all the time too.
    flood: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Shop {
    fn open() -> Shop {
        let (end, flood) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (sender, addresses) = mpsc::channel();
        let (ends, floods) = (Arc::clone(&end), Arc::clone(&flood));
        let thread = thread::spawn(move || {
            let live = pizzaiolo_watch::serve("127.0.0.1:0").unwrap();
            let page = format!("http://{}/", live.local_addr());
            let executor = Executor::builder().observer(live).build().unwrap();
            executor.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                sender.send((listener.local_addr().unwrap(), page)).unwrap();
                task::Builder::new().name("accepts").spawn(accept(listener)).detach();
                while !ends.load(Ordering::Relaxed) {
                    time::sleep(Duration::from_millis(5)).await;
                    while floods.load(Ordering::Relaxed) && !ends.load(Ordering::Relaxed) {
                        yield_now().await;
                    }
                }
            });
        });
        let (addr, page) = addresses.recv_timeout(HANGS).unwrap();
        Shop { addr, page, flood, end, thread: Some(thread) }
    }

    /// A client that has ordered and stays.
    fn order(&self) -> TcpStream {
        let mut client = TcpStream::connect(self.addr).unwrap();
        client.set_read_timeout(Some(HANGS)).unwrap();
        client.write_all(b"2").unwrap();
        client.read_exact(&mut [0]).unwrap();
        client
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let serve = async move {
            let mut order = [0; 8];
            while let Ok(n @ 1..) = stream.read(&mut order).await {
                let _ = stream.write_all(&order[..n]).await;
            }
        };
        task::Builder::new().name(format!("serve {peer}")).spawn(serve).detach();
        spawn(yield_now()).detach();
    }
}

fn has_task(client: &TcpStream) -> String {
    let name = format!("serve {}", client.local_addr().unwrap());
    format!("document.querySelector('#tasks tbody').textContent.includes('{name}')")
}

#[test]
fn orders_of_a_client_appear_and_go() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open(&shop.page).await;
        page.wait_until("document.querySelector('#live').dataset.key === 'live.on'").await;
        let client = shop.order();
        page.wait_until(&has_task(&client)).await;
        let serves = has_task(&client);
        drop(client);
        page.wait_until(&format!("!{serves}")).await;
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn the_latest_steps_can_be_gone_back_through_while_it_goes_on() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open(&shop.page).await;
        let client = shop.order();
        page.wait_until(&has_task(&client)).await;
        page.press("\u{E012}\u{E012}").await;
        assert_eq!(page.value("pizzaiolo.isFollowing").await, json!(false));
        let step = page.value("pizzaiolo.step").await;
        let last = page.value("pizzaiolo.last").await;
        // It grows, and the step that is looked at stays.
        page.wait_until(&format!("pizzaiolo.last > {last} + 20")).await;
        assert_eq!(page.value("pizzaiolo.step").await, step);
        page.click("#follow").await;
        page.wait_until("pizzaiolo.isFollowing && pizzaiolo.step === pizzaiolo.last").await;
    });
}

#[test]
fn a_browser_that_leaves_and_comes_back_goes_on() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open(&shop.page).await;
        let first = shop.order();
        page.wait_until(&has_task(&first)).await;
        page.open("about:blank").await;
        let second = shop.order();
        page.open(&shop.page).await;
        page.wait_until(&has_task(&second)).await;
        page.wait_until(&has_task(&first)).await;
    });
}

#[test]
fn a_flooded_page_says_what_it_does_not_show_and_stays_alive() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open(&shop.page).await;
        page.wait_until("document.querySelector('#live').dataset.key === 'live.on'").await;
        shop.flood.store(true, Ordering::Relaxed);
        page.wait_until("document.querySelector('#live').dataset.key === 'live.dropped'").await;
        shop.flood.store(false, Ordering::Relaxed);
        let client = shop.order();
        page.wait_until(&has_task(&client)).await;
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn a_program_that_has_ended_is_said_to_be_out_of_reach() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open(&shop.page).await;
        page.wait_until("document.querySelector('#live').dataset.key === 'live.on'").await;
        drop(shop);
        page.wait_until("document.querySelector('#live').dataset.key === 'live.lost'").await;
        // What was seen stays.
        assert!(page.value("pizzaiolo.last").await.as_u64() > Some(0));
    });
}

#[test]
fn a_page_of_another_origin_cannot_read_it() {
    in_a_browser(async |page| {
        let shop = Shop::open();
        page.open("about:blank").await;
        let script = format!(
            "return fetch('{}events').then((answer) => 'read ' + answer.status, () => 'refused');",
            shop.page
        );
        let read = page.run(&script, Vec::new()).await;
        assert_eq!(read, "refused");
        // By another name for the same address, it is not even answered.
        let other = shop.page.replace("127.0.0.1", "127.0.0.1.localhost");
        let script = format!(
            "return fetch('{other}', {{ mode: 'no-cors' }}).then((it) => it.type, () => 'refused');"
        );
        let _ = page.run(&script, Vec::new()).await;
    });
}
