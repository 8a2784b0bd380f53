//! The example of the crate's page: two tasks read, yield, and write. In the usual order the second
//! reads what the first has written. Run it to see what `explore` says:
//! `cargo run -p pizzaiolo-testkit --example lost_sale`

use std::{cell::Cell, rc::Rc};

use pizzaiolo::{spawn, yield_now};
use pizzaiolo_testkit::Explorer;

async fn sell(sold: Rc<Cell<i32>>) {
    let so_far = sold.get();
    yield_now().await; // another task may sell one here
    sold.set(so_far + 1);
}

pub(crate) async fn sell_two() {
    let sold = Rc::new(Cell::new(0));
    let (his, hers) = (Rc::clone(&sold), Rc::clone(&sold));
    let anna = spawn(sell(hers));
    let bert = spawn(async {
        yield_now().await; // he comes later
        sell(his).await;
    });
    anna.await.unwrap();
    bert.await.unwrap();
    assert_eq!(sold.get(), 2);
}

fn main() {
    match Explorer::new().check(sell_two) {
        Ok(report) => println!("{report}"),
        Err(failure) => println!("{failure}"),
    }
}
