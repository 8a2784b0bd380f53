//! A rule: its page, what it needs, and the probe that asks for it.

use std::fmt;

use crate::{Capabilities, Capability, LocalFuture, lab::Lab};

/// A rule of the contract between an executor and its futures.
///
/// Each of [`rules`](crate::rules) has a page: the rule, why it is one, what breaks in practice
/// without it, and a runtime that once broke it.
pub struct Rule {
    pub(crate) id: &'static str,
    pub(crate) page: &'static str,
    pub(crate) needs: Capabilities,
    pub(crate) body: Body,
}

/// How a probe is run.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// As the future of `block_on`.
    Inside(fn(Lab) -> LocalFuture<'static>),
    /// Around `block_on`, which it calls itself.
    Outside(fn(Lab)),
}

impl Rule {
    /// Returns the name of the rule's probe, as `--probe` takes it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the rule in one sentence.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.page.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// Returns the whole page, in Markdown, as `--explain` shows it.
    #[must_use]
    pub fn page(&self) -> &'static str {
        self.page
    }

    /// Returns what a runtime must be able to do to be asked.
    #[must_use]
    pub fn needs(&self) -> Capabilities {
        self.needs
    }

    /// Returns what `has` lacks.
    pub(crate) fn missing(&self, has: Capabilities) -> Option<Capability> {
        let returns = matches!(self.body, Body::Outside(_)).then_some(Capability::Returns);
        let mut needs = returns.into_iter().chain(self.needs.iter().copied());
        needs.find(|needed| !has.contains(needed))
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}
