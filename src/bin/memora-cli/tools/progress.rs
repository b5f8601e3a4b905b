//! A bar on standard error: how much is done, how fast, how long it takes yet. None where nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for so many keys; without a number it only counts.
pub(super) fn of_keys(total: Option<u64>) -> ProgressBar {
    bar(total, "{elapsed_precise} {bar:30} {human_pos}/{human_len} keys  {per_sec}  {eta} left  {msg}")
}

/// A count of things with a name, of which nobody knows how many there will be.
pub(super) fn counting(what: &str) -> ProgressBar {
    bar(None, &format!("{{elapsed_precise}} {{human_pos}} {what}  {{per_sec}}  {{msg}}"))
}

fn bar(total: Option<u64>, template: &str) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::no_length(),
    };
    // It hides itself when standard error is no terminal.
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template(template).expect("the templates of this file are well formed"),
    );
    bar
}
