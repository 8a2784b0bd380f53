//! Which code is compiled here: for Linux, with all features, and not as a test.

use syn::{Attribute, Meta, Token, punctuated::Punctuated};

/// Says whether what has these attributes is compiled into the library.
pub(crate) fn is_compiled(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    conditions.map(Attribute::parse_args::<Meta>).all(|it| it.is_ok_and(|meta| holds(&meta)))
}

fn holds(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("unix"),
        Meta::NameValue(pair) if pair.path.is_ident("feature") => true,
        Meta::NameValue(pair) => {
            let value = match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => text.value(),
                _ => String::new(),
            };
            ["linux", "unix", "64"].contains(&value.as_str())
        }
        Meta::List(list) => {
            let parts = Punctuated::<Meta, Token![,]>::parse_terminated;
            let Ok(parts) = list.parse_args_with(parts) else { return false };
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("all") => parts.iter().all(holds),
                Some("any") => parts.iter().any(holds),
                Some("not") => !parts.iter().any(holds),
                _ => false,
            }
        }
    }
}
