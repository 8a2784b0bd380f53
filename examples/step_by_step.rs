//! A run of two tasks, one poll at a time. After each poll: which task is ready, and what does each
//! task wait for?
//!
//! A cook waits for an order from a socket, kneads, and bakes for 90 seconds. A waiter passes the
//! order on, and waits for the cook. [`Executor::run`] would run both to their end. Here
//! [`Executor::tick`] polls one task and returns, and the program prints the state of the tasks.
//!
//! Run it with `cargo run --example step_by_step`. It prints:
//!
//! ```text
//! Two tasks are spawned. They are not polled yet.
//!     ready queue: cook, waiter
//!     cook         is ready, polled 0 times
//!     waiter       is ready, polled 0 times
//!
//! Step 1
//!   cook: is there an order?
//!     ready queue: waiter
//!     cook         waits for socket 0 (read), polled 1 time
//!     waiter       is ready, polled 0 times
//!
//! Step 2
//!   waiter: one margherita! Now I wait for it.
//!     ready queue: empty
//!     cook         waits for socket 0 (read), polled 1 time
//!     waiter       waits for the end of cook, polled 1 time
//!
//! Step 3: no task is ready, so the executor first asks the OS which sockets are ready.
//!   cook: a margherita. I knead, and let others go first.
//!     ready queue: cook
//!     cook         is ready, polled 2 times
//!     waiter       waits for the end of cook, polled 1 time
//!
//! Step 4
//!   cook: into the oven.
//!     ready queue: empty
//!     cook         waits for a timer, 90.0s to go, polled 3 times
//!     waiter       waits for the end of cook, polled 1 time
//!
//! No task is ready, and the only wait is for a timer: `run` would sleep now.
//! The clock is paused, so the program advances it by 90 seconds.
//!     ready queue: cook
//!     cook         is ready, polled 3 times
//!     waiter       waits for the end of cook, polled 1 time
//!
//! Step 5
//!   cook: it is done.
//!     ready queue: waiter
//!     waiter       is ready, polled 1 time
//!
//! Step 6
//!   waiter: here is your margherita.
//!     ready queue: empty
//!     no tasks
//! ```

use std::{io, net, thread, time::Duration};

use pizzaiolo::{
    Executor, JoinHandle, TaskId,
    net::TcpStream,
    task::{Builder, TaskState, TaskTable, WaitsFor},
    time, yield_now,
};

const BAKING: Duration = Duration::from_secs(90);

async fn cook(hatch: TcpStream) -> io::Result<String> {
    let mut order = [0; 10];
    println!("  cook: is there an order?");
    hatch.read_exact(&mut order).await?;
    let pizza = String::from_utf8_lossy(&order).into_owned();
    println!("  cook: a {pizza}. I knead, and let others go first.");
    yield_now().await;
    println!("  cook: into the oven.");
    time::sleep(BAKING).await;
    println!("  cook: it is done.");
    Ok(pizza)
}

async fn waiter(hatch: TcpStream, cook: JoinHandle<io::Result<String>>) -> io::Result<()> {
    hatch.write_all(b"margherita").await?;
    println!("  waiter: one margherita! Now I wait for it.");
    let pizza = cook.await??;
    println!("  waiter: here is your {pizza}.");
    Ok(())
}

fn main() -> io::Result<()> {
    let executor = Executor::builder().paused_clock(true).build()?;
    let (kitchen, counter) = hatch()?;
    let cook = Builder::new().name("cook").spawn_on(&executor, cook(kitchen));
    let waiter = Builder::new().name("waiter").spawn_on(&executor, waiter(counter, cook));

    println!("Two tasks are spawned. They are not polled yet.");
    print_state(&executor);
    for step in 1.. {
        if executor.task_count() == 0 {
            break;
        }
        if executor.ready_queue().is_empty() && !waits_for_socket(&executor.tasks()) {
            println!(
                "\nNo task is ready, and the only wait is for a timer: `run` would sleep now."
            );
            println!("The clock is paused, so the program advances it by 90 seconds.");
            executor.block_on(async {
                // Not awaited: no other task runs meanwhile.
                time::advance(BAKING);
            });
            print_state(&executor);
        }
        print!("\nStep {step}");
        if executor.ready_queue().is_empty() {
            print!(
                ": no task is ready, so the executor first asks the OS which sockets are ready."
            );
        }
        println!();
        // `tick` never sleeps. A sent order arrives at once or very soon.
        while !executor.tick() {
            thread::yield_now();
        }
        print_state(&executor);
    }
    executor.block_on(waiter)?
}

/// Prints the ready queue, and what each task waits for.
fn print_state(executor: &Executor) {
    let tasks = executor.tasks();
    let queue: Vec<String> =
        executor.ready_queue().into_iter().map(|task| name_of(task, &tasks)).collect();
    let queue = if queue.is_empty() { "empty".to_owned() } else { queue.join(", ") };
    println!("    ready queue: {queue}");
    for task in tasks.iter() {
        let doing = match task.state {
            TaskState::Waiting => {
                let waits: Vec<_> = task.waits_for.iter().map(|it| describe(it, &tasks)).collect();
                format!("waits for {}", waits.join(", or "))
            }
            state => format!("is {state}"),
        };
        let times = if task.polls == 1 { "time" } else { "times" };
        println!("    {:12} {doing}, polled {} {times}", name_of(task.id, &tasks), task.polls);
    }
    if tasks.is_empty() {
        println!("    {tasks}");
    }
}

/// Describes a wait, with the name of a task in place of its number.
fn describe(wait: &WaitsFor, tasks: &TaskTable) -> String {
    match wait {
        WaitsFor::Join(task) => format!("the end of {}", name_of(*task, tasks)),
        wait => wait.to_string(),
    }
}

fn name_of(task: TaskId, tasks: &TaskTable) -> String {
    let name = tasks.iter().find(|info| info.id == task).and_then(|info| info.name.as_deref());
    name.map_or_else(|| task.to_string(), str::to_owned)
}

fn waits_for_socket(tasks: &TaskTable) -> bool {
    let is_socket = |wait: &WaitsFor| matches!(wait, WaitsFor::Socket(..));
    tasks.iter().any(|task| task.waits_for.iter().any(is_socket))
}

/// The two ends of a connection.
fn hatch() -> io::Result<(TcpStream, TcpStream)> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let counter = net::TcpStream::connect(listener.local_addr()?)?;
    let (kitchen, _) = listener.accept()?;
    Ok((kitchen.try_into()?, counter.try_into()?))
}
