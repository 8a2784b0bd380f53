//! What the replies of the pizza server have to be.

/// What an order means, said in another way than the parser does: digit by digit.
pub(crate) fn meaning(data: &[u8]) -> Option<i64> {
    let text = String::from_utf8(data.to_vec()).ok()?;
    let mut chars: Vec<char> = text.chars().skip_while(|c| c.is_whitespace()).collect();
    while chars.last().is_some_and(|c| c.is_whitespace()) {
        chars.pop();
    }
    let sign = match chars.first()? {
        '-' => -1,
        _ => 1,
    };
    if matches!(chars[0], '+' | '-') {
        chars.remove(0);
    }
    let mut value = i128::from(u8::from(chars.is_empty())) * i128::MAX;
    for c in chars {
        let digit = "0123456789".find(c)?;
        value = value.saturating_mul(10).saturating_add(i128::try_from(digit).ok()?);
    }
    i64::try_from(value.checked_mul(sign)?).ok()
}

/// The reply to what one read brings.
pub(crate) fn reply_to(order: &[u8]) -> String {
    meaning(order).map_or("Wrong number of pizzas, please try again.\n".to_owned(), |number| {
        format!("Thank you for ordering {number} pizzas!\n")
    })
}
