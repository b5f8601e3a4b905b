//! The usual case in a straight line: commands on data, one after the other, in whose way nothing stands.
//!
//! What can stand in the way of a command is asked once for all of them: commands on data cannot change the answer. They
//! are run with one context, and whatever else could become of a command (a queue, a wait, listeners, a monitor, a
//! transaction) is left to [`execution`](super::execution). In a batch of a hundred a GET costs a tenth less so.

use super::Keyspace;
use super::batch::{Current, warm_ahead};
use super::execution::{Part, answer, context, nanoseconds, record};
use super::messages::Work;
use crate::commands;
use quanta::Instant;

impl Keyspace {
    /// Runs the commands at the front of what is left of the batch in progress that are plain; answers when the last one
    /// ended.
    pub(super) fn run_plain(&mut self, mut started: Instant) -> Instant {
        if self.config.maxmemory > 0
            || self.monitors.is_watched()
            || self.clients.is_heard()
            || !self.suspects.lets_all_run()
        {
            return started;
        }
        let Some(current) = self.current.as_mut().filter(|current| current.is_ordinary()) else {
            return started;
        };
        let Current { slot, work, next, warmed, replies, wrote, .. } = current;
        let database = self.clients[*slot].database;
        let Work { batch, prepared, replies: out, .. } = &mut **work;
        if !prepared.get(*next).is_some_and(commands::Prepared::is_plain) {
            return started;
        }
        let mut context = context!(self, batch.argv(*next), *slot);
        if !commands::is_way_free(&mut context) {
            return started;
        }
        while let Some(command) = prepared.get(*next).filter(|command| command.is_plain()) {
            if warm_ahead(warmed, *next, batch, prepared, context.store.db_ref(database)) {
                started = self.stopwatch.now();
            }
            context.argv = batch.argv(*next);
            context.random = self.random.draw();
            context.session().last_command = command.entry;
            debug_assert!(commands::passes(&mut context, command), "a gate would have had an objection");
            let reply = commands::execute_again(&mut context, command);
            *replies += usize::from(answer(context.session(), reply, Part::Alone, out));
            *wrote |= record(&mut self.log, &mut context, Part::Alone);
            context.effects.garbage.drain(..).for_each(|garbage| self.facts.reclaimer.discard(garbage));
            let ended = self.stopwatch.now();
            commands::note_duration(&mut context, command, nanoseconds(ended - started));
            debug_assert!(context.effects.controls.is_empty(), "a plain command asks for nothing");
            context.effects.forget();
            started = ended;
            *next += 1;
        }
        started
    }
}
