//! The tests of step 7. They are in `examples/ladder/step7_by_hand.rs`.

#[path = "../../../../examples/ladder/step7_async_fn.rs"]
#[expect(dead_code, reason = "its server is run as a program")]
mod step7_async_fn;
