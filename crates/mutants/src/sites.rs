//! Finds what can be changed in a file.

use std::ops::Range;

use proc_macro2::Span;
use syn::{
    Attribute, Block, Expr, ImplItem, Item, Pat, Signature, Stmt, Type, UnOp,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{cfg, replace};

/// A place in the source, and what is tried there.
#[derive(Debug)]
pub(crate) struct Site {
    /// What is changed, in bytes. Empty, if something is inserted.
    pub(crate) range: Range<usize>,
    pub(crate) line: usize,
    /// The function that it is in, after its type.
    pub(crate) function: String,
    pub(crate) form: Form,
    pub(crate) alternatives: Vec<Alternative>,
}

/// How the alternatives are written beside the original.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// An expression in place of another.
    Value,
    /// At the beginning of a function: it returns at once.
    Return,
    /// The statement is left out.
    Delete,
    /// After the pattern of an arm: it matches nothing.
    Arm,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Alternative {
    /// The code that stands in for the original, if any does.
    pub(crate) code: String,
    /// The change as people read it.
    pub(crate) change: String,
}

/// Returns what can be changed in a file, in the order of the source: a site comes before those in it.
///
/// # Errors
///
/// If the text is no Rust.
pub(crate) fn find(text: &str) -> syn::Result<Vec<Site>> {
    let file = syn::parse_file(text)?;
    let mut finder = Finder { text, scope: Vec::new(), sites: Vec::new() };
    finder.visit_file(&file);
    Ok(finder.sites)
}

struct Finder<'a> {
    text: &'a str,
    /// The types and functions around.
    scope: Vec<String>,
    sites: Vec<Site>,
}

