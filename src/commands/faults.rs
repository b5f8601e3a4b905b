//! Every error text a client can see from a command, byte for byte Redis's.
//!
//! A [`Fault`] is the whole text after the `-` of an error reply: code, space, message. Constant texts cost
//! nothing to make or copy. Errors of the protocol itself are in `resp::error`, they close the connection.

mod sorted_sets;

pub use sorted_sets::*;

use bytes::Bytes;
use std::fmt::Write;

/// The text of an error reply, without the leading `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Bytes);

impl Fault {
    /// A fault with a constant text.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// A fault whose text is made at run time; it may hold bytes that a client sent.
    pub fn from_bytes(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// The text, code first.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The text as an owned, shared buffer.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The code, the first word, as counted in `INFO`'s error statistics.
    #[must_use]
    pub fn code(&self) -> &[u8] {
        self.0.split(|byte| *byte == b' ').next().unwrap_or_default()
    }
}

/// The options do not fit together or are unknown.
pub const SYNTAX: Fault = Fault::new("ERR syntax error");
/// The key holds another type.
pub const WRONG_TYPE: Fault = Fault::new("WRONGTYPE Operation against a key holding the wrong kind of value");
/// An argument or value is not a 64-bit integer.
pub const NOT_AN_INTEGER: Fault = Fault::new("ERR value is not an integer or out of range");
/// A result would not fit into 64 bits.
pub const OVERFLOW: Fault = Fault::new("ERR increment or decrement would overflow");
/// DECRBY of the least integer, which has no opposite.
pub const DECREMENT_OVERFLOW: Fault = Fault::new("ERR decrement would overflow");
/// An argument or value is not a floating point number.
pub const NOT_A_FLOAT: Fault = Fault::new("ERR value is not a valid float");
/// A sum of floating point numbers is out of range.
pub const NAN_OR_INFINITY: Fault = Fault::new("ERR increment would produce NaN or Infinity");
/// A string would be longer than `proto-max-bulk-len`.
pub const STRING_TOO_LONG: Fault = Fault::new("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
/// SETRANGE before the string's first byte.
pub const OFFSET_OUT_OF_RANGE: Fault = Fault::new("ERR offset is out of range");
/// A bit's position is no number, negative, or beyond `proto-max-bulk-len`.
pub const BAD_BIT_OFFSET: Fault = Fault::new("ERR bit offset is not an integer or out of range");
/// SETBIT with a bit that is none.
pub const BAD_BIT: Fault = Fault::new("ERR bit is not an integer or out of range");
/// BITPOS looking for something that is no bit.
pub const BAD_BIT_ARGUMENT: Fault = Fault::new("ERR The bit argument must be 1 or 0.");
/// BITOP NOT of several keys.
pub const BITOP_NOT_ONE_KEY: Fault = Fault::new("ERR BITOP NOT must be called with a single source key.");
/// BITFIELD with a type that is none.
pub const BAD_BITFIELD_TYPE: Fault = Fault::new(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
/// BITFIELD OVERFLOW with something that it does not know.
pub const BAD_OVERFLOW_TYPE: Fault = Fault::new("ERR Invalid OVERFLOW type specified");
/// BITFIELD_RO with a subcommand that writes.
pub const BITFIELD_RO_WRITES: Fault = Fault::new("ERR BITFIELD_RO only supports the GET subcommand");
/// LCS of something that is no string.
pub const LCS_NOT_STRINGS: Fault = Fault::new("ERR The specified keys must contain string values");
/// LCS with both LEN and IDX.
pub const LCS_LEN_AND_IDX: Fault =
    Fault::new("ERR If you want both the length and indexes, please just use IDX.");
/// LCS of strings for which Redis would need too much memory.
pub const LCS_TOO_BIG: Fault =
    Fault::new("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
/// A count has to be zero or more.
pub const NOT_POSITIVE: Fault = Fault::new("ERR value is out of range, must be positive");
/// The command only works on a key that is there.
pub const NO_SUCH_KEY: Fault = Fault::new("ERR no such key");
/// A list has no element at this index.
pub const INDEX_OUT_OF_RANGE: Fault = Fault::new("ERR index out of range");
/// A number has to be one that can be made negative.
pub const NOT_NEGATABLE: Fault =
    Fault::new("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
/// A count whose double has to be a number, too.
pub const COUNT_OUT_OF_RANGE: Fault = Fault::new("ERR value is out of range");
/// LPOS with RANK 0.
pub const LPOS_RANK_ZERO: Fault = Fault::new(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
/// LPOS with a COUNT below zero or that is no number.
pub const LPOS_COUNT_NEGATIVE: Fault = Fault::new("ERR COUNT can't be negative");
/// LPOS with a MAXLEN below zero or that is no number.
pub const LPOS_MAXLEN_NEGATIVE: Fault = Fault::new("ERR MAXLEN can't be negative");
/// The number of keys has to be one at least.
pub const NUMKEYS_NOT_POSITIVE: Fault = Fault::new("ERR numkeys should be greater than 0");
/// A string that is no HyperLogLog.
pub const NOT_A_HLL: Fault = Fault::new("WRONGTYPE Key is not a valid HyperLogLog string value.");
/// A HyperLogLog whose registers are not whole.
pub const HLL_CORRUPT: Fault = Fault::new("INVALIDOBJ Corrupted HLL object detected");
/// PFDEBUG without the key.
pub const HLL_NO_KEY: Fault = Fault::new("ERR The specified key does not exist");
/// PFDEBUG DECODE of a dense HyperLogLog.
pub const HLL_NOT_SPARSE: Fault = Fault::new("ERR HLL encoding is not sparse");
/// PFSELFTEST found something wrong.
pub const HLL_SELF_TEST: Fault =
    Fault::new("ERR TESTFAILED the two forms disagree or an estimate is far off");
/// There are fewer keys than their number says.
pub const TOO_MANY_KEYS: Fault = Fault::new("ERR Number of keys can't be greater than number of args");
/// A LIMIT below zero or that is no number.
pub const LIMIT_NEGATIVE: Fault = Fault::new("ERR LIMIT can't be negative");
/// The number of elements to take has to be one at least.
pub const COUNT_NOT_POSITIVE: Fault = Fault::new("ERR count should be greater than 0");
/// HINCRBY on a field that is no 64-bit integer.
pub const HASH_VALUE_NOT_AN_INTEGER: Fault = Fault::new("ERR hash value is not an integer");
/// HINCRBYFLOAT by infinity.
pub const INCREMENT_NOT_FINITE: Fault = Fault::new("ERR value is NaN or Infinity");
/// HINCRBYFLOAT on a field that is no number.
pub const HASH_VALUE_NOT_A_FLOAT: Fault = Fault::new("ERR hash value is not a float");
/// SORT by something that is no number.
pub const SORT_NOT_A_DOUBLE: Fault = Fault::new("ERR One or more scores can't be converted into double");
/// NX goes with nothing else.
pub const EXPIRE_NX_ALONE: Fault =
    Fault::new("ERR NX and XX, GT or LT options at the same time are not compatible");
/// GT excludes LT.
pub const EXPIRE_GT_AND_LT: Fault = Fault::new("ERR GT and LT options at the same time are not compatible");
/// COPY or MOVE of a key to itself.
pub const SAME_OBJECT: Fault = Fault::new("ERR source and destination objects are the same");
/// SWAPDB's first number is no number.
pub const INVALID_FIRST_DB: Fault = Fault::new("ERR invalid first DB index");
/// SWAPDB's second number is no number.
pub const INVALID_SECOND_DB: Fault = Fault::new("ERR invalid second DB index");
/// RESTORE of a key that is there.
pub const BUSY_KEY: Fault = Fault::new("BUSYKEY Target key name already exists.");
/// RESTORE with a negative time to live.
pub const INVALID_TTL: Fault = Fault::new("ERR Invalid TTL value, must be >= 0");
/// RESTORE with a negative idle time.
pub const INVALID_IDLETIME: Fault = Fault::new("ERR Invalid IDLETIME value, must be >= 0");
/// RESTORE with a frequency that is none.
pub const INVALID_FREQ: Fault = Fault::new("ERR Invalid FREQ value, must be >= 0 and <= 255");
/// RESTORE of bytes whose footer is wrong.
pub const BAD_PAYLOAD: Fault = Fault::new("ERR DUMP payload version or checksum are wrong");
/// RESTORE of bytes that make no value.
pub const BAD_FORMAT: Fault = Fault::new("ERR Bad data format");
/// OBJECT IDLETIME where use is counted and not dated.
pub const NOT_LRU: Fault = Fault::new(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

/// Memory is full and nothing may be evicted.
pub const OUT_OF_MEMORY: Fault = Fault::new("OOM command not allowed when used memory > 'maxmemory'.");

/// OBJECT FREQ while nothing counts accesses.
pub const NOT_LFU: Fault = Fault::new(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
/// The database number is not a number or does not exist.
pub const DB_OUT_OF_RANGE: Fault = Fault::new("ERR DB index is out of range");
/// A number that Redis keeps in 32 bits does not fit.
pub const OUT_OF_INT_RANGE: Fault =
    Fault::new("ERR value is out of range, value must between -2147483648 and 2147483647");
/// SCAN's cursor is not a number.
pub const INVALID_CURSOR: Fault = Fault::new("ERR invalid cursor");
/// A command before AUTH.
pub const NO_AUTH: Fault = Fault::new("NOAUTH Authentication required.");
/// HELLO before AUTH.
pub const HELLO_NO_AUTH: Fault = Fault::new(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
);
/// The password does not fit.
pub const WRONG_PASSWORD: Fault = Fault::new("WRONGPASS invalid username-password pair or user is disabled.");
/// AUTH with a password only, where no password is set.
pub const NO_PASSWORD_SET: Fault = Fault::new(
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
);
/// A command with a key that its user may not use so.
pub const NO_PERMISSION_FOR_KEY: Fault =
    Fault::new("NOPERM this user has no permissions to access one of the keys used as arguments");
/// A command with a channel that its user may not use.
pub const NO_PERMISSION_FOR_CHANNEL: Fault =
    Fault::new("NOPERM this user has no permissions to access one of the channels used as arguments");
/// SORT by keys that its user may not read.
pub const SORT_BY_DENIED: Fault =
    Fault::new("ERR BY option of SORT denied due to insufficient ACL permissions.");
/// SORT that answers keys which its user may not read.
pub const SORT_GET_DENIED: Fault =
    Fault::new("ERR GET option of SORT denied due to insufficient ACL permissions.");
/// ACL SETUSER with a name that would not be one word.
pub const USERNAME_WITH_SPACES: Fault = Fault::new("ERR Usernames can't contain spaces or null characters");
/// ACL DELUSER of the user that there always is.
pub const DEFAULT_USER_STAYS: Fault = Fault::new("ERR The 'default' user cannot be removed");
/// ACL GENPASS of a strange size.
pub const GENPASS_BITS: Fault = Fault::new(
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
);
/// ACL LOAD or SAVE without a file.
pub const NO_ACL_FILE: Fault = Fault::new(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.",
);
/// ACL SAVE that could not write.
pub const ACL_SAVE_FAILED: Fault = Fault::new(
    "ERR There was an error trying to save the ACLs. Please check the server logs for more information",
);
/// HELLO with a version other than 2 and 3.
pub const NO_PROTO: Fault = Fault::new("NOPROTO unsupported protocol version");
/// HELLO with a version that is no number.
pub const PROTO_NOT_A_NUMBER: Fault = Fault::new("ERR Protocol version is not an integer or out of range");
/// A client name that `CLIENT LIST` could not print.
pub const BAD_CLIENT_NAME: Fault =
    Fault::new("ERR Client names cannot contain spaces, newlines or special characters.");
/// COMMAND GETKEYS of a command without keys.
pub const NO_KEYS: Fault = Fault::new("ERR The command has no key arguments");
/// COMMAND GETKEYS of a command that does not exist.
pub const INVALID_COMMAND: Fault = Fault::new("ERR Invalid command specified");
/// COMMAND GETKEYS with a wrong number of arguments.
pub const INVALID_COMMAND_ARITY: Fault = Fault::new("ERR Invalid number of arguments specified for command");
/// COMMAND GETKEYS whose arguments hide the keys.
pub const INVALID_COMMAND_ARGUMENTS: Fault = Fault::new("ERR Invalid arguments specified for command");
/// A client's number that cannot be one.
pub const INVALID_CLIENT_ID: Fault = Fault::new("ERR Invalid client ID");
/// CLIENT KILL of an address nobody has.
pub const NO_SUCH_CLIENT: Fault = Fault::new("ERR No such client");
/// CLIENT KILL with a number that cannot be a client's.
pub const CLIENT_ID_NOT_POSITIVE: Fault = Fault::new("ERR client-id should be greater than 0");
/// CLIENT PAUSE with an unknown mode.
pub const PAUSE_MODE: Fault = Fault::new("ERR CLIENT PAUSE mode must be WRITE or ALL");
/// A time to wait that is no number.
pub const TIMEOUT_NOT_AN_INTEGER: Fault = Fault::new("ERR timeout is not an integer or out of range");
/// A time to wait below zero.
pub const TIMEOUT_NEGATIVE: Fault = Fault::new("ERR timeout is negative");
/// CLIENT CACHING of a client that does not track.
pub const NOT_TRACKING: Fault = Fault::new(
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
);
/// CLIENT CACHING YES without OPTIN.
pub const CACHING_YES_WITHOUT_OPTIN: Fault =
    Fault::new("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
/// CLIENT CACHING NO without OPTOUT.
pub const CACHING_NO_WITHOUT_OPTOUT: Fault =
    Fault::new("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
/// CLIENT TRACKING with REDIRECT more than once.
pub const SEVERAL_REDIRECTIONS: Fault = Fault::new("ERR A client can only redirect to a single other client");
/// CLIENT TRACKING with REDIRECT to nobody.
pub const NO_CLIENT_TO_REDIRECT_TO: Fault =
    Fault::new("ERR The client ID you want redirect to does not exist");
/// CLIENT TRACKING with prefixes that nothing is broadcast for.
pub const PREFIX_WITHOUT_BCAST: Fault = Fault::new("ERR PREFIX option requires BCAST mode to be enabled");
/// CLIENT TRACKING with BCAST where it tracks without, or the reverse.
pub const SWITCHING_BCAST: Fault = Fault::new(
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
/// CLIENT TRACKING with BCAST and OPTIN or OPTOUT.
pub const OPT_WITH_BCAST: Fault = Fault::new("ERR OPTIN and OPTOUT are not compatible with BCAST");
/// CLIENT TRACKING with OPTIN and OPTOUT.
pub const OPT_IN_AND_OUT: Fault = Fault::new("ERR You can't specify both OPTIN mode and OPTOUT mode");
/// CLIENT TRACKING with OPTIN where it tracks with OPTOUT, or the reverse.
pub const SWITCHING_OPT: Fault = Fault::new(
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
/// A client in MONITOR mode asks for data.
pub const MONITOR_NO_KEYSPACE: Fault = Fault::new("ERR Replica can't interact with the keyspace");
/// DEBUG PROTOCOL PUSH, which RESP2 does not have.
pub const NOT_IN_RESP2: Fault = Fault::new("ERR RESP2 is not supported by this command");
/// DEBUG PROTOCOL with an unknown type.
pub const NO_PROTOCOL_TYPE: Fault = Fault::new(
    "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
/// A time to wait that ends beyond the end of time.
pub const TIMEOUT_OUT_OF_RANGE: Fault = Fault::new("ERR timeout is out of range");
/// A command of Redis Cluster.
pub const NO_CLUSTER: Fault = Fault::new("ERR This instance has cluster support disabled");
/// CONFIG REWRITE where the options did not come from a file.
pub const NO_CONFIG_FILE: Fault = Fault::new("ERR The server is running without a config file");
/// SLOWLOG GET with a count that is none.
pub const SLOWLOG_COUNT: Fault = Fault::new("ERR count should be greater than or equal to -1");
/// SHUTDOWN whose snapshot failed, or that was aborted.
pub const SHUTDOWN_FAILED: Fault = Fault::new("ERR Errors trying to SHUTDOWN. Check logs.");
/// DEBUG with the name of no actor.
pub const NO_SUCH_ACTOR: Fault = Fault::new("ERR there is no actor of this name, DEBUG ACTORS lists them");
/// DEBUG FREEZE with a time that is none.
pub const NO_DURATION: Fault =
    Fault::new("ERR the duration is not a time with its unit, such as 250ms, of a day at most");
/// A command with arguments that have made the server fail before.
pub const REFUSED_AS_DANGEROUS: Fault = Fault::new(
    "ERR this command with these arguments has made the server fail twice and is refused until the server is started anew",
);
/// SHUTDOWN ABORT without a shutdown.
pub const NO_SHUTDOWN: Fault = Fault::new("ERR No shutdown in progress.");
/// SAVE or BGSAVE while a snapshot is written.
pub const SAVE_RUNS: Fault = Fault::new("ERR Background save already in progress");
/// BGSAVE while the log is rewritten.
pub const REWRITE_RUNS_NO_SAVE: Fault = Fault::new(
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
);
/// BGREWRITEAOF while the log is rewritten.
pub const REWRITE_RUNS: Fault = Fault::new("ERR Background append only file rewriting already in progress");
/// SAVE could not write.
pub const SAVE_FAILED: Fault = Fault::new("ERR");
/// DEBUG RELOAD in a transaction, which cannot wait for it.
pub const RELOAD_IN_TRANSACTION: Fault = Fault::new("ERR DEBUG RELOAD cannot run inside a transaction");

/// DEBUG RELOAD could not write or read the file.
pub const RELOAD_FAILED: Fault = Fault::new("ERR Error trying to load the RDB dump, check server logs.");
/// A number that can only be 0 or 1.
pub const NOT_ZERO_OR_ONE: Fault = Fault::new("ERR value is out of range, value must between 0 and 1");
/// WAITAOF for this server's log where there is none.
pub const WAITAOF_WITHOUT_LOG: Fault =
    Fault::new("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
/// A write after a snapshot that failed.
pub const SNAPSHOT_FAILED: Fault = Fault::new(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
);
/// DEBUG is switched off.
pub const DEBUG_DISABLED: Fault = Fault::new(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);
/// The server reads its data and answers little else meanwhile.
pub const LOADING: Fault = Fault::new("LOADING Redis is loading the dataset in memory");
/// A time to wait that is no number.
pub const TIMEOUT_NOT_A_FLOAT: Fault = Fault::new("ERR timeout is not a float or out of range");
/// CLIENT UNBLOCK with a reason that it does not know.
pub const UNBLOCK_REASON: Fault = Fault::new("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
/// What a client hears that CLIENT UNBLOCK has wait no longer.
pub const UNBLOCKED: Fault = Fault::new("UNBLOCKED client unblocked via CLIENT UNBLOCK");
/// A command of a client that listens to channels, under RESP2.
#[must_use]
pub fn only_listening(name: &str) -> Fault {
    Fault::from_bytes(format!(
        "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
    ))
}

/// MULTI inside MULTI.
pub const NESTED_MULTI: Fault = Fault::new("ERR MULTI calls can not be nested");
/// EXEC without MULTI.
pub const EXEC_WITHOUT_MULTI: Fault = Fault::new("ERR EXEC without MULTI");
/// DISCARD without MULTI.
pub const DISCARD_WITHOUT_MULTI: Fault = Fault::new("ERR DISCARD without MULTI");
/// WATCH between MULTI and EXEC.
pub const WATCH_INSIDE_MULTI: Fault = Fault::new("ERR WATCH inside MULTI is not allowed");
/// EXEC after a command that was refused.
pub const EXEC_ABORTED: Fault = Fault::new("EXECABORT Transaction discarded because of previous errors.");
/// A command that cannot be part of a transaction.
pub const NOT_IN_TRANSACTION: Fault = Fault::new("ERR Command not allowed inside a transaction");
/// MONITOR in a transaction.
pub const MONITOR_DENIED: Fault = Fault::new("ERR MONITOR isn't allowed for DENY BLOCKING client");
/// SSUBSCRIBE in a transaction.
pub const SSUBSCRIBE_DENIED: Fault = Fault::new("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
/// The Keyspace failed while it executed this very command.
pub const OUTCOME_UNKNOWN: Fault =
    Fault::new("ERR internal error while executing this command, its outcome is unknown");

/// A write while the log cannot be written; `reason` is the system's.
#[must_use]
pub fn log_failed(reason: &str) -> Fault {
    Fault::from_bytes(format!("MISCONF Errors writing to the AOF file: {reason}"))
}

/// A command that its user may not run.
#[must_use]
pub fn no_permission(name: &str) -> Fault {
    Fault::from_bytes(format!("NOPERM this user has no permissions to run the '{name}' command"))
}

/// A command in a transaction that its user may not run any more.
#[must_use]
pub fn permission_lost(reason: &str) -> Fault {
    Fault::from_bytes(format!(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: {reason}"
    ))
}

/// EXEC that a gate refuses.
#[must_use]
pub fn aborted(reason: &Fault) -> Fault {
    let text = reason.text();
    with_argument(
        "EXECABORT Transaction discarded because of: ",
        text.strip_prefix(b"ERR ").unwrap_or(text),
        "",
    )
}

/// The wrong number of arguments; `name` in lower case, subcommands as `client|id`.
#[must_use]
pub fn wrong_arity(name: &str) -> Fault {
    Fault::from_bytes(format!("ERR wrong number of arguments for '{name}' command"))
}

/// A time to live that is not allowed; `name` in lower case.
#[must_use]
pub fn invalid_expire_time(name: &str) -> Fault {
    Fault::from_bytes(format!("ERR invalid expire time in '{name}' command"))
}

/// An option the command does not know.
#[must_use]
pub fn unsupported_option(option: &[u8]) -> Fault {
    with_argument("ERR Unsupported option ", option, "")
}

/// A library name or version that `CLIENT LIST` could not print; `attribute` as the option is spelled.
#[must_use]
pub fn bad_library_attribute(attribute: &str) -> Fault {
    Fault::from_bytes(format!("ERR {attribute} cannot contain spaces, newlines or special characters."))
}

/// How many bytes of the arguments the text about an unknown command repeats.
const QUOTED_BYTES: usize = 128;

/// A command that does not exist: its name and the beginning of its arguments are repeated.
///
/// Follows Redis 7's `unknown command 'x', with args beginning with: 'a' 'b' ` to the trailing space.
pub fn unknown_command<'a>(name: &[u8], arguments: impl Iterator<Item = &'a [u8]>) -> Fault {
    let mut quoted = Vec::new();
    for argument in arguments {
        if quoted.len() >= QUOTED_BYTES {
            break;
        }
        let room = QUOTED_BYTES - quoted.len();
        quoted.push(b'\'');
        quoted.extend_from_slice(shown(argument, room));
        quoted.extend_from_slice(b"' ");
    }
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(shown(name, QUOTED_BYTES));
    text.extend_from_slice(b"', with args beginning with: ");
    text.extend_from_slice(&quoted);
    Fault::from_bytes(text)
}

/// A subcommand that does not exist; `container` as the table spells it.
#[must_use]
pub fn unknown_subcommand(container: &str, subcommand: &[u8]) -> Fault {
    let mut help = String::new();
    let _ = write!(help, "'. Try {} HELP.", container.to_ascii_uppercase());
    with_argument("ERR unknown subcommand '", shown(subcommand, QUOTED_BYTES), &help)
}

/// A subcommand that exists, perhaps, but not with so many arguments.
#[must_use]
pub fn subcommand_arity(container: &str, subcommand: &[u8]) -> Fault {
    let help = format!("'. Try {} HELP.", container.to_ascii_uppercase());
    let shown = &subcommand[..subcommand.len().min(QUOTED_BYTES)];
    with_argument("ERR unknown subcommand or wrong number of arguments for '", shown, &help)
}

/// A text with bytes of the client's in its middle.
#[must_use]
pub fn with_argument(before: &str, argument: &[u8], after: &str) -> Fault {
    Fault::from_bytes([before.as_bytes(), shown(argument, argument.len()), after.as_bytes()].concat())
}

/// What Redis shows of a client's bytes: it takes them for C strings, which a zero byte ends.
fn shown(bytes: &[u8], limit: usize) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(limit)];
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}
