//! A slab whose keys carry a generation, so that a stale key finds nothing.
//!
//! Tasks, sources and timers live in one of these each. A key names an entry and the value that it
//! was made for. When the value is removed, every copy of its key is stale, also after the entry is
//! used again. An entry whose generations are used up is retired, so no key is ever made twice.
//!
//! Free entries form a doubly linked list, so that those at the end can be given back.

use std::{fmt, num::NonZeroU64};

/// Names one value of a [`Slab`]; it is never reused for another.
///
/// The low half is the index of the entry, the high half its generation: odd while the entry is
/// occupied. It is one number because it is passed around and compared a lot, and it is never 0, so
/// that an `Option` of it has the same size.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Key(NonZeroU64);

impl Key {
    /// Makes a key of its two halves. An occupied entry has an odd generation, so it is never 0.
    pub(crate) const fn from_parts(index: u32, generation: u32) -> Key {
        match NonZeroU64::new((generation as u64) << 32 | index as u64) {
            Some(key) => Key(key),
            None => panic!("no key has generation 0"),
        }
    }

    /// Returns which entry it is.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
    pub(crate) const fn index(self) -> u32 {
        self.0.get() as u32
    }

    /// Returns the generation of the entry while it has this value.
    pub(crate) const fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// How many low bits of a token hold the index. Where a token has only 32 bits, 20 are for
    /// the index and 12 for the generation: a stale token is then mistaken only after exactly
    /// a multiple of 2,048 later values.
    const TOKEN_SPLIT: u32 = if usize::BITS >= 64 { 32 } else { 20 };

    /// Packs the key into a token for mio. `None` if the index has too many bits, which needs more
    /// than a million sources where `usize` has 32 bits.
    pub(crate) const fn to_token(self) -> Option<usize> {
        let index = self.index() as usize;
        if index >= (1 << Key::TOKEN_SPLIT) - 1 {
            return None;
        }
        Some((self.generation() as usize) << Key::TOKEN_SPLIT | index)
    }

    /// Returns the index in a token, and as much of the generation as the token has.
    const fn from_token(token: usize) -> (usize, usize) {
        (token & ((1 << Key::TOKEN_SPLIT) - 1), token >> Key::TOKEN_SPLIT)
    }
}

/// Prints `3` for the first value of entry 3, `3.1` for the second, and so on.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index().fmt(f)?;
        match self.generation() / 2 {
            0 => Ok(()),
            earlier => write!(f, ".{earlier}"),
        }
    }
}

/// How many entries are kept for good. Beyond them, [`Slab::shrink`] gives free entries at the end back.
const KEPT: usize = 1024;

/// The end of the list of free entries, and the index that no entry has.
const NONE: u32 = u32::MAX;

/// Values, each under a [`Key`] of its own.
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    /// The free entry that is used next, or [`NONE`].
    free: u32,
    /// How many entries are occupied.
    len: usize,
    /// No entry that was given back had a higher generation. New entries start above it.
    floor: u32,
}

struct Entry<T> {
    /// Odd while the entry is occupied, even while it is free, 0 when it is retired.
    generation: u32,
    slot: Slot<T>,
}

enum Slot<T> {
    Occupied(T),
    /// In the list of free entries, between these two; or retired, and in no list.
    Free {
        previous: u32,
        next: u32,
    },
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Slab<T> {
        Slab { entries: Vec::new(), free: NONE, len: 0, floor: 0 }
    }

    /// Returns how many values there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Stores a value.
    pub(crate) fn insert(&mut self, value: T) -> Key {
        self.insert_with(|_| value)
    }