impl Finder<'_> {
    fn text_of(&self, range: Range<usize>) -> &str {
        &self.text[range]
    }

    /// The text in one line, and not too long.
    fn short(&self, range: Range<usize>) -> String {
        let words: Vec<_> = self.text_of(range).split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(100) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    fn push(
        &mut self,
        span: Span,
        range: Range<usize>,
        form: Form,
        alternatives: Vec<Alternative>,
    ) {
        if !alternatives.is_empty() {
            let (line, function) = (span.start().line, self.scope.join("::"));
            self.sites.push(Site { range, line, function, form, alternatives });
        }
    }

    /// Tries other code in place of an expression.
    fn replace(&mut self, of: Span, codes: Vec<String>) {
        let range = of.byte_range();
        let original = self.short(range.clone());
        let alternative = |code: String| {
            let short: Vec<_> = code.split_whitespace().collect();
            Alternative { change: format!("{original} -> {}", short.join(" ")), code }
        };
        let alternatives = codes.into_iter().map(alternative).collect();
        self.push(of, range, Form::Value, alternatives);
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, body: &Block) {
        if signature.constness.is_some() || !cfg::is_compiled(attributes) {
            return;
        }
        self.scope.push(signature.ident.to_string());
        let braces = body.brace_token.span;
        let inside = braces.open().byte_range().end..braces.close().byte_range().start;
        let original = self.text_of(inside.clone()).trim();
        if !original.is_empty() {
            let values = replace::values_of_output(&signature.output);
            let alternatives = values.into_iter().filter(|value| value != original);
            let alternatives = alternatives
                .map(|code| Alternative { change: format!("returns {code}"), code })
                .collect();
            self.push(signature.ident.span(), inside, Form::Return, alternatives);
        }
        self.visit_block(body);
        self.scope.pop();
    }

    /// Tries to leave a statement out.
    fn delete(&mut self, statement: &Stmt) {
        let Stmt::Expr(expression, Some(_)) = statement else { return };
        let called = match expression {
            Expr::Try(inner) => &inner.expr,
            Expr::Await(inner) => &inner.base,
            other => other,
        };
        if !matches!(called, Expr::MethodCall(_) | Expr::Call(_) | Expr::Assign(_)) {
            return;
        }
        let range = statement.span().byte_range();
        let change = format!("delete {}", self.short(range.clone()));
        let alternative = Alternative { code: String::new(), change };
        self.push(statement.span(), range, Form::Delete, vec![alternative]);
    }

    fn condition(&mut self, condition: &Expr) {
        if !matches!(condition, Expr::Binary(_) | Expr::Let(_) | Expr::Lit(_) | Expr::Macro(_)) {
            self.replace(condition.span(), vec!["true".to_owned(), "false".to_owned()]);
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Fn(function) => self.function(&function.attrs, &function.sig, &function.block),
            Item::Impl(block) if cfg::is_compiled(&block.attrs) => {
                let of = block.trait_.as_ref().and_then(|(path, _)| path.segments.last());
                if of.is_some_and(|of| of.ident == "Debug") {
                    return;
                }
                self.scope.push(name_of(&block.self_ty));
                visit::visit_item_impl(self, block);
                self.scope.pop();
            }
            Item::Mod(module) if cfg::is_compiled(&module.attrs) => {
                visit::visit_item_mod(self, module);
            }
            Item::Trait(of) if cfg::is_compiled(&of.attrs) => {
                self.scope.push(of.ident.to_string());
                visit::visit_item_trait(self, of);
                self.scope.pop();
            }
            _ => {}
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if let ImplItem::Fn(function) = item {
            self.function(&function.attrs, &function.sig, &function.block);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.attrs, &function.sig, body);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs[..],
            Stmt::Expr(Expr::MethodCall(call), _) => &call.attrs[..],
            Stmt::Expr(Expr::Block(block), _) => &block.attrs[..],
            Stmt::Expr(Expr::Return(expression), _) => &expression.attrs[..],
            _ => &[],
        };
        if attributes.is_empty() {
            self.delete(statement);
        }
        if cfg::is_compiled(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let (left, right) = (binary.left.span().byte_range(), binary.right.span().byte_range());
        let (left, right) = (self.text_of(left), self.text_of(right));
        // A cast before `<` would begin a list of types, without the parentheses.
        let code = |operator: &&str| format!("({left}) {operator} ({right})");
        let codes = replace::operators(&binary.op).iter().map(code).collect();
        self.replace(binary.span(), codes);
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        if matches!(unary.op, UnOp::Not(_) | UnOp::Neg(_)) {
            let operand = self.text_of(unary.expr.span().byte_range()).to_owned();
            self.replace(unary.span(), vec![operand]);
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        self.condition(&branch.cond);
        visit::visit_expr_if(self, branch);
    }

    fn visit_expr_match(&mut self, of: &'ast syn::ExprMatch) {
        self.visit_expr(&of.expr);
        let has_rest = of.arms.iter().any(|arm| matches!(arm.pat, Pat::Wild(_)));
        for arm in of.arms.iter().filter(|arm| cfg::is_compiled(&arm.attrs)) {
            if let Pat::Guard(guarded) = &arm.pat {
                self.replace(guarded.guard.span(), vec!["true".to_owned(), "false".to_owned()]);
                self.visit_expr(&guarded.guard);
            } else if has_rest && !matches!(arm.pat, Pat::Wild(_)) {
                let range = arm.pat.span().byte_range();
                let change = format!("delete the arm {}", self.short(range.clone()));
                let alternative = Alternative { code: String::new(), change };
                self.push(arm.pat.span(), range.end..range.end, Form::Arm, vec![alternative]);
            }
            self.visit_expr(&arm.body);
        }
    }

    // What is constant, a type or a pattern stays.

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_type(&mut self, _: &'ast Type) {}

    fn visit_path(&mut self, _: &'ast syn::Path) {}

    fn visit_pat(&mut self, _: &'ast Pat) {}

    fn visit_generics(&mut self, _: &'ast syn::Generics) {}
}

fn name_of(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|it| it.ident.to_string()),
        Type::Reference(reference) => Some(name_of(&reference.elem)),
        _ => None,
    }
    .unwrap_or_else(|| "?".to_owned())
}
