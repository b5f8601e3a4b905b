//! Which client has read which key, in bounded memory.
//!
//! Keys are known by name alone, whatever their database, as in Redis: a client may hear of a key too much, never too
//! little. Each key's entry goes with the first change, as the client has then to read it again. Beyond the bound some
//! keys are picked at random for their clients to forget.

use crate::commands::session::ClientId;
use std::collections::HashMap;
use std::sync::Arc;

/// Keys and the clients that have read them.
#[derive(Debug, Default)]
pub(super) struct Table {
    readers: HashMap<Arc<[u8]>, Readers>,
    /// The keys once more, to pick one of.
    keys: Vec<Arc<[u8]>>,
    /// How many pairs of a key and a client there are.
    items: usize,
}

/// Who has read a key.
#[derive(Debug)]
struct Readers {
    /// Where the key stands in [`Table::keys`].
    place: usize,
    /// In rising order.
    clients: Vec<ClientId>,
}

impl Table {
    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many pairs of a key and a client there are.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Notes that a client has read a key.
    pub(super) fn add(&mut self, key: &[u8], client: ClientId) {
        let Some(readers) = self.readers.get_mut(key) else {
            let key: Arc<[u8]> = key.into();
            let readers = Readers { place: self.keys.len(), clients: vec![client] };
            self.keys.push(key.clone());
            self.readers.insert(key, readers);
            self.items += 1;
            return;
        };
        if let Err(place) = readers.clients.binary_search(&client) {
            readers.clients.insert(place, client);
            self.items += 1;
        }
    }

    /// Takes a key out; answers who has read it.
    pub(super) fn remove(&mut self, key: &[u8]) -> Vec<ClientId> {
        let Some(Readers { place, clients }) = self.readers.remove(key) else { return Vec::new() };
        self.keys.swap_remove(place);
        if let Some(moved) = self.keys.get(place).and_then(|moved| self.readers.get_mut(moved)) {
            moved.place = place;
        }
        self.items -= clients.len();
        clients
    }

    /// A key to be forgotten, picked by a random number.
    pub(super) fn pick(&self, random: u64) -> Option<Arc<[u8]>> {
        let place = random.checked_rem(self.keys.len() as u64)?;
        self.keys.get(usize::try_from(place).ok()?).cloned()
    }

    /// Forgets everything; answers it, to be freed elsewhere.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[derive(Clone, Debug)]
    enum Step {
        Add(u8, u8),
        Remove(u8),
        Pick(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..40u8, 0..5u8).prop_map(|(key, client)| Step::Add(key, client)),
            1 => (0..40u8).prop_map(Step::Remove),
            1 => any::<u64>().prop_map(Step::Pick),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_map_of_sets(steps in prop::collection::vec(step(), 0..300)) {
            let (mut table, mut model) = (Table::default(), BTreeMap::<u8, BTreeSet<u64>>::new());
            for step in steps {
                match step {
                    Step::Add(key, client) => {
                        table.add(&[key], client.into());
                        model.entry(key).or_default().insert(client.into());
                    }
                    Step::Remove(key) => {
                        let clients: Vec<_> = model.remove(&key).unwrap_or_default().into_iter().collect();
                        prop_assert_eq!(table.remove(&[key]), clients);
                    }
                    Step::Pick(random) => {
                        let picked = table.pick(random);
                        prop_assert_eq!(picked.is_none(), model.is_empty());
                        prop_assert!(picked.is_none_or(|key| model.contains_key(&key[0])));
                    }
                }
                prop_assert_eq!(table.len(), model.len());
                prop_assert_eq!(table.items(), model.values().map(BTreeSet::len).sum::<usize>());
            }
        }
    }
}
