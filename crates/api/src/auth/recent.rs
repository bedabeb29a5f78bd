//! What was used lately, up to a bound.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Remembers at least the last so many entries that were put in, and at most twice as many: new ones go into `young`; when it
/// is full it becomes `old`, and what was `old` is forgotten.
pub struct Recent<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Remembers at least the last `half` entries.
    #[must_use]
    pub fn new(half: usize) -> Self {
        Self { half, young: HashMap::new(), old: HashMap::new() }
    }

    /// Puts an entry in, in the place of an older one of the same name.
    pub fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// The entry of this name, if it is still known.
    #[must_use]
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Forgets an entry.
    pub fn forget<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entries_are_known_and_never_more_than_twice_as_many() {
        let mut recent = Recent::new(100);
        for number in 0..1_000_u32 {
            recent.put(number, number);
            let known = (0..=number).filter(|key| recent.get(key).is_some());
            let known: Vec<_> = known.collect();
            assert!(known.len() <= 200);
            assert!(
                (number.saturating_sub(99)..=number).all(|key| known.contains(&key)),
                "{number}: {known:?}"
            );
        }
        recent.put(999, 0);
        assert_eq!(recent.get(&999), Some(&0));
        recent.forget(&999);
        assert_eq!(recent.get(&999), None);
    }
}
