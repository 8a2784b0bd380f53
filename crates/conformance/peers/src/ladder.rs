//! Steps 5, 8 and 10 of our own ladder, as they stand in `examples/ladder`: the `block_on`, the queue and the
//! reactor. Step 11 is pizzaiolo.

use std::rc::Rc;

use conformance::{BoxFuture, Capabilities, Capability, Runtime, Socket};

use crate::causes;

#[expect(dead_code, reason = "it is a whole program, of which one part is used")]
mod step5 {
    include!(concat!(env!("OUT_DIR"), "/step5_bell.rs"));

    pub(super) fn run(future: conformance::BoxFuture) {
        block_on(future);
    }
}

#[expect(dead_code, reason = "it is a whole program, of which one part is used")]
mod step8 {
    include!(concat!(env!("OUT_DIR"), "/step8_task_queue.rs"));

    pub(super) fn begin(future: conformance::BoxFuture) {
        spawn(future);
        run();
    }

    pub(super) fn spawn_task(future: conformance::BoxFuture) {
        spawn(future);
    }
}

#[expect(dead_code, reason = "it is a whole program, of which one part is used")]
mod step10 {
    include!(concat!(env!("OUT_DIR"), "/step10_reactor.rs"));

    use mio::net::TcpStream;
    use std::cell::{Cell, RefCell};

    thread_local! {
        static REGISTRY: RefCell<Option<Registry>> = const { RefCell::new(None) };
        static TOKENS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn begin(future: conformance::BoxFuture) {
        let poll = mio::Poll::new().expect("the OS has a descriptor");
        REGISTRY.set(poll.registry().try_clone().ok());
        spawn(future);
        run(poll);
    }

    pub(super) fn spawn_task(future: conformance::BoxFuture) {
        spawn(future);
    }

    /// A socket, as `accept` makes it.
    pub(super) struct Stream(RefCell<TcpStream>, Token);

    impl Stream {
        pub(super) fn new(stream: std::net::TcpStream) -> Stream {
            stream.set_nonblocking(true).expect("a socket can be made non-blocking");
            let mut stream = TcpStream::from_std(stream);
            let token = Token(TOKENS.replace(TOKENS.get() + 1));
            let both = Interest::READABLE | Interest::WRITABLE;
            REGISTRY.with_borrow(|registry| {
                let registry = registry.as_ref().expect("it runs");
                registry.register(&mut stream, token, both).expect("it is registered");
            });
            Stream(RefCell::new(stream), token)
        }
    }

    impl conformance::Socket for Stream {
        fn read<'a>(
            &'a self,
            buf: &'a mut [u8],
        ) -> conformance::LocalFuture<'a, io::Result<usize>> {
            Box::pin(ready(self.1, move || self.0.borrow_mut().read(buf)))
        }

        fn write<'a>(&'a self, buf: &'a [u8]) -> conformance::LocalFuture<'a, io::Result<usize>> {
            Box::pin(ready(self.1, move || self.0.borrow_mut().write(buf)))
        }
    }
}

pub(crate) fn all() -> [Box<dyn Runtime>; 3] {
    [Box::new(Step(5)), Box::new(Step(8)), Box::new(Step(10))]
}

struct Step(u32);

impl Runtime for Step {
    fn name(&self) -> String {
        format!("our ladder, step {}", self.0)
    }

    fn about(&self) -> String {
        match self.0 {
            5 => "its `block_on`",
            8 => "its `spawn` and `run`, which never returns",
            _ => "its `spawn`, `ready` and `run`; it says that no other thread can wake it",
        }
        .into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of(&format!("step {}", self.0), rule)
    }

    fn capabilities(&self) -> Capabilities {
        match self.0 {
            5 => &[Capability::Returns, Capability::Ends, Capability::ThreadWakes],
            8 => &[Capability::ThreadWakes, Capability::Spawn],
            _ => &[Capability::Spawn],
        }
    }

    fn block_on(&self, future: BoxFuture) {
        match self.0 {
            5 => step5::run(future),
            8 => step8::begin(future),
            _ => step10::begin(future),
        }
    }

    fn spawn(&self, future: BoxFuture) {
        match self.0 {
            8 => step8::spawn_task(future),
            _ => step10::spawn_task(future),
        }
    }

    fn tcp_stream(&self, stream: std::net::TcpStream) -> Rc<dyn Socket> {
        Rc::new(step10::Stream::new(stream))
    }
}