    /// Stores the value that `make` makes of its key.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 values already.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        if self.free == NONE {
            self.grow();
        }
        let index = self.free;
        let entry = &mut self.entries[index as usize];
        let Slot::Free { next, .. } = entry.slot else {
            unreachable!("an entry of the list is free")
        };
        let key = Key::from_parts(index, entry.generation + 1);
        entry.slot = Slot::Occupied(make(key));
        entry.generation = key.generation();
        self.len += 1;
        self.free = next;
        self.set_previous(next, NONE);
        key
    }

    /// Adds a free entry, where there is none.
    #[cold]
    fn grow(&mut self) {
        let index = u32::try_from(self.entries.len()).unwrap_or(NONE);
        assert!(index < NONE, "more than 2^32 - 1 values at once");
        let slot = Slot::Free { previous: NONE, next: NONE };
        self.entries.push(Entry { generation: self.floor, slot });
        self.free = index;
    }

    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        let entry = self.entries.get(key.index() as usize)?;
        match &entry.slot {
            Slot::Occupied(value) if entry.generation == key.generation() => Some(value),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let entry = self.entries.get_mut(key.index() as usize)?;
        match &mut entry.slot {
            Slot::Occupied(value) if entry.generation == key.generation() => Some(value),
            _ => None,
        }
    }

    /// Returns the value whose key [`Key::to_token`] packed.
    #[inline]
    pub(crate) fn find(&self, token: usize) -> Option<&T> {
        let (index, generation) = Key::from_token(token);
        let entry = self.entries.get(index)?;
        let known = entry.generation as usize & (usize::MAX >> Key::TOKEN_SPLIT);
        match &entry.slot {
            Slot::Occupied(value) if known == generation => Some(value),
            _ => None,
        }
    }

    /// Takes a value out. Its key, and every copy of it, is stale from here on.
    #[inline] // Only what the caller uses is moved, see benches/ablation.md.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let (index, next) = (key.index(), self.free);
        let entry = &mut self.entries[index as usize];
        // A generation that cannot be counted on retires the entry: it is in no list.
        let retired = entry.generation == u32::MAX;
        entry.generation = entry.generation.wrapping_add(1);
        let free = Slot::Free { previous: NONE, next: if retired { NONE } else { next } };
        let Slot::Occupied(value) = std::mem::replace(&mut entry.slot, free) else {
            unreachable!("`get` has found a value")
        };
        self.len -= 1;
        if !retired {
            self.set_previous(next, index);
            self.free = index;
        }
        Some(value)
    }

    /// Makes every copy of a key stale, and returns the new key of the same value. After 2^31 calls
    /// for one entry the keys repeat.
    pub(crate) fn renew(&mut self, key: Key) -> Option<Key> {
        self.get(key)?;
        let entry = &mut self.entries[key.index() as usize];
        entry.generation = entry.generation.checked_add(2).unwrap_or(1);
        Some(Key::from_parts(key.index(), entry.generation))
    }

    /// Gives the free entries at the end back, if most are free. The owner calls it now and then, and not
    /// each removal: a crowd that comes again and again finds its entries.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        if self.entries.len() > KEPT.max(2 * self.len) {
            self.trim();
        }
    }

    #[cold]
    fn trim(&mut self) {
        while self.entries.len() > KEPT {
            let Some(Entry { generation, slot: Slot::Free { previous, next } }) =
                self.entries.last()
            else {
                break;
            };
            let (generation, previous, next) = (*generation, *previous, *next);
            if generation == 0 {
                break;
            }
            self.floor = self.floor.max(generation);
            if previous == NONE {
                self.free = next;
            } else if let Slot::Free { next: after, .. } = &mut self.entries[previous as usize].slot
            {
                *after = next;
            }
            self.set_previous(next, previous);
            self.entries.pop();
        }
        if self.entries.capacity() > 4 * self.entries.len() {
            self.entries.shrink_to(2 * self.entries.len());
        }
    }

    fn set_previous(&mut self, index: u32, to: u32) {
        if let Some(Entry { slot: Slot::Free { previous, .. }, .. }) =
            self.entries.get_mut(index as usize)
        {
            *previous = to;
        }
    }

    /// Returns all values, in the order of their entries.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        (0..).zip(&self.entries).filter_map(|(index, entry)| match &entry.slot {
            Slot::Occupied(value) => Some((Key::from_parts(index, entry.generation), value)),
            Slot::Free { .. } => None,
        })
    }
}

/// What only some values of a [`Slab`] have, under the same keys. What a value has left behind does
/// not belong to the next one.
pub(crate) struct SecondaryMap<T> {
    /// By the index of the keys, up to the highest that ever had something.
    entries: Vec<Option<(Key, T)>>,
}

impl<T> SecondaryMap<T> {
    pub(crate) const fn new() -> SecondaryMap<T> {
        SecondaryMap { entries: Vec::new() }
    }

    /// Says whether nothing was ever inserted.
    pub(crate) fn is_unused(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        match self.entries.get(key.index() as usize) {
            Some(Some((owner, value))) if *owner == key => Some(value),
            _ => None,
        }
    }

