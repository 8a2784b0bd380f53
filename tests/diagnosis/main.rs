//! Why is nothing happening? What the executor says by itself: the table of tasks, the warning of
//! a lost waker, the panic of a proven deadlock, the lints; and the two ways to look closer, step
//! by step and in an order of chance.

mod deadlock;
mod kept_wakers;
mod lints;
mod lost_waker;
mod ready_order;
mod steps;
mod support;
mod table;
