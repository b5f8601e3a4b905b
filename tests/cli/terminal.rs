//! A terminal of our own with memora-cli in it: keys go in, and what a person would see is waited for.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long something may take that ought to happen at once.
const PATIENCE: Duration = Duration::from_secs(15);

const SIZE: PtySize = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };

/// Lines that left the screen and are remembered.
const SCROLLBACK_LINES: usize = 1000;

/// Ctrl-C.
pub(crate) const CTRL_C: &str = "\x03";

/// Ctrl-D.
pub(crate) const CTRL_D: &str = "\x04";

/// A running program and its screen.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was ever written, with its escapes.
    pub(crate) written: Vec<u8>,
}

impl Terminal {
    /// Starts `program` in the home directory `home`, with more variables in its environment.
    pub(crate) fn start(program: &str, args: &[&str], home: &Path, variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(home);
        for name in ["REDISCLI_AUTH", "REDISCLI_HISTFILE", "REDISCLI_RCFILE", "NO_COLOR", "PAGER"] {
            command.env_remove(name);
        }
        command.env("HOME", home);
        command.env("USERPROFILE", home);
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let output = read_on(pair.master.try_clone_reader().unwrap());
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            output,
            screen: vt100::Parser::new(SIZE.rows, SIZE.cols, SCROLLBACK_LINES),
            written: Vec::new(),
        }
    }

    /// Types these keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Makes the window as wide as this.
    pub(crate) fn resize(&mut self, cols: u16) {
        self.master.resize(PtySize { cols, ..SIZE }).unwrap();
        self.screen.screen_mut().set_size(SIZE.rows, cols);
    }

    /// Waits until the terminal does not show what is typed.
    #[cfg(unix)]
    pub(crate) fn wait_for_no_echo(&self) {
        let deadline = Instant::now() + PATIENCE;
        // The flags are of a library's library; their names are those of the system.
        let shows = || format!("{:?}", self.master.get_termios().unwrap().local_flags);
        while shows().split(|letter: char| !letter.is_ascii_alphanumeric()).any(|name| name == "ECHO") {
            assert!(Instant::now() < deadline, "what is typed is shown: {}", shows());
            thread::yield_now();
        }
    }

    /// What is on the screen, blanks at line ends left out.
    pub(crate) fn screen(&self) -> String {
        let text = self.screen.screen().contents();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// What is on the screen, with its colours.
    pub(crate) fn cells(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until the text is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the last line that is not empty reads like this.
    pub(crate) fn wait_for_line(&mut self, line: &str) {
        self.wait_until(line, |screen| {
            screen.trim_end().lines().last().is_some_and(|last| last == line.trim_end())
        });
    }

    /// Waits until it is so.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&self.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => panic!("{what:?} never came:\n{}", self.screen()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what:?}:\n{}", self.screen()),
            }
        }
    }

    /// Types a line and waits for the prompt to come back.
    pub(crate) fn run(&mut self, line: &str, prompt: &str) {
        self.keys(line);
        self.wait_for(line);
        self.keys("\r");
        self.wait_for_line(prompt);
    }

    /// Waits for the end and tells the exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        self.child.wait().unwrap().exit_code()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.written.extend_from_slice(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on another thread, because a terminal cannot be read with a deadline.
fn read_on(mut from: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
