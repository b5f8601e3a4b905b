//! Memory: what a key, a field or an element adds to the resident size of an empty server.
//!
//! Each shape gets a server of its own, so that nothing lies in what another one has freed.

use crate::load::fill;
use crate::plan::{Bench, Plan, counted};
use crate::requests::{key, put, value};
use crate::servers::{Program, Server};
use std::io;

/// The table that this part fills.
pub(crate) const MEMORY: &str = "resident bytes";

/// Keys with a string, members of something big.
const MANY: u64 = 1_000_000;

/// Small hashes and lists.
const SOME: u64 = 100_000;

const HASH_FIELDS: usize = 10;
const LIST_ITEMS: usize = 20;

/// Requests that change nothing, and their size.
const WARM: u64 = 20_000;
const WARM_BYTES: usize = 100;

/// What one request of a shape looks like.
type Encode = fn(u64, &mut Vec<u8>);

/// Something to fill a server with.
struct Shape {
    what: String,
    /// Requests, each of which makes what is counted.
    count: u64,
    encode: Encode,
}

/// How many steps of the progress this part takes.
pub(crate) fn steps(bench: &Bench) -> u64 {
    (shapes(&bench.plan).len() * bench.plan.rounds * bench.programs.len()) as u64
}

/// Measures all shapes in all rounds.
pub(crate) fn measure(bench: &mut Bench) -> io::Result<()> {
    for round in 0..bench.plan.rounds {
        for shape in shapes(&bench.plan) {
            for place in bench.order(round) {
                let program = bench.programs[place].clone();
                bench.step(round, program.kind, &shape.what);
                let result = shape.bytes(&program, bench.plan.unix);
                let result =
                    result.and_then(|bytes| bench.results.add(MEMORY, &shape.what, program.kind, bytes));
                bench.or_skip(MEMORY, &shape.what, program.kind, result)?;
            }
        }
    }
    Ok(())
}

impl Shape {
    /// What each of them takes.
    fn bytes(&self, program: &Program, unix: bool) -> io::Result<Option<f64>> {
        let server = Server::start(program, unix)?;
        // What a connection with much to say needs for itself is there before.
        fill(&server, WARM, |_, bytes| put(bytes, &[b"ECHO", &value(WARM_BYTES)]))?;
        server.rest();
        let before = server.resident_bytes();
        fill(&server, self.count, self.encode)?;
        server.rest();
        let grown = server.resident_bytes().zip(before).map(|(after, before)| after - before);
        Ok(grown.map(|grown| grown / self.count as f64))
    }
}

fn shapes(plan: &Plan) -> Vec<Shape> {
    let (many, some) = (MANY / plan.divisor, SOME / plan.divisor);
    let shape = |what: &str, count: u64, encode: Encode| Shape {
        what: what.replace('#', &counted(count)),
        count,
        encode,
    };
    vec![
        shape("a key of 16 bytes with 10 bytes, of #", many, |number, bytes| string(number, 10, bytes)),
        shape("a key of 16 bytes with 100 bytes, of #", many, |number, bytes| string(number, 100, bytes)),
        shape("a key of 16 bytes with 10 bytes and a TTL, of #", many, |number, bytes| {
            put(bytes, &[b"SET", key(number).as_bytes(), &value(10), b"EX", b"100000"]);
        }),
        shape("a hash of 10 small fields, of #", some, small_hash),
        shape("a list of 20 small items, of #", some, small_list),
        shape("a field of a hash of #", many, big_hash),
        shape("an item of a list of #", many, |number, bytes| {
            put(bytes, &[b"RPUSH", b"big", format!("item:{number:07}").as_bytes()]);
        }),
        shape("a member of a set of #", many, |number, bytes| big_set("big", number, bytes)),
        shape("a member of a sorted set of #", many, |number, bytes| big_sorted_set("big", number, bytes)),
    ]
}

/// `SET` of a value of so many bytes.
pub(crate) fn string(number: u64, len_bytes: usize, bytes: &mut Vec<u8>) {
    put(bytes, &[b"SET", key(number).as_bytes(), &value(len_bytes)]);
}

/// A field of the hash `big`.
pub(crate) fn big_hash(number: u64, bytes: &mut Vec<u8>) {
    put(bytes, &[b"HSET", b"big", format!("field:{number:07}").as_bytes(), &value(10)]);
}

pub(crate) fn big_set(key: &str, number: u64, bytes: &mut Vec<u8>) {
    put(bytes, &[b"SADD", key.as_bytes(), format!("member:{number:07}").as_bytes()]);
}

pub(crate) fn big_sorted_set(key: &str, number: u64, bytes: &mut Vec<u8>) {
    let (score, member) = (number.to_string(), format!("member:{number:07}"));
    put(bytes, &[b"ZADD", key.as_bytes(), score.as_bytes(), member.as_bytes()]);
}

fn small_hash(number: u64, bytes: &mut Vec<u8>) {
    let key = key(number);
    let fields: Vec<_> =
        (0..HASH_FIELDS).map(|field| (format!("field{field}"), format!("value{field}"))).collect();
    let words = fields.iter().flat_map(|(field, value)| [field.as_bytes(), value.as_bytes()]);
    put(bytes, &[&b"HSET"[..], key.as_bytes()].into_iter().chain(words).collect::<Vec<_>>());
}

fn small_list(number: u64, bytes: &mut Vec<u8>) {
    let key = key(number);
    let items: Vec<_> = (0..LIST_ITEMS).map(|item| format!("item{item:02}")).collect();
    let words = items.iter().map(String::as_bytes);
    put(bytes, &[&b"RPUSH"[..], key.as_bytes()].into_iter().chain(words).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Extent;

    #[test]
    fn shapes_say_how_many_there_are() {
        let plan = Extent::Quick.plan(None, 1, false, 1000);
        let texts: Vec<_> = shapes(&plan).into_iter().map(|shape| shape.what).collect();
        assert_eq!(texts[0], "a key of 16 bytes with 10 bytes, of 100 thousand");
        assert!(texts.iter().all(|text| !text.contains('#')));
    }

    #[test]
    fn a_small_hash_and_a_small_list_have_all_their_parts() {
        for (encode, words) in [(small_hash as Encode, 2 + 2 * HASH_FIELDS), (small_list, 2 + LIST_ITEMS)] {
            let mut bytes = Vec::new();
            encode(7, &mut bytes);
            assert!(bytes.starts_with(format!("*{words}\r\n").as_bytes()));
            assert_eq!(bytes.iter().filter(|byte| **byte == b'$').count(), words);
        }
    }
}
