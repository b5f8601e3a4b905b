//! The bound on what is remembered, and what becomes of it as clients come and go.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn client(clients: &mut Clients, id: ClientId) -> Slot {
    let mut session = Session::new(id, String::new(), String::new(), false);
    session.protocol = Protocol::Resp3;
    clients.insert(session)
}

proptest! {
    #[test]
    fn no_more_keys_are_remembered_than_the_bound(
        most in 1..20usize,
        reads in prop::collection::vec((0..3u64, 0..100u8), 0..200),
        random in any::<u64>(),
    ) {
        let mut clients = Clients::default();
        for id in 0..3 {
            let slot = client(&mut clients, id);
            clients.track(slot, Options::default(), Vec::new());
        }
        let mut remembered = BTreeMap::<u8, BTreeSet<u64>>::new();
        for (index, (reader, key)) in reads.into_iter().enumerate() {
            clients.tracking.table.add(&[key], reader);
            remembered.entry(key).or_default().insert(reader);
            clients.bound_tracking(most, random.wrapping_add(index as u64));
            prop_assert!(clients.tracking.table.len() <= most);
            // Whatever is not remembered any more, its readers are told of.
            for message in clients.take_messages() {
                let text = String::from_utf8_lossy(&message.bytes).into_owned();
                prop_assert!(text.starts_with(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n"), "{}", text);
                let key = message.bytes[message.bytes.len() - 3];
                prop_assert!(remembered.entry(key).or_default().remove(&(message.slot as u64)));
            }
        }
        for (key, readers) in remembered {
            let left: Vec<_> = readers.into_iter().collect();
            prop_assert_eq!(clients.tracking.table.remove(&[key]), left);
        }
    }
}

#[test]
fn zero_is_no_bound() {
    let mut clients = Clients::default();
    (0..100).for_each(|key| clients.tracking.table.add(&[key], 1));
    clients.bound_tracking(0, 7);
    assert_eq!(clients.tracking_sizes(), (100, 100, 0));
}

#[test]
fn the_last_client_that_tracked_takes_its_keys_along() {
    let mut clients = Clients::default();
    let (one, other) = (client(&mut clients, 1), client(&mut clients, 2));
    clients.track(one, Options::default(), Vec::new());
    clients.track(other, Options { broadcast: true, ..Options::default() }, Vec::new());
    clients.tracking.table.add(b"k", 1);
    clients.untrack(one);
    assert_eq!((clients.tracking_len(), clients.tracking_sizes()), (1, (1, 1, 1)));
    clients.remove(1);
    assert_eq!((clients.tracking_len(), clients.tracking_sizes()), (1, (1, 1, 1)));
    clients.remove(2);
    assert_eq!((clients.tracking_len(), clients.tracking_sizes()), (0, (0, 0, 0)));
    assert!(!clients.is_heard());
}
