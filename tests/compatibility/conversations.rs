//! What several clients at once can see that differs from Redis on purpose, and which applications have been tried. Random
//! conversations (`tests/oracle/crowd.rs`) leave out what is listed here.

/// What it is about, and what differs.
pub(crate) const BETWEEN_CLIENTS: &[(&str, &str)] = &[
    (
        "a client that waits for many lists, when one command or transaction makes several of them",
        "is served from the first in its own order, as in Redis 7.2, which runs its command once more; 7.0 serves it from the one that was made first",
    ),
    (
        "`SORT` with `STORE` that puts a list in the place of a value of another type",
        "serves who waits for that key; in Redis they go on waiting beside a list that is there",
    ),
    (
        "a client that has said `QUIT`",
        "is listed by `CLIENT LIST` until it has closed its own side, or for a second; it no longer listens to anything",
    ),
    (
        "a message for several patterns of one client, and `UNSUBSCRIBE` without names",
        "come in alphabetical order; Redis has no order",
    ),
];

/// Which library with what kind of job, and what came of it.
pub(crate) const APPLICATIONS: &[(&str, &str)] = &[
    (
        "Socket.IO 4.8 with @socket.io/redis-adapter 8.3 and redis 6.3 (Node.js), the plain adapter and the sharded one",
        "everything runs: broadcasts, rooms, binary data, acknowledgements, `serverSideEmit`, `fetchSockets`, `socketsLeave`, counting the servers",
    ),
    (
        "Celery 5.7 with kombu 5.7 and redis-py 8.1",
        "its worker does not start without scripts (`EVALSHA`). With kombu patched to do without them, and without sets and sorted sets, tasks, results, errors, retries, delays, chains and groups run; chords need scripts",
    ),
    (
        "RQ 3.0 with redis-py 8.1",
        "jobs are queued and carried out; their results are in streams (`XADD`, `XREVRANGE`), which are not there",
    ),
    (
        "a leaderboard, a rate limiter with a sliding window and a queue of delayed jobs with redis-py 8.1, RESP2 and RESP3",
        "run: places and pages beside a sorted list, windows beside a list of moments, each of a thousand jobs done once by four workers that claim with `ZREM`, `WATCH`, `ZPOPMIN` or `BZPOPMIN`",
    ),
    (
        "the same three with redis-rs 0.32 (Rust), RESP2 and RESP3",
        "run, and are tests (`tests/applications.rs`)",
    ),
    (
        "a queue of jobs with redis-rs 0.32 (Rust)",
        "runs, and is a test: `BLMOVE`, `WATCH` with `MULTI` and `EXEC`, hashes, and `SUBSCRIBE` (`tests/clients.rs`)",
    ),
];
