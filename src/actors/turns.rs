//! Giving way: how a future that could go on for long has others take their turn.
//!
//! The runtime looks at the sockets after so many turns of tasks, or when no task has anything to do. Whoever wakes itself
//! for its next turn is among the tasks that have something to do; whoever gives way is not, until then.

use std::pin::pin;
use std::task::{Context, Poll};

/// Asks to be polled again once all others had their turn, those included whose sockets have yet to be looked at.
pub(super) fn give_way<T>(cx: &mut Context<'_>) -> Poll<T> {
    // Its first poll does all there is to do: it puts the waker aside until then.
    let _ = pin!(tokio::task::yield_now()).poll(cx);
    Poll::Pending
}
