//! Where a command is described otherwise than in Redis 7.0.15, on purpose.

/// Where Memora, which follows Redis 7.2, describes a command otherwise than Redis 7.0.15 does: the command, the
/// field, the reason. A line that is no longer true fails the test.
pub(crate) const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("client|setinfo", "exists", "new in Redis 7.2"),
    ("client|no-touch", "exists", "new in Redis 7.2"),
    ("config|rewrite", "tips", "Redis 7.2 asks all nodes of a cluster"),
    ("config|resetstat", "tips", "Redis 7.2 asks all nodes of a cluster"),
    ("client|list", "arguments", "Redis puts the repeated client-id into a block of its own"),
    ("config|get", "arguments", "Redis puts the repeated parameter into a block of its own"),
    ("command|getkeys", "fields", "Redis 7.2 names the arguments"),
    ("command|getkeysandflags", "fields", "Redis 7.2 names the arguments"),
    ("debug", "fields", "Redis tells no arguments; Memora's are its own"),
];
