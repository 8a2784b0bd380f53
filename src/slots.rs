//! A slab whose keys carry a generation: what is stale touches nobody.
//!
//! Tasks, sockets and timers live in one of these each. A key names a place and the tenant that
//! it was made for; when the place has a new tenant, the old key finds nothing. A place whose
//! generations are used up is retired, so a key is never made twice.
//!
//! The value of a place stays there when its tenant goes, and the next tenant finds it as it was
//! left: that is how a task inherits a waker. Who has nothing to leave keeps an `Option`, see
//! [`Slots::insert`].

use std::{fmt, iter, num::NonZeroU64};

/// Names one tenant of a place in a [`Slots`], for ever: never reused for another.
///
/// The low half is the place, the high half counts its changes: odd while there is a tenant. It
/// is one number because it is passed around and compared a lot; and it is never 0, so that an
/// `Option` of it is as small.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Key(NonZeroU64);

impl Key {
    /// The places end below this index; whoever needs keys of its own kind takes it.
    const RESERVED: u32 = u32::MAX;

    /// The key made of these two halves, of which one is not 0: a tenant's generation is odd.
    pub(crate) const fn from_parts(index: u32, generation: u32) -> Key {
        match NonZeroU64::new((generation as u64) << 32 | index as u64) {
            Some(key) => Key(key),
            None => panic!("there is no tenant of generation 0"),
        }
    }

    /// A key that no [`Slots`] ever makes.
    pub(crate) const fn reserved(generation: u32) -> Key {
        Key::from_parts(Key::RESERVED, generation)
    }

    /// Whether this key was made by [`Key::reserved`].
    pub(crate) const fn is_reserved(self) -> bool {
        self.index() == Key::RESERVED
    }

    /// The place.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
    pub(crate) const fn index(self) -> u32 {
        self.0.get() as u32
    }

    /// Where it stands when all are in order: the reserved ones first, then place by place.
    pub(crate) const fn rank(self) -> usize {
        self.index().wrapping_add(1) as usize
    }

    /// How often the place has changed, up to this tenant.
    pub(crate) const fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// How many low bits of a token hold the index. Where a token has only 32 bits, 20 are for
    /// the index and 12 for the generation: a stale token is then mistaken only after exactly
    /// a multiple of 2,048 later tenants.
    const TOKEN_SPLIT: u32 = if usize::BITS >= 64 { 32 } else { 20 };

    /// Packs the key into mio's token.
    pub(crate) const fn to_token(self) -> usize {
        (self.generation() as usize) << Key::TOKEN_SPLIT | self.index() as usize
    }

    /// The place that a token names, and what there is in it of the generation.
    const fn from_token(token: usize) -> (usize, usize) {
        (token & ((1 << Key::TOKEN_SPLIT) - 1), token >> Key::TOKEN_SPLIT)
    }
}

/// `3` for the first tenant of place 3, `3.1` for the second, and so on.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index().fmt(f)?;
        match self.generation() / 2 {
            0 => Ok(()),
            earlier => write!(f, ".{earlier}"),
        }
    }
}

/// The places.
pub(crate) struct Slots<T> {
    places: Vec<Place<T>>,
    /// The free place that is used next, or [`Key::RESERVED`]: the head of a list.
    free: u32,
    /// How many places have a tenant.
    len: usize,
}

struct Place<T> {
    /// Counts the changes: odd while there is a tenant.
    generation: u32,
    /// The next free place, while this one is free.
    next: u32,
    value: T,
}

impl<T> Slots<T> {
    pub(crate) const fn new() -> Slots<T> {
        Slots { places: Vec::new(), free: Key::RESERVED, len: 0 }
    }

    /// How many tenants there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Takes a free place for a new tenant. The value is as the last one left it, or what `make`
    /// makes of the new key where no tenant was before.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 tenants already.
    pub(crate) fn claim(&mut self, make: impl FnOnce(Key) -> T) -> (Key, &mut T) {
        let index = self.free;
        let index = if index == Key::RESERVED {
            let index = u32::try_from(self.places.len()).unwrap_or(Key::RESERVED);
            assert!(index < Key::RESERVED, "more than 2^32 - 1 tenants at once");
            let value = make(Key::from_parts(index, 1));
            self.places.push(Place { generation: 0, next: Key::RESERVED, value });
            index
        } else {
            self.free = self.places[index as usize].next;
            index
        };
        let place = &mut self.places[index as usize];
        place.generation += 1;
        self.len += 1;
        (Key::from_parts(index, place.generation), &mut place.value)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        let place = self.places.get(key.index() as usize)?;
        (place.generation == key.generation()).then_some(&place.value)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let place = self.places.get_mut(key.index() as usize)?;
        (place.generation == key.generation()).then_some(&mut place.value)
    }

    /// The tenant whose key [`Key::to_token`] packed.
    #[inline]
    pub(crate) fn find(&self, token: usize) -> Option<&T> {
        let (index, generation) = Key::from_token(token);
        let place = self.places.get(index)?;
        // Tokens were made for tenants: none has the generation of a place without one.
        let known = place.generation as usize & (usize::MAX >> Key::TOKEN_SPLIT);
        (known == generation).then_some(&place.value)
    }

