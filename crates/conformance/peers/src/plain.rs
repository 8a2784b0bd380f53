//! Those that run one future, and no tasks.

use std::{
    sync::Arc,
    task::{Context, Wake},
    thread::{self, Thread},
};

use conformance::{BoxFuture, Capabilities, Capability, Runtime};

use crate::{causes, with_version};

/// A `block_on`.
struct Plain {
    krate: &'static str,
    about: &'static str,
    run: fn(BoxFuture),
}

pub(crate) fn all() -> Vec<Box<dyn Runtime>> {
    let all = [
        Plain { krate: "futures", about: "`executor::block_on`", run: futures::executor::block_on },
        Plain {
            krate: "futures-lite",
            about: "`future::block_on`",
            run: futures_lite::future::block_on,
        },
        Plain { krate: "async-io", about: "`block_on`", run: async_io::block_on },
        Plain { krate: "pollster", about: "`block_on`", run: pollster::block_on },
        Plain { krate: "beul", about: "`execute`", run: beul::execute },
        Plain { krate: "extreme", about: "`run`", run: extreme::run },
        Plain { krate: "its_ok_to_be_block_on", about: "`block_on`", run: ::block_on::block_on },
        Plain { krate: "thread-executor", about: "`block_on`", run: thread_executor::block_on },
        Plain { krate: "safina", about: "`executor::block_on`", run: safina::executor::block_on },
        Plain { krate: "spin_on", about: "`spin_on`", run: spin_on::spin_on },
        Plain { krate: "cassette", about: "`block_on`", run: cassette::block_on },
        Plain { krate: "minimal-executor", about: "`block_on`", run: minimal_executor::block_on },
        Plain {
            krate: "miniloop",
            about: "`Executor::block_on`",
            run: |future| miniloop::executor::Executor::<1>::new().block_on(future),
        },
        Plain {
            krate: "what-the-async",
            about: "`Runtime::block_on`",
            run: |future| what_the_async::Runtime::default().block_on(future),
        },
        Plain { krate: "std", about: "the example of `std::task::Wake`", run: std_example },
    ];
    all.into_iter().map(|plain| Box::new(plain) as Box<dyn Runtime>).collect()
}

impl Runtime for Plain {
    fn name(&self) -> String {
        match self.krate {
            "std" => "std's example".into(),
            "futures" => format!("{} block_on", with_version("futures")),
            "minimal-executor" => format!("{} block_on", with_version("minimal-executor")),
            krate => with_version(krate),
        }
    }

    fn about(&self) -> String {
        self.about.into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of(self.krate, rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[Capability::Returns, Capability::Ends, Capability::ThreadWakes]
    }

    fn block_on(&self, future: BoxFuture) {
        (self.run)(future);
    }
}

/// The executor that the documentation of `std::task::Wake` shows, written anew.
fn std_example(mut future: BoxFuture) {
    struct ThreadWaker(Thread);
    impl Wake for ThreadWaker {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(ThreadWaker(thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    while future.as_mut().poll(&mut cx).is_pending() {
        thread::park();
    }
}
