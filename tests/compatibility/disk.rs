//! What Memora does with files otherwise than Redis, on purpose. No single reply shows these, so no script can excuse
//! them; `tests/saving.rs` and `tests/durability.rs` show that they are so.

/// What it is about, and what differs.
pub(crate) const ON_DISK: &[(&str, &str)] = &[
    (
        "`SAVE`",
        "only the client that asked waits; Redis serves nobody meanwhile. It may also run beside a rewrite of the log",
    ),
    (
        "`appendonly yes` with a snapshot and no log",
        "the snapshot is loaded and becomes the log's first base; Redis 7 starts empty, and its next snapshot overwrites the old one",
    ),
    (
        "a new log",
        "has no base file until its first rewrite, as it begins with no data; Redis writes an empty base at once. Both read both",
    ),
    (
        "one server for each data directory",
        "`memora.lock` is locked as long as a server writes there, and a second server does not start, or hears it from SAVE; two of Redis overwrite each other's files",
    ),
    (
        "`appendfsync always` and a disk that fails",
        "clients are answered with `-MISCONF` and the log heals by itself once the disk does; Redis ends itself",
    ),
    (
        "`appendfsync always` and many clients",
        "commands go on being executed while the disk works, and every reply waits until all that it could have seen is on disk; Redis stops for each sync",
    ),
    (
        "`appendfsync everysec` or `no` and a process that is killed",
        "the log is written by another thread while clients are answered, so that the newest answers may be lost; Redis writes before it answers, and only a machine that dies loses them",
    ),
    (
        "a disk that cannot keep up with `everysec` or `no`",
        "from 256 MB on that wait to be written, replies wait, so that writers slow down; Redis piles up memory, and stops when a sync takes longer than two seconds",
    ),
    (
        "a last snapshot that cannot be written",
        "the server ends with exit code 74; Redis refuses SHUTDOWN and SIGTERM until NOW, FORCE or NOSAVE is given",
    ),
    (
        "a rewrite or snapshot and memory",
        "nothing is forked: the image shares its memory with the data and what changes meanwhile is copied in small parts, on every system alike",
    ),
    (
        "`WAITAOF` while the log is switched on",
        "a write counts as on disk only when the first base is written, also for those that were written to the log before it",
    ),
    (
        "loading what Memora does not have",
        "a key of such a type or a command that is not there refuses the start with file, place and name, and changes nothing",
    ),
    (
        "files written piece by piece",
        "are always synced every 32 MB, without the options `aof-rewrite-incremental-fsync` and `rdb-save-incremental-fsync`",
    ),
];
