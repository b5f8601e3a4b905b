//! Members picked at random: SRANDMEMBER looks, SPOP takes.

use super::ACCESS;
use super::sieve::Sieve;
use crate::commands::args::Args;
use crate::commands::big_replies::{self, BIG_LEN, write_string};
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::events::Class;
use crate::commands::faults::Fault;
use crate::commands::picks::{Form, Picks, Pool, read_count};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Encoder, Reply, Span};
use crate::store::Random;
use crate::store::{Set, StringRef, Value};

/// `SRANDMEMBER key [count]`
pub(in crate::commands) struct Srandmember {
    key: Span,
    /// Below zero: so many picks, one member as often as it comes up.
    count: Option<i64>,
}

impl Command for Srandmember {
    const SPEC: Spec = Spec {
        name: "srandmember",
        arity: -2,
        complexity: "O(N) where N is the number of members returned",
        summary: "Returns members of a set picked at random",
        syntax: "key [count]",
        history: &[("2.6.0", "The optional `count`")],
        tips: &["nondeterministic_output"],
        ..ACCESS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let count = if args.left() == 1 { Some(read_count(args)) } else { None };
        args.done(Self { key, count })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (mut random, protocol) = (Random::new(context.random), context.session().protocol);
        let set = context.read_set(self.key)?;
        let Some(count) = self.count else {
            let picked = set.and_then(|set| set.random(|| random.draw()));
            return Ok(picked.map_or(Reply::Null, string_reply));
        };
        let Some(set) = set.filter(|_| count != 0) else { return Ok(Reply::EMPTY_ARRAY) };
        Ok(Picks::new(set, count, random).reply(set, AsArray, protocol))
    }
}

impl Pool for Set {
    type Pick<'p> = StringRef<'p>;

    fn len(&self) -> usize {
        Set::len(self)
    }

    fn is_packed(&self) -> bool {
        Set::is_packed(self)
    }

    fn all(&self) -> Vec<StringRef<'_>> {
        self.iter().map(|member| member.text()).collect()
    }

    fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(StringRef<'_>)) -> u64 {
        Set::scan(self, cursor, count, |member| visit(member.text()))
    }

    fn random(&self, random: impl FnMut() -> u64) -> Option<StringRef<'_>> {
        Set::random(self, random)
    }

    fn name<'p>(&'p self, member: StringRef<'p>) -> StringRef<'p> {
        member
    }
}

/// Picked members as an array.
struct AsArray;

impl Form<Set> for AsArray {
    fn begin(&self, out: &mut Encoder<'_>, len: usize) {
        out.array_len(len);
    }

    fn write(&self, out: &mut Encoder<'_>, member: StringRef<'_>) {
        write_string(out, member);
    }
}

/// `SPOP key [count]`
pub(in crate::commands) struct Spop {
    key: Span,
    count: Option<u64>,
}

