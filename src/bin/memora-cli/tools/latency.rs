//! `--latency` and its kin: how long a round trip takes, and how long this machine leaves programs waiting.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use memora::resp::Reply;
use nu_ansi_term::{Color, Style};

use super::Bench;
use crate::render::Format;
use crate::runner::Trouble;

/// The pause between two round trips.
const BETWEEN_SAMPLES: Duration = Duration::from_millis(10);

/// How long `--latency` measures where no person watches.
const SINGLE: Duration = Duration::from_secs(1);

/// How long a line of the history stands for.
const HISTORY: Duration = Duration::from_secs(15);

/// How long a line of the distribution stands for.
const DISTRIBUTION: Duration = Duration::from_secs(1);

/// The longest latency that is told from longer ones (one minute).
const MAX_MICROSECONDS: u64 = 60_000_000;

/// How often a line that changes is drawn.
const BETWEEN_DRAWS: Duration = Duration::from_millis(100);

/// Round trips in milliseconds, rounded as redis-cli rounds them.
#[derive(Default)]
struct Samples {
    min: u64,
    max: u64,
    sum: u64,
    count: u64,
}

impl Samples {
    fn add(&mut self, taken: Duration) {
        let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        self.min = if self.count == 0 { millis } else { self.min.min(millis) };
        self.max = self.max.max(millis);
        self.sum += millis;
        self.count += 1;
    }

    fn show(&self, format: Format) -> String {
        let Self { min, max, count, sum } = self;
        let average = *sum as f64 / (*count).max(1) as f64;
        match format {
            Format::Csv => format!("{min},{max},{average:.2},{count}"),
            Format::Json | Format::QuotedJson => {
                format!("{{\"min\": {min}, \"max\": {max}, \"avg\": {average:.2}, \"count\": {count}}}")
            }
            Format::Raw => format!("{min} {max} {average:.2} {count}"),
            Format::Typed => format!("min: {min}, max: {max}, avg: {average:.2} ({count} samples)"),
        }
    }
}

/// Measures until Ctrl-C where a person watches, else for one interval.
pub(super) fn single(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let watched = bench.is_for_people();
    let until = if watched { None } else { Some(interval_or(bench, SINGLE)) };
    let samples = measure(bench, until, watched)?;
    let shown = samples.show(bench.format);
    if watched { Ok(bench.same_line(&format!("{shown}\n"))?) } else { Ok(bench.line(&shown)?) }
}

/// A line for each interval, until Ctrl-C.
pub(super) fn history(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let (watched, interval) = (bench.is_for_people(), interval_or(bench, HISTORY));
    while !bench.interrupts.interrupted() {
        let samples = measure(bench, Some(interval), watched)?;
        let shown = format!("{} -- {:.2} seconds range", samples.show(bench.format), interval.as_secs_f64());
        match (watched, bench.format) {
            (true, _) => bench.same_line(&format!("{shown}\n"))?,
            (false, Format::Typed) => bench.line(&shown)?,
            (false, format) => bench.line(&samples.show(format))?,
        }
    }
    Ok(())
}

fn interval_or(bench: &Bench<'_>, default: Duration) -> Duration {
    if bench.options.interval.is_zero() { default } else { bench.options.interval }
}

fn measure(bench: &mut Bench<'_>, until: Option<Duration>, watched: bool) -> Result<Samples, Trouble> {
    let mut samples = Samples::default();
    let mut drawn = Instant::now();
    sample(bench, until, |bench, taken| {
        samples.add(taken);
        if watched && drawn.elapsed() >= BETWEEN_DRAWS {
            drawn = Instant::now();
            bench.same_line(&samples.show(Format::Typed))?;
        }
        Ok(())
    })?;
    Ok(samples)
}

