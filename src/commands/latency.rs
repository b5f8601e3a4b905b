//! LATENCY: what was slow, and how long commands take.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::spec::{Command, Flag, Group, Spec};
use super::spikes::Sample;
use super::statistics::{CommandStatistics, distribution};
use super::table::{Entry, table};
use crate::resp::{Reply, Span};
use std::fmt::Write;

/// What every subcommand declares alike.
const LATENCY_SUBCOMMAND: Spec = Spec {
    arity: 2,
    flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
    group: Group::Server,
    since: "2.8.13",
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    ..Spec::EMPTY
};

fn number(number: u64) -> Reply {
    Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `LATENCY LATEST`
pub(super) struct Latest;

impl Command for Latest {
    const SPEC: Spec = Spec {
        name: "latest",
        summary: "Shows the newest and the worst sample of every event",
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::array(context.history.spikes.iter().map(|(event, series)| {
            let Sample { at_secs, duration_ms } = series.latest();
            let numbers = [at_secs, duration_ms, series.worst_ms()].map(number);
            Reply::array(std::iter::once(Reply::bulk(event)).chain(numbers))
        })))
    }
}

/// `LATENCY HISTORY event`
pub(super) struct History {
    event: Span,
}

impl Command for History {
    const SPEC: Spec = Spec {
        name: "history",
        arity: 3,
        summary: "Lists the samples of an event, oldest first",
        syntax: "event",
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let event = args.bytes();
        args.done(Self { event })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let series = context.history.spikes.get(context.argv.bytes(self.event));
        let samples = series.into_iter().flat_map(|series| series.samples());
        Ok(Reply::array(samples.map(|sample| Reply::array([sample.at_secs, sample.duration_ms].map(number)))))
    }
}

/// `LATENCY RESET [event [event ...]]`
pub(super) struct Reset {
    events: Rest,
}

impl Command for Reset {
    const SPEC: Spec = Spec {
        name: "reset",
        arity: -2,
        summary: "Forgets the samples of events, or of all of them",
        syntax: "[event [event ...]]",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let events = args.rest();
        args.done(Self { events })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (events, spikes) = (self.events.of(context.argv), &mut context.history.spikes);
        let forgotten = if events.len() == 0 {
            spikes.clear()
        } else {
            events.filter(|event| spikes.forget(event)).count()
        };
        Ok(Reply::from_count(forgotten))
    }
}

/// `LATENCY GRAPH event`
pub(super) struct Graph {
    event: Span,
}

impl Command for Graph {
    const SPEC: Spec = Spec {
        name: "graph",
        arity: 3,
        summary: "Draws the samples of an event",
        syntax: "event",
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let event = args.bytes();
        args.done(Self { event })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let event = context.argv.bytes(self.event);
        let series = context
            .history
            .spikes
            .get(event)
            .ok_or_else(|| faults::with_argument("ERR No samples available for event '", event, "'"))?;
        Ok(Reply::text(series.graph(&String::from_utf8_lossy(event), context.now_ms / 1000)))
    }
}

/// `LATENCY DOCTOR`
pub(super) struct Doctor;

impl Command for Doctor {
    const SPEC: Spec = Spec {
        name: "doctor",
        summary: "Says in plain words what was slow and what may help",
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::text(diagnosis(context)))
    }
}

fn diagnosis(context: &Context<'_>) -> String {
    let threshold_ms = context.config.latency_monitor_threshold;
    let spikes = &context.history.spikes;
    if threshold_ms == 0 {
        return "Latency monitoring is off. Switch it on with CONFIG SET latency-monitor-threshold \
                <milliseconds>, let the server work for a while, and ask again.\n"
            .to_owned();
    }
    if spikes.iter().len() == 0 {
        return format!("Nothing has taken {threshold_ms} ms or longer since the last LATENCY RESET.\n");
    }
    let mut text = format!("What took {threshold_ms} ms or longer:\n\n");
    for (index, (event, series)) in spikes.iter().enumerate() {
        let summary = series.summary();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}. {event}: {} samples, {} ms on average (mean deviation {} ms), one in {:.2} s, worst {} ms. {}",
            index + 1,
            series.samples().len(),
            summary.average_ms,
            summary.deviation_ms,
            summary.period_secs,
            series.worst_ms(),
            advice(event),
        );
    }
    text
}

fn advice(event: &str) -> &'static str {
    match event {
        "command" => {
            "See SLOWLOG GET for the commands; split work over many elements into parts (SCAN, ranges)."
        }
        "fast-command" => {
            "These commands do little work themselves: look for a busy machine, swapping, or big arguments."
        }
        "expire-cycle" => "Many keys end at the same time: spread their times to live.",
        _ => "",
    }
}

/// `LATENCY HISTOGRAM [command [command ...]]`
pub(super) struct Histogram {
    commands: Rest,
}

impl Command for Histogram {
    const SPEC: Spec = Spec {
        name: "histogram",
        arity: -2,
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands that ran",
        summary: "Shows how the durations of commands are distributed",
        syntax: "[command [command ...]]",
        ..LATENCY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let commands = args.rest();
        args.done(Self { commands })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let names = self.commands.of(context.argv);
        let mut pairs = Vec::new();
        if names.len() == 0 {
            table().entries().iter().for_each(|entry| push_distribution(&mut pairs, entry, context));
        }
        for entry in names.filter_map(|name| table().find_full(name)) {
            push_distribution(&mut pairs, entry, context);
            for index in &entry.subcommands {
                push_distribution(&mut pairs, &table().entries()[*index], context);
            }
        }
        Ok(Reply::Map(pairs))
    }
}

fn push_distribution(pairs: &mut Vec<(Reply, Reply)>, entry: &Entry, context: &Context<'_>) {
    let histogram = context.statistics.commands.get(entry.index).and_then(CommandStatistics::histogram);
    let Some(histogram) = histogram else { return };
    let buckets = distribution(histogram).into_iter().map(|(us, count)| (number(us), number(count)));
    let value = Reply::Map(vec![
        (Reply::bulk("calls"), number(histogram.len())),
        (Reply::bulk("histogram_usec"), Reply::Map(buckets.collect())),
    ]);
    pairs.push((Reply::bulk(entry.name.as_bytes()), value));
}

help!(
    LatencyHelp,
    "2.8.13",
    Server,
    [Flag::Loading, Flag::Stale],
    "LATENCY",
    [
        "DOCTOR",
        "    Say in plain words what was slow and what may help.",
        "GRAPH <event>",
        "    Draw the samples of an event.",
        "HISTOGRAM [<command> ...]",
        "    Show how the durations of commands are distributed, in microseconds.",
        "HISTORY <event>",
        "    List the samples of an event, oldest first.",
        "LATEST",
        "    Show the newest and the worst sample of every event.",
        "RESET [<event> ...]",
        "    Forget the samples of the given events, or of all.",
    ]
);

const LATENCY: Spec = Spec {
    name: "latency",
    arity: -2,
    group: Group::Server,
    since: "2.8.13",
    complexity: "Depends on subcommand",
    summary: "Shows what was slow",
    ..Spec::EMPTY
};

family!(Latency in LATENCY {
    Latest(Latest),
    History(History),
    Reset(Reset),
    Graph(Graph),
    Doctor(Doctor),
    Histogram(Histogram),
    Help(LatencyHelp),
});
