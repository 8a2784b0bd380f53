//! What was seen when nothing failed.

use std::fmt;

/// What an exploration has seen. It prints as `all 1,680 orders`, or with the share that it saw.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    pub(super) orders: u64,
    pub(super) runs: u64,
    pub(super) is_all: bool,
    pub(super) estimate: Option<f64>,
    pub(super) is_random: bool,
    pub(super) seed: u64,
    pub(super) story: String,
}

impl Report {
    pub(super) fn new(seed: u64) -> Report {
        Report {
            orders: 0,
            runs: 0,
            is_all: false,
            estimate: None,
            is_random: false,
            seed,
            story: String::new(),
        }
    }

    /// Counts the different orders that were run.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// Counts the runs. At random, an order may be run twice.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Says whether these were all orders that there are.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.is_all
    }

    /// Returns how many orders there are, about, if these were not all. It is an estimate by Knuth's
    /// method: right in the mean, and often wrong by far if the runs differ much in length.
    #[must_use]
    pub fn estimate(&self) -> Option<f64> {
        self.estimate
    }

    /// Returns the story of a [replay](crate::Explorer::replay), a line for each poll. Otherwise it is
    /// empty.
    #[must_use]
    pub fn story(&self) -> &str {
        &self.story
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.story.is_empty() {
            return write!(f, "one order, again:\n{}", self.story.trim_end());
        }
        let orders = count(self.orders);
        if self.is_all {
            let plural = if self.orders == 1 { "order" } else { "orders" };
            return write!(f, "all {orders} {plural}");
        }
        match self.estimate {
            None => write!(f, "{orders} orders, not all"),
            Some(estimate) => {
                let share = precise(self.orders) / estimate * 100.0;
                write!(f, "{orders} of about {} orders ({} %), ", rough(estimate), fine(share))?;
                if self.is_random {
                    return write!(f, "at random, seed {}", self.seed);
                }
                f.write_str("depth first")
            }
        }
    }
}

/// Converts a number, as precisely as a share needs it.
#[expect(clippy::cast_precision_loss, reason = "the estimate that it is divided by is rough")]
pub(super) fn precise(number: u64) -> f64 {
    number as f64
}

/// Writes an estimate: all digits of a small one, one digit of a large one.
fn rough(estimate: f64) -> String {
    if estimate < 1e6 { format!("{estimate:.0}") } else { format!("{estimate:.0e}") }
}

/// Writes a share that may be very small.
fn fine(share: f64) -> String {
    if share < 0.01 { format!("{share:.0e}") } else { format!("{share:.2}") }
}

/// Writes a number with a comma after every three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