    /// Frees the tenant's place: its key, and every copy of it, is stale from here on. The value
    /// stays; the caller takes out of it what is not for the next tenant.
    pub(crate) fn release(&mut self, key: Key) -> Option<&mut T> {
        let place = self.places.get_mut(key.index() as usize)?;
        if place.generation != key.generation() {
            return None;
        }
        self.len -= 1;
        if let Some(generation) = place.generation.checked_add(1) {
            place.generation = generation;
            place.next = self.free;
            self.free = key.index();
        } else {
            // Retired: nobody gets the place any more, nor finds anything there.
            place.generation = 0;
        }
        Some(&mut place.value)
    }

    /// All tenants, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let (mut places, mut next) = (self.places.iter(), 0);
        iter::from_fn(move || {
            loop {
                let (place, index) = (places.next()?, next);
                next += 1;
                if place.has_tenant() {
                    return Some((Key::from_parts(index, place.generation), &place.value));
                }
            }
        })
    }

    /// The values of all places, with and without a tenant.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().map(|place| &mut place.value)
    }
}

impl<T> Place<T> {
    fn has_tenant(&self) -> bool {
        self.generation % 2 == 1
    }
}

/// For tenants that leave nothing behind.
impl<T> Slots<Option<T>> {
    pub(crate) fn insert(&mut self, value: T) -> Key {
        let (key, place) = self.claim(|_| None);
        *place = Some(value);
        key
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.release(key)?.take()
    }
}

/// What only some tenants of a [`Slots`] have, so that it stands beside the slab. What a tenant has
/// left behind is not the next one's.
pub(crate) struct Beside<T> {
    /// By the ranks of the keys, up to the highest that ever had something.
    entries: Vec<Option<(Key, T)>>,
}

impl<T> Beside<T> {
    pub(crate) const fn new() -> Beside<T> {
        Beside { entries: Vec::new() }
    }

    /// Whether nobody has ever had anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        match self.entries.get(key.rank()) {
            Some(Some((owner, value))) if *owner == key => Some(value),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.entries.get_mut(key.rank()) {
            Some(Some((owner, value))) if *owner == key => Some(value),
            _ => None,
        }
    }

    pub(crate) fn insert(&mut self, key: Key, value: T) {
        while self.entries.len() <= key.rank() {
            self.entries.push(None);
        }
        self.entries[key.rank()] = Some((key, value));
    }

    pub(crate) fn remove(&mut self, key: Key) {
        if self.get(key).is_some() {
            self.entries[key.rank()] = None;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_finds_nothing() {
        let mut slots = Slots::new();
        let old = slots.insert('a');
        assert_eq!(slots.remove(old), Some('a'));
        assert_eq!(slots.get(old), None);
        let new = slots.insert('b');
        assert_eq!(new.index(), old.index(), "the place is used again");
        assert_eq!((slots.get(old), slots.get(new)), (None, Some(&Some('b'))));
        assert_eq!(slots.remove(old), None);
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn a_value_stays_for_the_next_tenant() {
        let mut slots = Slots::<u8>::new();
        let (old, value) = slots.claim(|_| 7);
        assert_eq!(*value, 7);
        slots.release(old);
        let (new, value) = slots.claim(|_| 8);
        assert_eq!((new.index(), *value), (old.index(), 7));
    }

    #[test]
    fn a_place_whose_generations_are_used_up_is_retired() {
        let mut slots = Slots::new();
        slots.insert(0);
        slots.places[0].generation = u32::MAX;
        let last = Key::from_parts(0, u32::MAX);
        assert_eq!(slots.remove(last), Some(0));
        assert_eq!(slots.get(last), None);
        assert_eq!(slots.insert(1).index(), 1);
        assert_eq!(slots.iter().count(), 1);
    }

    #[test]
    fn what_stands_beside_is_its_own_tenants_only() {
        let (old, new) = (Key::from_parts(2, 1), Key::from_parts(2, 3));
        let (root, next_root) = (Key::reserved(0), Key::reserved(1));
        let mut names = Beside::new();
        assert!(names.is_empty());
        names.insert(old, 'a');
        names.insert(root, 'r');
        names.remove(new);
        names.remove(next_root);
        assert_eq!((names.get(old), names.get(new)), (Some(&'a'), None));
        assert_eq!((names.get(root), names.get(next_root)), (Some(&'r'), None));
        names.insert(new, 'b');
        names.remove(root);
        assert_eq!((names.get(old), names.get(root)), (None, None));
        assert_eq!(names.get_mut(new), Some(&mut 'b'));
        assert_eq!(names.entries.len(), 4);
    }

    #[test]
    fn a_token_finds_its_own_tenant_only() {
        let mut slots = Slots::new();
        let old = slots.insert('a');
        assert_eq!(slots.find(old.to_token()), Some(&Some('a')));
        slots.remove(old);
        assert_eq!(slots.find(old.to_token()), None);
        let new = slots.insert('b');
        assert_eq!(slots.find(old.to_token()), None);
        assert_eq!(slots.find(new.to_token()), Some(&Some('b')));
        assert_eq!(slots.find(usize::MAX), None);
        assert_eq!((old.to_string(), new.to_string()), ("0".into(), "0.1".into()));
    }
}
