//! A bar on standard error: how much is done, how fast, how long it takes yet. None where nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use memora::resp::Reply;

use super::Bench;
use crate::runner::Trouble;

/// A bar for all keys of the database; it only counts where the server does not say how many there are.
pub(super) fn of_all_keys(bench: &mut Bench<'_>) -> Result<ProgressBar, Trouble> {
    let total = match bench.session.query(&["DBSIZE"])? {
        Reply::Integer(keys) => u64::try_from(keys).ok(),
        _ => None,
    };
    Ok(bar(total, "{elapsed_precise} {bar:30} {human_pos}/{human_len} keys  {per_sec}  {eta} left  {msg}"))
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
