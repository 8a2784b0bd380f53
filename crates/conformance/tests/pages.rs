//! Each rule has a page that teaches it.

use std::collections::HashSet;

use conformance::rules;

#[test]
fn there_are_at_least_sixty_rules_with_names_of_their_own() {
    let ids: HashSet<_> = rules::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), rules::ALL.len());
    assert!(ids.len() >= 60);
}

#[test]
fn every_page_says_the_rule_why_what_breaks_who_broke_it_and_what_the_probe_does() {
    for rule in rules::ALL {
        let page = rule.page();
        assert!(page.starts_with("# "), "{}: no title", rule.id());
        for part in ["**Why.**", "**In practice.**", "**Seen in.**", "**The probe**"] {
            assert!(page.contains(part), "{}: no {part}", rule.id());
        }
    }
}

#[test]
fn every_title_is_one_sentence_of_its_own() {
    let titles: HashSet<_> = rules::ALL.iter().map(|rule| rule.title()).collect();
    assert_eq!(titles.len(), rules::ALL.len());
    assert!(titles.iter().all(|title| !title.is_empty() && !title.ends_with('.')));
}
