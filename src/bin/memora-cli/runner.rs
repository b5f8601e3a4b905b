//! Runs commands: request out, reply in, text to standard output.
//!
//! The same for a single command and for the prompt; they differ in what a broken connection means, which
//! the caller decides by the [`Trouble`] it gets.

use std::io::{self, BufWriter, Stdout, Write};
use std::thread;
use std::time::Duration;

use memora::resp::Reply;

use crate::command::{self, Answer};
use crate::input;
use crate::interrupts::{Interrupts, Watch};
use crate::link::LinkError;
use crate::options::Options;
use crate::render::{Format, Style, actors};
use crate::session::{Complaint, Session};
use crate::subscriptions::is_message;

mod listening;

/// Said when a connection ends inside MULTI.
const LOST_TRANSACTION: &str = "The transaction begun with MULTI was lost with its connection.";

/// Said behind it, about a command that was meant for that transaction.
const NOT_RUN: &str = "This command was not run.";

/// Why a command did not run to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// No argument of the command is the one that standard input should replace.
    #[error("Using -X option but stdin tag not match.")]
    TagNotFound,
    /// Something the user has been told about already.
    #[error("")]
    Reported,
    /// Standard input could not be read.
    #[error("Error: {0}")]
    Input(io::Error),
    /// There is no connection to send it over.
    #[error("{}", String::from_utf8_lossy(.0))]
    NotConnected(Complaint),
    /// The connection broke.
    #[error("Error: {0}")]
    Link(#[from] LinkError),
    /// A stream of messages broke off, which no new connection makes good.
    #[error("Error: {0}")]
    Stream(LinkError),
    /// The reply was an error and `-e` was given.
    #[error("{}", String::from_utf8_lossy(.0))]
    ErrorReply(Vec<u8>),
    /// The server answered something that makes no sense.
    #[error("Error: the server's answer has an unexpected form")]
    Unexpected,
    /// Nobody reads our output any more.
    #[error("{0}")]
    Output(#[from] io::Error),
}

/// Runs commands on one session.
pub(crate) struct Runner {
    /// The conversation with the server.
    pub(crate) session: Session,
    style: Style,
    out: BufWriter<Output>,
    interval: Duration,
    exit_on_error: bool,
    show_pushes: bool,
    interrupts: Option<Interrupts>,
    /// Whether a person types the commands.
    at_prompt: bool,
    /// Whether commands that destroy much run without a question.
    sure: bool,
    /// Whether every command is followed by how long it took.
    pub(crate) times: bool,
    /// Another server that every command runs on too.
    pub(crate) other: Option<Session>,
    /// Whether replies go through the pager.
    pub(crate) pages: bool,
}

impl Runner {
    /// A runner for one command.
    pub(crate) fn new(options: &Options, session: Session, on_terminal: bool) -> Self {
        Self {
            session,
            style: options.style(on_terminal),
            out: BufWriter::new(Output { stdout: io::stdout(), watch: None }),
            interval: options.interval,
            exit_on_error: options.exit_on_error,
            show_pushes: options.show_pushes.unwrap_or(on_terminal),
            interrupts: None,
            at_prompt: false,
            sure: options.sure,
            times: false,
            other: None,
            pages: false,
        }
    }

    /// The same for many: error replies never end the program, and Ctrl-C is handled. For a person at a
    /// prompt it ends what is going on, and what happens to the connection is told.
    pub(crate) fn interactive(mut self, at_prompt: bool) -> io::Result<Self> {
        let interrupts = Interrupts::install()?;
        self.out.get_mut().watch = at_prompt.then(|| interrupts.watch());
        self.exit_on_error = false;
        self.at_prompt = at_prompt;
        self.interrupts = Some(interrupts);
        Ok(self)
    }

    /// What Ctrl-C does, in a runner made [`interactive`](Self::interactive).
    pub(crate) fn interrupts(&self) -> Option<&Interrupts> {
        self.interrupts.as_ref()
    }

    /// Whether a person types the commands.
    pub(crate) fn is_at_prompt(&self) -> bool {
        self.at_prompt
    }

    /// Whether a person is asked before a command destroys much.
    pub(crate) fn asks_first(&self) -> bool {
        self.at_prompt && !self.sure
    }

    /// Whether what is said may be coloured.
    pub(crate) fn colours(&self) -> bool {
        self.at_prompt && input::wants_colours()
    }

    /// Whether output is for people.
    pub(crate) fn is_typed(&self) -> bool {
        self.style.format == Format::Typed
    }

    /// Waits between two runs of something; Ctrl-C ends it, and says `false`.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        let Some(interrupts) = &self.interrupts else { return false };
        interrupts.looping();
        let goes_on = interrupts.pause(duration);
        interrupts.waiting();
        goes_on
    }

    /// Prints bytes as they are.
    ///
    /// # Errors
    /// When nobody reads them.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Prints a text of our own.
    ///
    /// # Errors
    /// When nobody reads it.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Runs a command `repeat` times, without end when that is negative, connecting first if need be.
    ///
    /// # Errors
    /// The first [`Trouble`]; repetitions that were left do not run.
    pub(crate) fn run(&mut self, args: &[Vec<u8>], repeat: i64) -> Result<(), Trouble> {
        if self.at_prompt {
            return self.run_at_prompt(args, repeat);
        }
        if !self.session.is_connected() {
            self.session.connect().map_err(Trouble::NotConnected)?;
        }
        self.run_repeatedly(args, repeat)
    }

    fn run_at_prompt(&mut self, args: &[Vec<u8>], repeat: i64) -> Result<(), Trouble> {
        // Ctrl-C ends the view of messages, which is no reason to begin it again.
        let repeat = if command::answer(args) == Answer::Published { 1 } else { repeat };
        self.guarded(|runner| runner.run_repeatedly(args, repeat)).map(drop)
    }

    /// Sends one command and returns its reply, unless that was not to be: then a person knows why.
    ///
    /// # Errors
    /// When the connection cannot be made, or breaks.
    pub(crate) fn ask(&mut self, args: &[Vec<u8>]) -> Result<Option<Reply>, Trouble> {
        self.guarded(|runner| {
            let reply = runner.session.query(args)?;
            if let Err(complaint) = runner.session.follow(args, &reply)? {
                complain(&complaint);
            }
            Ok(reply)
        })
    }

    /// The reply as it would be printed, in this format.
    pub(crate) fn render(&self, args: &[Vec<u8>], reply: &Reply, format: Format) -> Vec<u8> {
        let style = Style { format, ..self.style.clone() };
        let mut text = Vec::new();
        let written = match command::answers_text(args) {
            true => style.write_text(reply, &mut text),
            false => style.write(reply, &mut text),
        };
        written.expect("a vector takes every byte");
        text
    }

    /// Does something with the connection; a person is told about a new one and may interrupt.
    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        if !self.reconnect_if_needed()? {
            return Ok(None);
        }
        self.interruptible()?;
        let result = work(self);
        let interrupted = self.is_interrupted();
        if let Some(interrupts) = &self.interrupts {
            interrupts.waiting();
        }
        if !interrupted {
            self.print_unseen()?;
            return result.map(Some);
        }
        self.say("\n")?;
        self.session.connect().map_err(Trouble::NotConnected)?;
        self.tell_losses();
        Ok(None)
    }

    /// Makes sure of a connection; says whether the command may run on it.
    fn reconnect_if_needed(&mut self) -> Result<bool, Trouble> {
        self.session.notice_end();
        if self.session.is_connected() {
            return Ok(true);
        }
        self.session.connect().map_err(Trouble::NotConnected)?;
        let db = self.session.db();
        complain(format!("Connected to {}, database {db}.", self.session.address()).as_bytes());
        let lost_transaction = self.tell_losses();
        if lost_transaction {
            complain(NOT_RUN.as_bytes());
        }
        Ok(!lost_transaction)
    }

    /// Tells what was lost with the last connection; says whether a transaction was.
    pub(crate) fn tell_losses(&mut self) -> bool {
        let lost_transaction = self.session.take_lost_transaction();
        if lost_transaction {
            complain(LOST_TRANSACTION.as_bytes());
        }
        if let Some(names) = self.session.take_lost_subscriptions() {
            complain(format!("The subscriptions to {names} were lost with their connection.").as_bytes());
        }
        lost_transaction
    }

    /// Prints messages that came while something else was awaited.
    fn print_unseen(&mut self) -> Result<(), Trouble> {
        for message in self.session.take_unseen() {
            self.print(&message, false)?;
        }
        Ok(())
    }

    /// From here on Ctrl-C closes the connection.
    fn interruptible(&mut self) -> Result<(), Trouble> {
        if let Some(interrupts) = &self.interrupts {
            interrupts.streaming(self.session.link()?.closer().map_err(LinkError::from)?);
        }
        Ok(())
    }

    fn is_interrupted(&self) -> bool {
        self.interrupts.as_ref().is_some_and(Interrupts::interrupted)
    }

    fn run_repeatedly(&mut self, args: &[Vec<u8>], repeat: i64) -> Result<(), Trouble> {
        let mut left = repeat;
        while left != 0 && self.session.is_connected() && !self.is_interrupted() {
            self.run_once(args)?;
            left -= i64::from(left > 0);
            if left != 0 {
                match &self.interrupts {
                    Some(interrupts) => drop(interrupts.pause(self.interval)),
                    None => thread::sleep(self.interval),
                }
            }
        }
        Ok(())
    }

    fn run_once(&mut self, args: &[Vec<u8>]) -> Result<(), Trouble> {
        let answer = command::answer(args);
        self.session.link()?.send(args)?;
        match answer {
            Answer::Reply => self.print_reply(args, Pushes::AreMessages),
            Answer::Unsubscribed if self.at_prompt => self.print_confirmations(args),
            Answer::Unsubscribed => self.print_reply(args, Pushes::AreReplies),
            Answer::Shutdown => self.print_last_reply(args),
            Answer::Monitored => self.print_messages(Pushes::AreMessages),
            Answer::Published if self.at_prompt => self.listen(),
            Answer::Published => {
                if self.style.format != Format::Raw {
                    self.say("Reading messages... (press Ctrl-C to quit)\n")?;
                }
                self.print_messages(Pushes::AreReplies)
            }
        }
    }

    fn print_reply(&mut self, args: &[Vec<u8>], pushes: Pushes) -> Result<(), Trouble> {
        let reply = self.receive(pushes)?;
        match actors::tree(&reply).filter(|_| self.is_typed() && actors::is_asked_by(args)) {
            Some(tree) => self.say(&tree)?,
            None => self.print(&reply, command::answers_text(args))?,
        }
        if let Err(complaint) = self.session.follow(args, &reply)? {
            complain(&complaint);
        }
        Ok(())
    }

    /// A server that shuts down does not say goodbye; only a refusal is a reply.
    fn print_last_reply(&mut self, args: &[Vec<u8>]) -> Result<(), Trouble> {
        match self.print_reply(args, Pushes::AreMessages) {
            Err(Trouble::Link(error)) if error.invites_reconnect() => {
                self.session.disconnect();
                Ok(())
            }
            other => other,
        }
    }

    /// Prints whatever comes until Ctrl-C, or an error that says there will be nothing.
    fn print_messages(&mut self, pushes: Pushes) -> Result<(), Trouble> {
        if self.at_prompt {
            return self.print_until_error(pushes);
        }
        self.interruptible()?;
        let ended = self.print_until_error(pushes);
        let interrupted = self.is_interrupted();
        if let Some(interrupts) = &self.interrupts {
            interrupts.waiting();
        }
        if interrupted {
            return self.session.connect().map_err(Trouble::NotConnected);
        }
        match ended {
            Err(Trouble::Link(error)) => Err(Trouble::Stream(error)),
            other => other,
        }
    }

    fn print_until_error(&mut self, pushes: Pushes) -> Result<(), Trouble> {
        loop {
            let message = self.receive(pushes)?;
            self.print(&message, false)?;
            if message.is_error() {
                return Ok(());
            }
        }
    }

    /// The next reply; messages nobody asked for are printed on the way.
    fn receive(&mut self, pushes: Pushes) -> Result<Reply, Trouble> {
        loop {
            let reply = self.session.receive()?;
            if self.at_prompt && pushes == Pushes::AreMessages && is_message(&reply) {
                self.style.write(&reply, &mut self.out)?;
                self.out.flush()?;
                continue;
            }
            if pushes == Pushes::AreReplies || !matches!(reply, Reply::Push(_)) {
                return Ok(reply);
            }
            if self.show_pushes {
                self.style.write_push(&reply, &mut self.out)?;
                self.out.flush()?;
            }
        }
    }

    fn print(&mut self, reply: &Reply, as_text: bool) -> Result<(), Trouble> {
        match reply {
            Reply::Error(text) if self.exit_on_error => {
                return Err(Trouble::ErrorReply(text.to_vec()));
            }
            reply if as_text => self.style.write_text(reply, &mut self.out)?,
            reply => self.style.write(reply, &mut self.out)?,
        }
        Ok(self.out.flush()?)
    }
}

/// What a push of RESP3 is, in answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pushes {
    /// Something nobody asked for.
    AreMessages,
    /// The very thing that was asked for.
    AreReplies,
}

/// Standard output; what is printed after Ctrl-C goes nowhere, so that a long reply ends at once.
struct Output {
    stdout: Stdout,
    watch: Option<Watch>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.watch.as_ref().is_some_and(Watch::interrupted) {
            return Ok(bytes.len());
        }
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

/// Tells people what went wrong.
pub(crate) fn complain(sentence: &[u8]) {
    let mut err = io::stderr().lock();
    // There is nobody left to tell when this fails.
    let _ = err.write_all(sentence).and_then(|()| err.write_all(b"\n"));
}
