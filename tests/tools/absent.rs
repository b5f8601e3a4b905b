//! The fields of Redis's INFO that Memora has not, by the reason why. A field that Memora has and that stands here
//! fails the test that uses this table, and so does one that neither has.

/// Fields and the reason why they are not there.
pub(crate) type Absent = (&'static str, &'static [&'static str]);

pub(crate) const ABSENT: &[Absent] = &[
    (
        "how a C program was built; `memora_version` and `multiplexing_api` say what there is to say of Memora",
        &[
            "redis_git_sha1",
            "redis_git_dirty",
            "redis_build_id",
            "atomicvar_api",
            "gcc_version",
            "monotonic_clock",
        ],
    ),
    (
        "what jemalloc tells about itself; Memora's allocator tells no such thing, and used and resident memory are there",
        &[
            "allocator_allocated",
            "allocator_active",
            "allocator_resident",
            "allocator_frag_ratio",
            "allocator_frag_bytes",
            "allocator_rss_ratio",
            "allocator_rss_bytes",
            "rss_overhead_ratio",
            "rss_overhead_bytes",
        ],
    ),
    (
        "the progress and the memory of a forked child; Memora never forks",
        &[
            "current_cow_peak",
            "current_cow_size",
            "current_cow_size_age",
            "current_fork_perc",
            "current_save_keys_processed",
            "current_save_keys_total",
            "rdb_last_cow_size",
            "aof_last_cow_size",
            "module_fork_last_cow_size",
        ],
    ),
    (
        "work that Redis's only thread hands to helpers; in Memora each connection reads and writes by itself, on whichever thread",
        &["io_threaded_reads_processed", "io_threaded_writes_processed"],
    ),
    ("the estimate of a sampling; Memora knows every deadline and samples none", &["expired_stale_perc"]),
    (
        "how each client's reply buffer is fitted to it; Memora keeps no buffer of a fixed size for a client",
        &["reply_buffer_shrinks", "reply_buffer_expands"],
    ),
    (
        "the memory of scripts and functions, which Memora does not run",
        &[
            "used_memory_lua",
            "used_memory_lua_human",
            "used_memory_vm_eval",
            "used_memory_vm_functions",
            "used_memory_vm_total",
            "used_memory_vm_total_human",
            "used_memory_scripts_eval",
            "used_memory_functions",
            "used_memory_scripts",
            "used_memory_scripts_human",
            "number_of_cached_scripts",
            "number_of_functions",
            "number_of_libraries",
        ],
    ),
    (
        "system calls of one event loop; every connection reads and writes by itself, and nobody counts how often",
        &["total_reads_processed", "total_writes_processed"],
    ),
    (
        "the memory of the machine; the operating system's tools tell it",
        &["total_system_memory", "total_system_memory_human"],
    ),
];