    /// Returns the value of the key; a new one, if it has none.
    pub(crate) fn get_or_insert_with(&mut self, key: Key, make: impl FnOnce() -> T) -> &mut T {
        let index = key.index() as usize;
        if self.entries.len() <= index {
            self.entries.resize_with(index + 1, || None);
        }
        let entry = &mut self.entries[index];
        if entry.as_ref().is_some_and(|(owner, _)| *owner != key) {
            *entry = None;
        }
        &mut entry.get_or_insert_with(|| (key, make())).1
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entries.get_mut(key.index() as usize)?;
        entry.take_if(|(owner, _)| *owner == key).map(|(_, value)| value)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_finds_nothing() {
        let mut slab = Slab::new();
        let old = slab.insert('a');
        assert_eq!(slab.remove(old), Some('a'));
        assert_eq!(slab.get(old), None);
        let new = slab.insert('b');
        assert_eq!(new.index(), old.index(), "the entry is used again");
        assert_eq!((slab.get(old), slab.get(new)), (None, Some(&'b')));
        assert_eq!(slab.remove(old), None);
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn an_entry_whose_generations_are_used_up_is_retired() {
        let mut slab = Slab::new();
        slab.insert(0);
        slab.entries[0].generation = u32::MAX;
        let last = Key::from_parts(0, u32::MAX);
        assert_eq!(slab.remove(last), Some(0));
        assert_eq!(slab.get(last), None);
        assert_eq!(slab.insert(1).index(), 1);
        assert_eq!(slab.iter().count(), 1);
    }

    #[test]
    fn a_renewed_key_names_the_same_value() {
        let mut slab = Slab::new();
        let old = slab.insert('a');
        let new = slab.renew(old);
        assert_eq!(new.and_then(|new| slab.get(new)), Some(&'a'));
        assert_eq!(slab.get(old), None);
        assert_eq!(slab.renew(old), None);
        slab.entries[0].generation = u32::MAX;
        assert_eq!(slab.renew(Key::from_parts(0, u32::MAX)), Some(Key::from_parts(0, 1)));
    }

    /// 177 MiB stayed after a million tasks, in November.
    #[test]
    fn the_memory_of_a_crowd_goes_with_it_and_no_key_is_made_twice() {
        let mut slab = Slab::new();
        let crowd: Vec<Key> = (0..100_000).map(|number| slab.insert(number)).collect();
        // The first and every seventh go first, so that the list of free entries is in no order.
        let (seventh, others): (Vec<Key>, Vec<Key>) =
            crowd.iter().partition(|key| key.index() % 7 == 0);
        for key in seventh.into_iter().chain(others) {
            assert_eq!(slab.remove(key), Some(key.index()));
        }
        assert_eq!(slab.len(), 0);
        slab.shrink();
        assert!(slab.entries.capacity() <= 4 * KEPT, "{}", slab.entries.capacity());
        for number in 0..100_000 {
            let new = slab.insert(number);
            assert_eq!(slab.get(new), Some(&number));
        }
        assert!(crowd.iter().all(|old| slab.get(*old).is_none()));
    }

    #[test]
    fn a_secondary_value_belongs_to_its_key_only() {
        let (old, new) = (Key::from_parts(2, 1), Key::from_parts(2, 3));
        let mut names = SecondaryMap::new();
        assert!(names.is_unused());
        assert_eq!(*names.get_or_insert_with(old, || 'a'), 'a');
        assert_eq!(*names.get_or_insert_with(old, || 'b'), 'a');
        assert_eq!((names.get(old), names.get(new)), (Some(&'a'), None));
        assert_eq!(names.remove(new), None);
        assert_eq!(*names.get_or_insert_with(new, || 'b'), 'b');
        assert_eq!((names.get(old), names.get(new)), (None, Some(&'b')));
        assert_eq!((names.remove(new), names.remove(new)), (Some('b'), None));
    }

    #[test]
    fn a_token_finds_its_own_value_only() {
        let mut slab = Slab::new();
        let token = |key: Key| key.to_token().expect("the index is small");
        let old = slab.insert('a');
        assert_eq!(slab.find(token(old)), Some(&'a'));
        slab.remove(old);
        assert_eq!(slab.find(token(old)), None);
        let new = slab.insert('b');
        assert_eq!(slab.find(token(old)), None);
        assert_eq!(slab.find(token(new)), Some(&'b'));
        assert_eq!(slab.find(usize::MAX), None);
        assert_eq!((old.to_string(), new.to_string()), ("0".into(), "0.1".into()));
        assert_eq!(Key::from_parts(NONE, 1).to_token(), None);
    }
}
