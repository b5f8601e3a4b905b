//! Where a command is described otherwise than in Redis 7.0.15, on purpose.

/// Where Memora, which follows Redis 7.2, describes a command otherwise than Redis 7.0.15 does: the command, the
/// field, the reason. A line that is no longer true fails the test.
pub(crate) const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("client|setinfo", "exists", "new in Redis 7.2"),
    ("client|no-touch", "exists", "new in Redis 7.2"),
    ("waitaof", "exists", "new in Redis 7.2"),
    ("memora", "exists", "what only Memora has"),
    ("memora|actors", "exists", "what only Memora has"),
    ("memora|help", "exists", "what only Memora has"),
    ("config|rewrite", "tips", "Redis 7.2 asks all nodes of a cluster"),
    ("config|resetstat", "tips", "Redis 7.2 asks all nodes of a cluster"),
    ("setnx", "fields", "Redis 7.2 says that it is out of favour"),
    ("setex", "fields", "Redis 7.2 says that it is out of favour"),
    ("psetex", "fields", "Redis 7.2 says that it is out of favour"),
    ("bitop", "arguments", "Redis 7.2 names the operations"),
    ("pfmerge", "arguments", "Redis 7.2 says that the sources may be left out"),
    ("psubscribe", "arguments", "Redis puts the repeated pattern into a block of its own"),
    ("client|list", "arguments", "Redis puts the repeated client-id into a block of its own"),
    ("config|get", "arguments", "Redis puts the repeated parameter into a block of its own"),
    ("command|getkeys", "fields", "Redis 7.2 names the arguments"),
    ("command|getkeysandflags", "fields", "Redis 7.2 names the arguments"),
    ("client|kill", "arguments", "Redis says that filters may be combined, and since when there is each"),
    ("monitor", "fields", "Redis tells no complexity"),
    ("lolwut", "fields", "Redis tells no complexity"),
    ("debug", "fields", "Redis tells no arguments; Memora's are its own"),
];