impl Command for Spop {
    const SPEC: Spec = Spec {
        name: "spop",
        arity: -2,
        flags: &[Flag::Write, Flag::Fast],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        group: Group::Set,
        complexity: "O(N) where N is the number of members taken",
        summary: "Takes members picked at random out of a set, and the set away with its last member",
        syntax: "key [count]",
        history: &[("3.2.0", "The optional `count`")],
        tips: &["nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let count = if args.left() == 1 { Some(args.count()) } else { None };
        args.done(Self { key, count })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let len = context.db().set(key, now_ms)?.map_or(0, |set| set.len());
        let Some(count) = self.count else {
            return Ok(if len == 0 { Reply::Null } else { pop_one(context, key, len == 1) });
        };
        match usize::try_from(count).unwrap_or(usize::MAX) {
            0 => Ok(Reply::Set(Vec::new())),
            _ if len == 0 => Ok(Reply::Set(Vec::new())),
            count if count >= len => Ok(self.pop_all(context, len)),
            count if (len - count).saturating_mul(FEW_STAY_FACTOR) <= count => {
                Ok(pop_most(context, key, len - count))
            }
            count => Ok(pop_some(context, key, count)),
        }
    }
}

impl Spop {
    /// Takes the whole set away.
    fn pop_all(&self, context: &mut Context<'_>, len: usize) -> Reply {
        let (key, now_ms) = (context.argv.bytes(self.key), context.now_ms);
        let protocol = context.session().protocol;
        let set = context.db().set(key, now_ms).ok().flatten();
        let reply = set.map(|set| big_replies::set(set, protocol));
        let removed = context.db().remove(key, now_ms);
        context.effects.discard(removed);
        context.effects.touched_times(len as u64);
        context.taken_from(Class::Set, "spop", key, true);
        context.log_removal(self.key);
        reply.unwrap_or(Reply::Set(Vec::new()))
    }
}

/// Takes one member, perhaps the last.
fn pop_one(context: &mut Context<'_>, key: &[u8], emptied: bool) -> Reply {
    let (now_ms, mut random) = (context.now_ms, Random::new(context.random));
    let popped =
        context.db().set_mut(key, now_ms).ok().flatten().and_then(|mut set| set.pop(|| random.draw()));
    let Some(popped) = popped else { return Reply::Null };
    context.effects.touched();
    context.taken_from(Class::Set, "spop", key, emptied);
    context.log([b"SREM", key, &popped]);
    Reply::bulk(popped)
}

/// Takes so many members, but not all. The log takes them out one by one, as Redis 7.0's does.
fn pop_some(context: &mut Context<'_>, key: &[u8], count: usize) -> Reply {
    let (now_ms, mut random) = (context.now_ms, Random::new(context.random));
    let mut popped = Vec::with_capacity(count);
    if let Ok(Some(mut set)) = context.db().set_mut(key, now_ms) {
        popped.extend((0..count).map_while(|_| set.pop(|| random.draw())));
    }
    context.effects.touched_times(popped.len() as u64);
    context.changed(Class::Set, "spop", key);
    if context.is_logged() {
        popped.iter().for_each(|member| context.log([b"SREM", key, member]));
    }
    big_replies::texts_as_set(popped)
}

/// Where at most one member stays for so many that are taken, those that stay are picked, as in Redis.
const FEW_STAY_FACTOR: usize = 5;

/// Takes all members but so few. Those that stay become a new set, in the form that a new one has, as in Redis 7.2; the
/// others are answered as the old one without them.
fn pop_most(context: &mut Context<'_>, key: &[u8], stay: usize) -> Reply {
    let (now_ms, random) = (context.now_ms, Random::new(context.random));
    let builder = context.db().builder();
    let Some(old) = context.db().set(key, now_ms).ok().flatten().cloned() else {
        return Reply::Set(Vec::new());
    };
    let mut picks = Picks::new(&old, i64::try_from(stay).unwrap_or(i64::MAX), random);
    let mut staying = if old.is_packed() { builder.set_packed() } else { builder.set(0) };
    // The same to look others up in: a packed set would be walked for each of them.
    let mut table = builder.set_table();
    while picks.left > 0 {
        picks.visit_some(&old, |member| {
            staying.add(member);
            table.add(member);
        });
    }
    let (staying, table) = (staying.finish(), table.finish());
    let deadline_ms = context.db().deadline(key, now_ms).flatten();
    let replaced = context.db().insert(key, Value::Set(staying.clone()), deadline_ms, now_ms);
    context.effects.discard(replaced);
    let count = old.len() - staying.len();
    context.effects.touched_times(count as u64);
    context.changed(Class::Set, "spop", key);
    let popped = || old.iter().filter(|member| !table.has(member)).map(|member| member.text());
    if context.is_logged() {
        popped().for_each(|member| context.log([&b"SREM"[..], key, &member.to_bytes()]));
    }
    match count {
        0..BIG_LEN => Reply::Set(popped().map(string_reply).collect()),
        _ => Sieve::default().and(&old, &[&table], false).reply(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, HashKey, Limits};
    use std::collections::HashMap;

    #[test]
    fn every_form_is_picked_from_evenly() {
        let mut database = Database::new(HashKey(1, 2), Limits::default());
        for (prefix, members, encoding) in
            [("", 100, "intset"), ("m", 100, "listpack"), ("m", 200, "hashtable")]
        {
            let mut set = database.builder().set(0);
            let names: Vec<_> = (0..members).map(|number| format!("{prefix}{number}")).collect();
            assert!(names.iter().all(|name| set.add(StringRef::Slice(name.as_bytes()))));
            let set = set.finish();
            assert_eq!(set.encoding(), encoding);
            for count in [-20_i64, 20, 90] {
                let (mut times, rounds) = (HashMap::new(), 200 * members as u64 / count.unsigned_abs());
                for round in 0..rounds {
                    let mut picks = Picks::new(&set, count, Random::new(round));
                    while picks.left > 0 {
                        picks.visit_some(&set, |member| *times.entry(member.to_vec()).or_insert(0_u32) += 1);
                    }
                }
                // Two hundred on average, and five times the deviation of independent picks around that.
                assert_eq!(times.len(), members);
                assert!(
                    times.values().all(|times| (125..275).contains(times)),
                    "{encoding} {count}: {times:?}"
                );
            }
            database.insert(b"s", crate::store::Value::Set(set), None, 0);
        }
    }
}
