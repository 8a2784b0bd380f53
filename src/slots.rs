//! A slab whose keys carry a generation: what is stale touches nobody.
//!
//! Tasks, sockets and timers live in one of these each. A key names a place and the tenant
//! that it was made for; when the place has a new tenant, the old key finds nothing. A place
//! whose generations are used up is retired, so a key is never made twice.

use std::fmt;

/// Names one value of a [`Slots`], for ever: never reused for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Key {
    /// The place in the vector.
    index: u32,
    /// Which tenant of that place, counted from 0.
    generation: u32,
}

impl Key {
    /// The places end below this index; whoever needs keys of its own kind takes it.
    const RESERVED: u32 = u32::MAX;

    /// A key that no [`Slots`] ever makes.
    pub(crate) const fn reserved(generation: u32) -> Key {
        Key { index: Key::RESERVED, generation }
    }

    /// Whether this key was made by [`Key::reserved`].
    pub(crate) const fn is_reserved(self) -> bool {
        self.index == Key::RESERVED
    }

    /// The key made of these two halves.
    pub(crate) const fn from_parts(index: u32, generation: u32) -> Key {
        Key { index, generation }
    }

    /// The place, and which of its tenants.
    pub(crate) const fn parts(self) -> (u32, u32) {
        (self.index, self.generation)
    }

    /// How many low bits of a token hold the index. Where a token has only 32 bits, 20 are for
    /// the index and 12 for the generation: a stale token is then mistaken only after exactly
    /// a multiple of 4,096 later tenants.
    const TOKEN_SPLIT: u32 = if usize::BITS >= 64 { 32 } else { 20 };

    /// Packs the key into mio's token.
    pub(crate) const fn to_token(self) -> usize {
        (self.generation as usize) << Key::TOKEN_SPLIT | self.index as usize
    }
}

/// `3` for the first tenant of place 3, `3.1` for the second, and so on.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.index)?;
        if self.generation > 0 {
            write!(f, ".{}", self.generation)?;
        }
        Ok(())
    }
}

/// The values, each at its place.
pub(crate) struct Slots<T> {
    entries: Vec<Entry<T>>,
    /// The free place that is used next, or [`Key::RESERVED`]: the head of a list that goes
    /// through the vacant entries.
    free: u32,
    /// How many places have a tenant.
    len: usize,
}

struct Entry<T> {
    generation: u32,
    tenant: Tenant<T>,
}

enum Tenant<T> {
    Vacant { next: u32 },
    Here(T),
}

impl<T> Slots<T> {
    pub(crate) const fn new() -> Slots<T> {
        Slots { entries: Vec::new(), free: Key::RESERVED, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in the value that `make` returns for its key.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 values already.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        let index = self.free;
        let key = if let Some(entry) = self.entries.get_mut(index as usize) {
            let Tenant::Vacant { next } = entry.tenant else {
                unreachable!("the free list leads to vacant entries only");
            };
            let key = Key { index, generation: entry.generation };
            self.free = next;
            entry.tenant = Tenant::Here(make(key));
            key
        } else {
            let index = u32::try_from(self.entries.len()).unwrap_or(Key::RESERVED);
            assert!(index < Key::RESERVED, "more than 2^32 - 1 values at once");
            let key = Key { index, generation: 0 };
            self.entries.push(Entry { generation: 0, tenant: Tenant::Here(make(key)) });
            key
        };
        self.len += 1;
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        match self.entries.get(key.index as usize) {
            Some(Entry { generation, tenant: Tenant::Here(value) })
                if *generation == key.generation =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.entries.get_mut(key.index as usize) {
            Some(Entry { generation, tenant: Tenant::Here(value) })
                if *generation == key.generation =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// The value whose key [`Key::to_token`] packed.
    pub(crate) fn find(&self, token: usize) -> Option<(Key, &T)> {
        let index = token & ((1 << Key::TOKEN_SPLIT) - 1);
        let Entry { generation, tenant: Tenant::Here(value) } = self.entries.get(index)? else {
            return None;
        };
        let key = Key { index: u32::try_from(index).ok()?, generation: *generation };
        (key.to_token() == token).then_some((key, value))
    }

    /// Takes the value out. Its key, and every copy of it, is stale from here on.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let entry = &mut self.entries[key.index as usize];
        let tenant = if let Some(generation) = entry.generation.checked_add(1) {
            entry.generation = generation;
            let vacant = Tenant::Vacant { next: self.free };
            self.free = key.index;
            std::mem::replace(&mut entry.tenant, vacant)
        } else {
            // Retired: the last generation stays, with nobody in it, out of the free list.
            std::mem::replace(&mut entry.tenant, Tenant::Vacant { next: Key::RESERVED })
        };
        self.len -= 1;
        match tenant {
            Tenant::Here(value) => Some(value),
            Tenant::Vacant { .. } => unreachable!("looked at above"),
        }
    }

    /// All values, out of their places, in order.
    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.entries.into_iter().filter_map(|entry| match entry.tenant {
            Tenant::Here(value) => Some(value),
            Tenant::Vacant { .. } => None,
        })
    }

    /// All values, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.entries.iter().zip(0..).filter_map(|(entry, index)| match &entry.tenant {
            Tenant::Here(value) => Some((Key { index, generation: entry.generation }, value)),
            Tenant::Vacant { .. } => None,
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_finds_nothing() {
        let mut slots = Slots::new();
        let old = slots.insert_with(|_| 'a');
        assert_eq!(slots.remove(old), Some('a'));
        let new = slots.insert_with(|_| 'b');
        assert_eq!(new.index, old.index, "the place is used again");
        assert_eq!((slots.get(old), slots.get(new)), (None, Some(&'b')));
        assert_eq!(slots.remove(old), None);
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn a_place_whose_generations_are_used_up_is_retired() {
        let mut slots = Slots::new();
        slots.insert_with(|_| 0);
        slots.entries[0].generation = u32::MAX;
        let last = Key { index: 0, generation: u32::MAX };
        assert_eq!(slots.remove(last), Some(0));
        assert_eq!(slots.get(last), None);
        assert_eq!(slots.insert_with(|_| 1).index, 1);
    }

    #[test]
    fn a_token_finds_its_own_value_only() {
        let mut slots = Slots::new();
        let old = slots.insert_with(|_| 'a');
        assert_eq!(slots.find(old.to_token()), Some((old, &'a')));
        slots.remove(old);
        let new = slots.insert_with(|_| 'b');
        assert_eq!(slots.find(old.to_token()), None);
        assert_eq!(slots.find(new.to_token()), Some((new, &'b')));
        assert_eq!(slots.find(usize::MAX), None);
        assert_eq!((old.to_string(), new.to_string()), ("0".into(), "0.1".into()));
        assert!(Key::reserved(1).is_reserved());
    }
}