/// Makes round trips until the time is over or Ctrl-C is pressed.
fn sample(
    bench: &mut Bench<'_>,
    until: Option<Duration>,
    mut take: impl FnMut(&mut Bench<'_>, Duration) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let start = Instant::now();
    while until.is_none_or(|until| start.elapsed() < until) {
        let sent = Instant::now();
        if let Reply::Error(text) = bench.session.query(&["PING"])? {
            return Err(Trouble::ErrorReply(text.to_vec()));
        }
        take(bench, sent.elapsed())?;
        if !bench.interrupts.pause(BETWEEN_SAMPLES) {
            break;
        }
    }
    Ok(())
}

/// Upper bounds of the columns, in microseconds: what is above the last has a column of its own.
const COLUMNS: [u64; 17] = [
    50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000,
    1_000_000, 2_000_000,
];

/// From cold to hot, in the terminal's 256 colours.
const HEAT: [u8; 10] = [236, 17, 18, 24, 29, 64, 142, 172, 202, 196];

/// A heat map, a row for each interval, a column for each magnitude: how many round trips took so long.
pub(super) fn distribution(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let interval = interval_or(bench, DISTRIBUTION);
    let labels: Vec<String> = COLUMNS.iter().map(|&bound| short(bound)).collect();
    bench.line(&format!("round trips up to  {}  more", labels.join(" ")))?;
    // `-r 1` is what is said when nothing is said, and means no end here.
    let rows = usize::try_from(bench.options.repeat).ok().filter(|&rows| rows > 1);
    let mut row_count = 0;
    while !bench.interrupts.interrupted() && rows.is_none_or(|rows| row_count < rows) {
        row_count += 1;
        let mut counts = [0u64; COLUMNS.len() + 1];
        let mut all =
            Histogram::<u64>::new_with_bounds(1, MAX_MICROSECONDS, 3).expect("bounds that make sense");
        sample(bench, Some(interval), |_, taken| {
            let micros = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
            counts[COLUMNS.partition_point(|&bound| bound < micros)] += 1;
            all.saturating_record(micros.max(1));
            Ok(())
        })?;
        let row: String = counts.iter().map(|&count| cell(count, all.len())).collect();
        let (half, most) = (all.value_at_quantile(0.5), all.value_at_quantile(0.99));
        bench.line(&format!("{:>17}  {row}  p50 {}, p99 {}", all.len(), short(half), short(most)))?;
    }
    Ok(())
}

fn cell(count: u64, total: u64) -> String {
    let share = (count * 100).checked_div(total).unwrap_or(0);
    let heat = usize::try_from(share).unwrap_or(0) * (HEAT.len() - 1) / 100;
    let heat = if count > 0 { heat.max(1) } else { 0 };
    let text = if count > 0 { format!("{share:>4}%") } else { "    ·".to_owned() };
    match std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        true => text,
        false => Style::new().on(Color::Fixed(HEAT[heat])).paint(text).to_string(),
    }
}

/// A latency in four columns.
fn short(micros: u64) -> String {
    match micros {
        0..=999 => format!("{micros:>2}us"),
        1_000..=9_999 => format!("{:.1}m", micros as f64 / 1000.0),
        10_000..=999_999 => format!("{:>2}ms", micros / 1000),
        _ => format!("{:>3}s", micros / 1_000_000),
    }
}

/// How long a loop that does nothing else was kept from the processor, at worst.
pub(super) fn intrinsic(bench: &mut Bench<'_>, seconds: u64) -> Result<(), Trouble> {
    let start = Instant::now();
    let (mut runs, mut worst, mut last) = (0u64, Duration::ZERO, start);
    while last.duration_since(start) < Duration::from_secs(seconds) && !bench.interrupts.interrupted() {
        let now = Instant::now();
        let taken = now.duration_since(last);
        (last, runs) = (now, runs + 1);
        if taken > worst {
            worst = taken;
            bench.line(&format!("Max latency so far: {} microseconds.", worst.as_micros()))?;
            last = Instant::now();
        }
    }
    let average = last.duration_since(start).as_secs_f64() / runs.max(1) as f64;
    let (micros, nanos) = (average * 1e6, average * 1e9);
    let times = worst.as_secs_f64() / average.max(f64::MIN_POSITIVE);
    bench.line(&format!(
        "\n{runs} total runs (avg latency: {micros:.4} microseconds / {nanos:.2} nanoseconds per run)."
    ))?;
    Ok(bench.line(&format!("Worst run took {times:.0}x longer than the average latency."))?)
}
