//! The commands the oracle knows: one line each, its syntax in the words of [`super::grammar`] and how its reply is
//! compared, with the reason where that is not byte for byte. A new command is a new line; what a difference is allowed
//! to be stands in [`EXCUSES`]. `docs/COMPATIBILITY.md` is made of both.

mod excuses;

#[allow(unused_imports, reason = "not every test that makes random requests compares replies")]
pub(crate) use excuses::EXCUSES;

/// How two replies are compared. Errors are compared byte for byte under all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// Byte for byte.
    Exact,
    /// The elements come in any order.
    Unordered,
    /// Pairs, flat under RESP2, come in any order.
    Pairs,
    /// Numbers that are not negative may be this far from each other.
    Within(i64),
    /// Numbers are compared as numbers, however they are written.
    Numbers,
    /// A cursor and numbers, as [`Compare::Scan`] and [`Compare::Numbers`].
    ScanNumbers,
    /// A cursor and keys: compared only where one step has seen everything.
    Scan,
    /// Only whether it is an error.
    Outcome,
}

/// A command the oracle knows.
pub(crate) struct Rule {
    /// Its syntax.
    pub(crate) syntax: &'static str,
    /// How often it comes, compared with others.
    pub(crate) weight: usize,
    pub(crate) compare: Compare,
    /// Why it is not compared byte for byte; nothing where it is.
    pub(crate) reason: &'static str,
}

const fn rule(weight: usize, syntax: &'static str) -> Rule {
    Rule { syntax, weight, compare: Compare::Exact, reason: "" }
}

/// A rule for a command that answers scores.
const fn scores(weight: usize, syntax: &'static str) -> Rule {
    Rule { syntax, weight, compare: Compare::Numbers, reason: SHORTEST }
}

impl Rule {
    /// The words of the syntax that name the command.
    pub(crate) fn name(&self) -> impl Iterator<Item = &'static str> {
        let is_name =
            |word: &&str| word.bytes().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(&byte));
        self.syntax.split(' ').take_while(is_name)
    }

    const fn compare(self, compare: Compare, reason: &'static str) -> Self {
        Self { compare, reason, ..self }
    }
}

const ORDER: &str = "the order is each server's own, as no order is promised";
const RANDOM: &str = "what is picked at random is each server's own";
const STEPS: &str =
    "how a table is cut into steps is each server's own; compared where one step has seen everything";
const SHORTEST: &str =
    "scores are written as the shortest text that reads back, as since Redis 7.2, and compared as numbers";
const CLOCK: &str = "both servers read the clock, one after the other";
const SHARED_AGE: &str = "a number below 10 000 is one value for all keys of a Redis, and so is its age; only that it is a time is compared";
const QUEUED_SHARE: &str = "in a transaction the queue of a Redis has its share of what was set, too";
const STARTED: &str = "where no snapshot has been written, it is the time when the server started";
const TABLE_BYTES: &str =
    "the fields of a table are written in an order of each server's own; `tests/dump.rs` compares the rest";
const DUE_KEYS: &str =
    "counts keys whose time has passed until they are removed, which no one promises a time for";
const SLOW: &str = "how long a command took is each server's own";
const OWN_NUMBERS: &str = "numbers and addresses are those of the server's own connections";
const OWN_FIGURES: &str = "figures about the server itself";
const OWN_COMMANDS: &str = "Memora has not all commands of Redis, and describes them in its own words";
const OWN_OPTIONS: &str = "Memora has not all options of Redis, and some of its own";
const OWN_TEXT: &str = "the text is Memora's own";
const GREETING: &str = "the fields come in any order, and `id` and `version` are the server's own";

