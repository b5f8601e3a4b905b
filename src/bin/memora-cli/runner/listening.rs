//! Subscriptions at the prompt: messages as they come until Ctrl-C, which leaves the subscriptions as they are.
//!
//! redis-cli 7.0 stays in this view until it is ended, and so does memora-cli where nobody types. At a prompt
//! the connection goes on: under RESP3 every command works, under RESP2 those the server allows.

use std::io;
use std::time::Duration;

use memora::resp::Reply;

use super::{Pushes, Runner, Trouble};
use crate::interrupts::Interrupts;
use crate::link::LinkError;
use crate::render::Format;
use crate::subscriptions::is_message;

/// How long Ctrl-C may go unnoticed while no message comes.
const GLANCE: Duration = Duration::from_millis(100);

/// Said above the messages.
const READING: &str = "Reading messages... (Ctrl-C returns to the prompt, :listen comes back)\n";

impl Runner {
    /// Shows messages of the subscriptions there are until Ctrl-C.
    ///
    /// # Errors
    /// When the connection breaks, or the output.
    pub(crate) fn listen_again(&mut self) -> Result<(), Trouble> {
        if !self.session.is_subscribed() {
            return Ok(self.say("There are no subscriptions; SUBSCRIBE makes some.\n")?);
        }
        self.guarded(Self::listen).map(drop)
    }

    /// The same for what was just subscribed to; a refusal ends it.
    pub(super) fn listen(&mut self) -> Result<(), Trouble> {
        if self.style.format != Format::Raw {
            self.say(READING)?;
        }
        if let Some(interrupts) = &self.interrupts {
            interrupts.viewing();
        }
        self.session.link()?.set_read_timeout(Some(GLANCE)).map_err(LinkError::from)?;
        let ended = self.print_until_interrupted();
        // What came of an interruption is settled here: the connection goes on.
        if let Some(interrupts) = &self.interrupts {
            interrupts.waiting();
        }
        if let Ok(link) = self.session.link() {
            link.set_read_timeout(None).map_err(LinkError::from)?;
        }
        if ended? == Ended::Interrupted { Ok(self.say("\n")?) } else { Ok(()) }
    }

    fn print_until_interrupted(&mut self) -> Result<Ended, Trouble> {
        while !self.interrupts.as_ref().is_some_and(Interrupts::interrupted) {
            let message = match self.session.receive() {
                Err(LinkError::Io(error)) if is_timeout(&error) => continue,
                other => other?,
            };
            self.print(&message, false)?;
            // A refusal, or a place in a transaction.
            if message.is_error() || matches!(message, Reply::Simple(_)) {
                return Ok(Ended::Refused);
            }
        }
        Ok(Ended::Interrupted)
    }

    /// Prints the confirmations of UNSUBSCRIBE and the like, and messages that come in between.
    pub(super) fn print_confirmations(&mut self, args: &[Vec<u8>]) -> Result<(), Trouble> {
        let mut left = self.session.subscriptions().confirmations(args);
        while left > 0 {
            let reply = self.receive(Pushes::AreReplies)?;
            self.print(&reply, false)?;
            if reply.is_error() || matches!(reply, Reply::Simple(_)) {
                break;
            }
            left -= usize::from(!is_message(&reply));
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Interrupted,
    Refused,
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
