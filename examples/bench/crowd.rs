//! Connections: what one costs that does nothing, and what the crowd of them costs those who do something.

use crate::load::{Link, fill};
use crate::plan::{Bench, Plan, counted};
use crate::requests::{key, put};
use crate::servers::{Program, Server};
use crate::workloads;
use std::io;

/// The table that this part fills.
pub(crate) const CONNECTIONS: &str = "connections";

const IDLE: u64 = 10_000;
const ACTIVE: usize = 50;
const KEYSPACE: u64 = 100_000;

/// How many steps of the progress this part takes.
pub(crate) fn steps(bench: &Bench) -> u64 {
    (bench.plan.rounds * bench.programs.len()) as u64
}

/// Measures in all rounds.
pub(crate) fn measure(bench: &mut Bench) -> io::Result<()> {
    let idle = (IDLE / bench.plan.divisor).min(bench.plan.most_clients);
    for round in 0..bench.plan.rounds {
        for place in bench.order(round) {
            let program = bench.programs[place].clone();
            bench.step(round, program.kind, &format!("{} idle connections", counted(idle)));
            for (what, value) in crowd(&program, idle, &bench.plan)? {
                bench.results.add(CONNECTIONS, &what, program.kind, value)?;
            }
        }
    }
    Ok(())
}

fn crowd(program: &Program, idle: u64, plan: &Plan) -> io::Result<[(String, Option<f64>); 3]> {
    let server = Server::start(program, plan.unix)?;
    fill(&server, KEYSPACE, |number, bytes| put(bytes, &[b"SET", key(number).as_bytes(), b"abc"]))?;
    let mut load = workloads::getters(&server, ACTIVE, plan.threads, KEYSPACE)?;
    let mut rate = || -> io::Result<Option<f64>> {
        load.run(plan.warm, None)?;
        let ran = load.run(plan.measured, None)?;
        Ok(Some(ran.requests as f64 / ran.seconds))
    };
    let alone = rate()?;
    server.rest();
    let before = server.resident_bytes();
    let links: Vec<_> = (0..idle).map(|_| Link::connect(&server.address)).collect::<io::Result<_>>()?;
    server.has_clients(idle)?;
    server.rest();
    let grown = server.resident_bytes().zip(before).map(|(after, before)| after - before);
    let beside = rate()?;
    drop(links);
    Ok([
        (
            format!("resident bytes of an idle connection, of {}", counted(idle)),
            grown.map(|grown| grown / idle as f64),
        ),
        (format!("GET per second, {ACTIVE} clients"), alone),
        (format!("GET per second, {ACTIVE} clients beside {} idle ones", counted(idle)), beside),
    ])
}