pub(crate) const RULES: &[Rule] = &[
    // Strings
    rule(8, "GET string"),
    rule(12, "SET string value [NX | XX] [GET] [EX secs | PX ms | EXAT at | PXAT at_ms | KEEPTTL]"),
    rule(3, "SETNX string value"),
    rule(2, "SETEX string secs value"),
    rule(2, "PSETEX string ms value"),
    rule(3, "GETSET string value"),
    rule(2, "GETDEL string"),
    rule(4, "GETEX string [EX secs | PX ms | EXAT at | PXAT at_ms | PERSIST]"),
    rule(4, "MGET string..."),
    rule(4, "MSET <string value>..."),
    rule(2, "MSETNX <string value>..."),
    rule(5, "APPEND string value"),
    rule(3, "STRLEN string"),
    rule(4, "GETRANGE string index index"),
    rule(2, "SUBSTR string index index"),
    rule(4, "SETRANGE string offset value"),
    rule(3, "LCS string string [LEN | IDX] [MINMATCHLEN count] [WITHMATCHLEN]"),
    // Counters
    rule(4, "INCR string"),
    rule(4, "INCRBY string integer"),
    rule(2, "DECR string"),
    rule(3, "DECRBY string integer"),
    rule(4, "INCRBYFLOAT string float"),
    // Bits in strings
    rule(4, "SETBIT string offset <0 | 1 | integer>"),
    rule(3, "GETBIT string offset"),
    rule(4, "BITCOUNT string [index index [BYTE | BIT]]"),
    rule(5, "BITPOS string <0 | 1 | integer> [index [index [BYTE | BIT]]]"),
    rule(4, "BITOP <AND | OR | XOR | NOT> string string..."),
    rule(
        6,
        "BITFIELD string <GET bits place | SET bits place integer | INCRBY bits place integer | OVERFLOW <WRAP | SAT | FAIL>>...",
    ),
    rule(2, "BITFIELD_RO string <GET bits place>..."),
    // Lists
    rule(5, "LPUSH list value..."),
    rule(5, "RPUSH list value..."),
    rule(5, "LPOP list [count]"),
    rule(5, "RPOP list [count]"),
    rule(3, "LLEN list"),
    rule(2, "LPUSHX list value..."),
    rule(2, "RPUSHX list value..."),
    rule(4, "LRANGE list index index"),
    rule(3, "LINDEX list index"),
    rule(3, "LPOS list value [RANK index] [COUNT count] [MAXLEN count]"),
    rule(3, "LSET list index value"),
    rule(3, "LINSERT list <BEFORE | AFTER> value value"),
    rule(3, "LREM list index value"),
    rule(3, "LTRIM list index index"),
    rule(4, "LMOVE list list <LEFT | RIGHT> <LEFT | RIGHT>"),
    rule(2, "RPOPLPUSH list list"),
    rule(2, "LMPOP 2 list list <LEFT | RIGHT> [COUNT count]"),
    rule(1, "LMPOP count list... <LEFT | RIGHT> [COUNT count]"),
    rule(2, "BLPOP list... 0.001"),
    rule(2, "BRPOP list... 0.001"),
    rule(2, "BLMOVE list list <LEFT | RIGHT> <LEFT | RIGHT> 0.001"),
    rule(2, "BRPOPLPUSH list list 0.001"),
    rule(2, "BLMPOP 0.001 2 list list <LEFT | RIGHT> [COUNT count]"),
    // Hashes
    rule(10, "HSET hash <field value>..."),
    rule(5, "HGET hash field"),
    rule(5, "HDEL hash field..."),
    rule(3, "HLEN hash"),
    rule(2, "HKEYS hash").compare(Compare::Unordered, ORDER),
    rule(2, "HVALS hash").compare(Compare::Unordered, ORDER),
    rule(2, "HGETALL hash").compare(Compare::Pairs, ORDER),
    rule(3, "HMSET hash <field value>..."),
    rule(3, "HMGET hash field..."),
    rule(2, "HEXISTS hash field"),
    rule(2, "HSTRLEN hash field"),
    rule(3, "HSETNX hash field value"),
    rule(5, "HINCRBY hash field integer"),
    rule(4, "HINCRBYFLOAT hash field <float | integer>"),
    rule(2, "HRANDFIELD hash [<0 | 1 | 2 | 5 | 1000 | -1 | -7>] [WITHVALUES]")
        .compare(Compare::Outcome, RANDOM),
    rule(3, "HSCAN hash <0 | integer> [MATCH pattern] [COUNT <1000 | count>]").compare(Compare::Scan, STEPS),
    // Sets
    rule(10, "SADD set field..."),
    rule(3, "SADD set <integer | value>..."),
    rule(5, "SREM set field..."),
    rule(2, "SREM set <integer | value>..."),
    rule(3, "SISMEMBER set <field | integer>"),
    rule(3, "SMISMEMBER set field..."),
    rule(3, "SCARD set"),
    rule(3, "SMEMBERS set").compare(Compare::Unordered, ORDER),
    rule(2, "SRANDMEMBER set [<0 | 1 | 2 | 5 | 1000 | -1 | -7>]").compare(Compare::Outcome, RANDOM),
    rule(2, "SPOP set <0 | 1000>").compare(Compare::Unordered, ORDER),
    rule(4, "SMOVE set set field"),
    rule(3, "SINTER set...").compare(Compare::Unordered, ORDER),
    rule(3, "SUNION set...").compare(Compare::Unordered, ORDER),
    rule(3, "SDIFF set...").compare(Compare::Unordered, ORDER),
    rule(3, "SINTERSTORE set set..."),
    rule(3, "SUNIONSTORE set set..."),
    rule(3, "SDIFFSTORE set set..."),
    rule(2, "SINTERCARD 2 set set [LIMIT count]"),
    rule(1, "SINTERCARD count set... [LIMIT count]"),
    rule(3, "SSCAN set <0 | integer> [MATCH pattern] [COUNT <1000 | count>]").compare(Compare::Scan, STEPS),
    // HyperLogLogs
    rule(6, "PFADD sketch field..."),
    rule(2, "PFADD sketch value..."),
    rule(3, "PFADD sketch"),
    rule(3, "PFCOUNT sketch"),
    rule(2, "PFCOUNT sketch..."),
    rule(2, "PFMERGE sketch sketch..."),
    rule(1, "PFMERGE sketch"),
    rule(2, "GET sketch"),
    rule(2, "PFDEBUG <ENCODING | DECODE | TODENSE> sketch"),
    rule(1, "PFDEBUG GETREG sketch"),
    rule(1, "PFSELFTEST field"),
    // Sorted sets
    scores(14, "ZADD zset [NX | XX] [GT | LT] [CH] <score field>..."),
    scores(3, "ZADD zset [NX | XX] [GT | LT] INCR score field"),
    scores(4, "ZADD texts <0 field>..."),
    scores(4, "ZINCRBY zset score field"),
    rule(4, "ZREM <zset | texts> field..."),
    rule(2, "ZREMRANGEBYRANK zset index index"),
    rule(2, "ZREMRANGEBYSCORE zset bound bound"),
    rule(2, "ZREMRANGEBYLEX texts lex lex"),
    rule(3, "ZCARD zset"),
    scores(3, "ZSCORE zset field"),
    scores(2, "ZMSCORE zset field..."),
    rule(4, "ZRANK zset field"),
    rule(3, "ZREVRANK zset field"),
    rule(4, "ZCOUNT zset bound bound"),
    rule(2, "ZLEXCOUNT texts lex lex"),
    scores(5, "ZRANGE zset index index [REV] [WITHSCORES]"),
    scores(5, "ZRANGE zset bound bound BYSCORE [REV] [LIMIT index index] [WITHSCORES]"),
    scores(3, "ZRANGE texts lex lex BYLEX [REV] [LIMIT index index]"),
    rule(2, "ZRANGESTORE zset zset index index [REV]"),
    rule(2, "ZRANGESTORE zset zset bound bound BYSCORE [REV] [LIMIT index index]"),
    scores(2, "ZREVRANGE zset index index [WITHSCORES]"),
    scores(3, "ZRANGEBYSCORE zset bound bound [WITHSCORES] [LIMIT index index]"),
    scores(2, "ZREVRANGEBYSCORE zset bound bound [WITHSCORES] [LIMIT index index]"),
    rule(2, "ZRANGEBYLEX texts lex lex [LIMIT index index]"),
    rule(2, "ZREVRANGEBYLEX texts lex lex [LIMIT index index]"),
    scores(2, "ZPOPMIN zset [count]"),
    scores(2, "ZPOPMAX zset [count]"),
    scores(2, "ZMPOP 2 zset zset <MIN | MAX> [COUNT count]"),
    scores(2, "BZPOPMIN zset... 0.001"),
    scores(2, "BZPOPMAX zset... 0.001"),
    scores(2, "BZMPOP 0.001 2 zset zset <MIN | MAX> [COUNT count]"),
    rule(2, "ZRANDMEMBER zset [<0 | 1 | 2 | 5 | 1000 | -1 | -7>] [WITHSCORES]")
        .compare(Compare::Outcome, RANDOM),
    rule(2, "ZSCAN zset <0 | integer> [MATCH pattern] [COUNT <1000 | count>]")
        .compare(Compare::ScanNumbers, SHORTEST),
    scores(
        3,
        "ZUNION 2 <zset | set> <zset | set> [WEIGHTS score score] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    ),
    scores(
        3,
        "ZINTER 2 <zset | set> <zset | set> [WEIGHTS score score] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    ),
    scores(2, "ZDIFF 2 <zset | set> <zset | set> [WITHSCORES]"),
    rule(
        2,
        "ZUNIONSTORE zset 3 zset <zset | set> zset [WEIGHTS score score score] [AGGREGATE <SUM | MIN | MAX>]",
    ),
    rule(2, "ZINTERSTORE zset 2 zset <zset | set> [WEIGHTS score score] [AGGREGATE <SUM | MIN | MAX>]"),
    rule(2, "ZDIFFSTORE zset 2 zset <zset | set>"),
    rule(2, "ZINTERCARD 2 zset <zset | set> [LIMIT count]"),
    // Geo
    rule(10, "GEOADD geo [NX | XX] [CH] <longitude latitude spot>..."),
    rule(2, "GEOPOS geo spot spot"),
    rule(3, "GEODIST geo spot spot [<M | KM | FT | MI>]"),
    rule(2, "GEOHASH geo spot spot"),
    rule(3, "GEOSEARCH geo FROMMEMBER spot BYRADIUS length <KM | MI> [ASC | DESC] [COUNT 1000] [WITHDIST]"),
    rule(
        3,
        "GEOSEARCH geo FROMLONLAT longitude latitude BYBOX length length KM [DESC] [WITHCOORD] [WITHHASH]",
    ),
    rule(2, "GEOSEARCHSTORE geo geo FROMLONLAT longitude latitude BYBOX length length KM [ASC] [COUNT 1000]"),
    rule(2, "GEORADIUS geo longitude latitude length <KM | MI> [WITHCOORD] [WITHDIST] [COUNT 1000] [DESC]"),
    rule(2, "GEORADIUS_RO geo longitude latitude length <KM | MI> [WITHHASH] [COUNT 1000] [ASC | DESC]"),
    rule(2, "GEORADIUSBYMEMBER geo spot length <KM | MI> [WITHCOORD] [WITHDIST] [COUNT 1000] [ASC | DESC]"),
    rule(2, "GEORADIUSBYMEMBER_RO geo spot length <KM | MI> [WITHCOORD] [WITHDIST] [COUNT 1000] [DESC]"),
    // Keys
    rule(4, "DEL key..."),
    rule(3, "EXISTS key..."),
    rule(3, "TYPE key"),
    rule(2, "KEYS pattern").compare(Compare::Unordered, ORDER),
    rule(3, "SCAN <0 | integer> [MATCH pattern] [COUNT <1000 | count>] [TYPE type]")
        .compare(Compare::Scan, STEPS),
    rule(5, "EXPIRE key secs [NX | XX | GT | LT] [XX | GT | LT]"),
    rule(5, "PEXPIRE key ms [NX | XX | GT | LT]"),
    rule(3, "TTL key").compare(Compare::Within(2), CLOCK),
    rule(3, "PTTL key").compare(Compare::Within(TIME_BOUND_MS), CLOCK),
    rule(4, "OBJECT ENCODING key"),
    rule(1, "OBJECT REFCOUNT key").compare(Compare::Within(1), QUEUED_SHARE),
    rule(1, "OBJECT FREQ key"),
    rule(1, "OBJECT IDLETIME key").compare(Compare::Within(i64::MAX), SHARED_AGE),
    rule(2, "UNLINK key..."),
    rule(2, "TOUCH key..."),
    rule(1, "RANDOMKEY").compare(Compare::Outcome, RANDOM),
    rule(3, "RENAME key key"),
    rule(3, "RENAMENX key key"),
    rule(4, "COPY key key [DB db] [REPLACE]"),
    rule(3, "MOVE key db"),
    rule(2, "SWAPDB db db"),
    rule(3, "PERSIST key"),
    rule(4, "EXPIREAT key at [NX | XX | GT | LT] [XX | GT | LT]"),
    rule(4, "PEXPIREAT key at_ms [NX | XX | GT | LT]"),
    rule(2, "EXPIRETIME key").compare(Compare::Within(TIME_BOUND_MS / 1000), CLOCK),
    rule(2, "PEXPIRETIME key").compare(Compare::Within(TIME_BOUND_MS), CLOCK),
    rule(2, "DUMP key").compare(Compare::Outcome, TABLE_BYTES),
    rule(5, "RESTORE key <0 | ms> payload [REPLACE] [IDLETIME count] [FREQ count]"),
    rule(1, "RESTORE key at_ms payload [REPLACE] ABSTTL"),
    rule(
        3,
        "SORT <list | key> [BY <pattern | key>] [LIMIT index count] [GET <# | key | pattern>]... [ASC | DESC]",
    ),
    // What SORT leaves unsorted of a set is not stored, as later requests would find it in each server's own order.
    rule(2, "SORT list [BY <key | pattern>] [GET #] [ASC | DESC] ALPHA"),
    rule(1, "SORT list [GET #] [ASC | DESC] ALPHA [STORE list]"),
    rule(2, "SORT_RO <list | key> [BY pattern] [LIMIT index count] [GET <# | pattern>] [ASC | DESC]"),
    // The connection
    rule(1, "PING [value]"),
    rule(1, "ECHO value"),
    rule(2, "SELECT db"),
    rule(1, "HELLO [<2 | 3 | integer> [AUTH user text] [SETNAME text]]").compare(Compare::Pairs, GREETING),
    rule(1, "AUTH [text] text"),
    rule(1, "RESET"),
    rule(1, "QUIT [value]"),
    rule(1, "CLIENT ID").compare(Compare::Outcome, OWN_NUMBERS),
    rule(1, "CLIENT GETNAME"),
    rule(1, "CLIENT SETNAME text"),
    rule(1, "CLIENT LIST [TYPE <NORMAL | PUBSUB | text>] [ID integer...]")
        .compare(Compare::Outcome, OWN_NUMBERS),
    rule(1, "CLIENT INFO").compare(Compare::Outcome, OWN_NUMBERS),
    rule(1, "CLIENT NO-EVICT <ON | OFF | text>"),
    rule(1, "CLIENT REPLY ON"),
    rule(1, "CLIENT UNPAUSE"),
    rule(1, "CLIENT UNBLOCK 987654321 [TIMEOUT | ERROR]"),
    rule(1, "CLIENT TRACKINGINFO"),
    rule(1, "CLIENT GETREDIR"),
    // Not switched on here: what is pushed between replies is what another connection hears, or a script.
    rule(1, "CLIENT TRACKING <OFF | text> [BCAST] [PREFIX key] [OPTIN] [OPTOUT] [NOLOOP] [REDIRECT text]"),
    rule(1, "CLIENT CACHING <YES | NO | text>"),
    // Transactions
    rule(4, "MULTI"),
    rule(6, "EXEC"),
    rule(1, "DISCARD"),
    rule(3, "WATCH key..."),
    rule(1, "UNWATCH"),
    // Publish and subscribe
    rule(1, "PUBLISH text value"),
    rule(1, "SPUBLISH text value"),
    rule(1, "PUBSUB CHANNELS [pattern]"),
    rule(1, "PUBSUB NUMSUB [text...]"),
    rule(1, "PUBSUB NUMPAT"),
    rule(1, "PUBSUB SHARDCHANNELS [pattern]"),
    rule(1, "PUBSUB SHARDNUMSUB [text...]"),
    // The server
    rule(1, "DBSIZE").compare(Compare::Outcome, DUE_KEYS),
    rule(1, "FLUSHDB [ASYNC | SYNC]"),
    rule(1, "FLUSHALL [ASYNC | SYNC]"),
    rule(1, "TIME").compare(Compare::Outcome, CLOCK),
    rule(1, "LASTSAVE").compare(Compare::Outcome, STARTED),
    rule(1, "INFO [text]").compare(Compare::Outcome, OWN_FIGURES),
    rule(1, "COMMAND COUNT").compare(Compare::Outcome, OWN_COMMANDS),
    rule(1, "COMMAND INFO <GET | SET | text>..."),
    rule(1, "COMMAND DOCS <GET | SET | text>...").compare(Compare::Outcome, OWN_COMMANDS),
    rule(1, "COMMAND LIST [FILTERBY <MODULE | ACLCAT | PATTERN | text> text]")
        .compare(Compare::Outcome, OWN_COMMANDS),
    rule(1, "COMMAND GETKEYS <GET string | SET string value [GET] | DEL key... | text value...>"),
    rule(1, "COMMAND GETKEYSANDFLAGS <GET string | SET string value [GET] | DEL key... | text value...>"),
    rule(1, "CONFIG GET pattern...").compare(Compare::Outcome, OWN_OPTIONS),
    rule(1, "CONFIG SET <HASH-MAX-LISTPACK-ENTRIES | HASH-MAX-LISTPACK-VALUE> <count | index | integer>"),
    rule(1, "CONFIG SET <SET-MAX-INTSET-ENTRIES | HLL-SPARSE-MAX-BYTES> <count | index | offset>"),
    // No timeout that those who look on from beside could reach.
    rule(1, "CONFIG SET TIMEOUT <0 | 1000 | -1 | NEVER>"),
    rule(1, "CONFIG SET TCP-KEEPALIVE integer"),
    rule(1, "ACL WHOAMI"),
    rule(1, "ACL USERS"),
    rule(1, "ACL LIST"),
    rule(1, "ACL GETUSER <user | text>"),
    rule(1, "ACL DELUSER <user | text>"),
    rule(1, "ACL DRYRUN user <GET | SET | DEL> key"),
    rule(1, "ACL CAT [text]").compare(Compare::Outcome, OWN_COMMANDS),
    rule(1, "ACL GENPASS [count]").compare(Compare::Outcome, RANDOM),
    rule(1, "ACL LOG [count | RESET]").compare(Compare::Outcome, OWN_NUMBERS),
    rule(1, "ACL SAVE"),
    rule(1, "ACL LOAD"),
    rule(1, "CONFIG RESETSTAT"),
    rule(1, "SLOWLOG GET [count]").compare(Compare::Outcome, SLOW),
    rule(1, "SLOWLOG LEN").compare(Compare::Outcome, SLOW),
    rule(1, "SLOWLOG RESET"),
    rule(1, "LATENCY LATEST"),
    rule(1, "LATENCY HISTORY text"),
    rule(1, "LATENCY RESET [text...]"),
    rule(1, "LATENCY GRAPH text"),
    rule(1, "LATENCY HISTOGRAM text...").compare(Compare::Outcome, SLOW),
    rule(1, "MEMORY USAGE key [SAMPLES count]").compare(Compare::Outcome, OWN_FIGURES),
    rule(1, "MEMORY STATS").compare(Compare::Outcome, OWN_FIGURES),
    rule(1, "MEMORY DOCTOR").compare(Compare::Outcome, OWN_TEXT),
    rule(1, "MEMORY MALLOC-STATS").compare(Compare::Outcome, OWN_TEXT),
    rule(1, "MEMORY PURGE"),
    rule(1, "MODULE LIST"),
    rule(1, "ROLE"),
    rule(1, "READONLY"),
    rule(1, "READWRITE"),
    rule(1, "ASKING"),
    rule(1, "CLUSTER INFO"),
    rule(1, "CLUSTER MYID"),
    rule(1, "CLUSTER NODES"),
    rule(1, "CLUSTER SHARDS"),
    rule(1, "CLUSTER SLOTS"),
    rule(1, "CLUSTER KEYSLOT key"),
    rule(1, "CLUSTER COUNTKEYSINSLOT integer"),
    rule(1, "CLUSTER GETKEYSINSLOT integer count"),
    rule(1, "CLUSTER LINKS"),
    rule(1, "LOLWUT").compare(Compare::Outcome, OWN_TEXT),
];

/// Commands that are not made wrong at random: Redis before 7.2 carries out the options of HELLO that stand before a
/// wrong one, and later replies would depend on that; nobody could read replies that are switched off; HRANDFIELD and
/// SRANDMEMBER with a huge negative count answer for ever, and SPOP would take another member from each; a wrong time to wait may be long.
pub(crate) const NEVER_WRONG: &[&str] = &[
    "hello",
    "client reply",
    "client tracking",
    "client unblock",
    "hrandfield",
    "srandmember",
    "spop",
    "blpop",
    "brpop",
    "blmove",
    "brpoplpush",
    "blmpop",
    "zrandmember",
    "zrank",
    "zrevrank",
    "bzpopmin",
    "bzpopmax",
    "bzmpop",
];

/// Commands whose arguments are text in Memora; Redis takes what stands before a zero byte.
pub(crate) const TEXT_ONLY: &[&str] = &["config"];

/// How far the deadlines of a key may be from each other: both servers read the clock, one after the other.
pub(crate) const TIME_BOUND_MS: i64 = 3000;

/// What brings options that [`RULES`] change back, before each case.
pub(crate) const RESTORE: &[&[&str]] = &[&[
    "CONFIG",
    "SET",
    "hash-max-listpack-entries",
    "128",
    "hash-max-listpack-value",
    "64",
    "set-max-intset-entries",
    "512",
    "hll-sparse-max-bytes",
    "3000",
    "timeout",
    "0",
    "tcp-keepalive",
    "300",
    "notify-keyspace-events",
    "AEnm",
]];

/// How the value of a key is looked at in the end: its type, the request but for the key, which comes second, and
/// how the replies are compared. Only requests that Memora knows are made; the last may remove the value.
pub(crate) const CONTENTS: &[(&str, &[&str], Compare)] = &[
    ("string", &["GET"], Compare::Exact),
    ("list", &["LRANGE", "0", "-1"], Compare::Exact),
    ("list", &["LPOP", "1000000000"], Compare::Exact),
    ("hash", &["HKEYS"], Compare::Unordered),
    ("hash", &["HVALS"], Compare::Unordered),
    ("hash", &["HGETALL"], Compare::Pairs),
    ("set", &["SMEMBERS"], Compare::Unordered),
    ("zset", &["ZRANGE", "0", "-1", "WITHSCORES"], Compare::Numbers),
    ("stream", &["XRANGE", "-", "+"], Compare::Exact),
];
