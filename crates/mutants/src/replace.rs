//! What stands in for an operator, and for the value of a function.

use syn::{BinOp, GenericArgument, PathArguments, PathSegment, ReturnType, Type};

/// Returns the operators that are tried in place of this one, as they are written.
pub(crate) fn operators(operator: &BinOp) -> &'static [&'static str] {
    match operator {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["<=", ">="],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<="],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) | BinOp::Rem(_) => &["/"],
        BinOp::Div(_) => &["*"],
        BinOp::BitAnd(_) | BinOp::BitXor(_) => &["|"],
        BinOp::BitOr(_) => &["&"],
        BinOp::Shl(_) => &[">>"],
        BinOp::Shr(_) => &["<<"],
        BinOp::AddAssign(_) => &["-="],
        BinOp::SubAssign(_) => &["+="],
        BinOp::MulAssign(_) => &["/="],
        BinOp::DivAssign(_) => &["*="],
        BinOp::BitAndAssign(_) => &["|="],
        BinOp::BitOrAssign(_) => &["&="],
        _ => &[],
    }
}

/// Returns the values that a function with this output is made to return. Some do not compile: rustc
/// says which.
pub(crate) fn values_of_output(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec!["()".to_owned()],
        ReturnType::Type(_, output) => values(output),
    }
}

fn values(of: &Type) -> Vec<String> {
    match of {
        Type::Paren(paren) => values(&paren.elem),
        Type::Path(path) => path.path.segments.last().map(values_of_path).unwrap_or_default(),
        Type::Tuple(tuple) => {
            let first = |it| values(it).into_iter().next();
            let parts: Option<Vec<_>> = tuple.elems.iter().map(first).collect();
            parts.map(|parts| format!("({})", parts.join(", "))).into_iter().collect()
        }
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => vec![r#""""#.to_owned()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn values_of_path(segment: &PathSegment) -> Vec<String> {
    let inner = || first_argument(segment).map(values).unwrap_or_default();
    let wrapped = |name: &str| inner().into_iter().map(move |it| format!("{name}({it})")).collect();
    match segment.ident.to_string().as_str() {
        "bool" => vec!["true".to_owned(), "false".to_owned()],
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => {
            vec!["0".to_owned(), "1".to_owned()]
        }
        "Option" => [vec!["None".to_owned()], wrapped("Some")].concat(),
        "Result" => wrapped("Ok"),
        "Poll" => [vec!["std::task::Poll::Pending".to_owned()], wrapped("std::task::Poll::Ready")]
            .concat(),
        "Vec" => vec!["Vec::new()".to_owned()],
        _ => vec!["Default::default()".to_owned()],
    }
}

fn first_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    })
}
