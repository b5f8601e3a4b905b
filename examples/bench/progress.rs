//! How far the program is: a bar on a terminal, plain lines elsewhere, both on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::Instant;

/// Counts steps and tells of them.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    steps: u64,
    done: u64,
    started: Instant,
}

impl Progress {
    pub(crate) fn new(steps: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("[{elapsed_precise}] {wide_bar} {pos}/{len}, {eta} left\n{msg}");
            ProgressBar::new(steps).with_style(style.expect("the template is well formed"))
        });
        Self { bar, steps, done: 0, started: Instant::now() }
    }

    /// The next step begins.
    pub(crate) fn step(&mut self, what: &str) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.done - 1);
                bar.set_message(what.to_owned());
            }
            None => {
                let seconds = self.started.elapsed().as_secs();
                eprintln!("[{}:{:02}] {}/{} {what}", seconds / 60, seconds % 60, self.done, self.steps);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
