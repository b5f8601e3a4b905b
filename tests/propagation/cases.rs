//! What is run on both servers: every write command in every form, and commands that come across due keys.
//!
//! A case is a few requests, separated by ` ; `; it begins with no data, in database 0. In words, `{s}` stands for a
//! moment some minutes ahead in seconds, `{ms}` for the same in milliseconds, `{dump}` for what `DUMP` answers to a
//! list of `a` and `b`, and `{empty}` for nothing. A request that begins with `DUE` stands for SETs that leave its
//! keys past their deadline.

/// The requests, a case a line.
pub(crate) const CASES: &[&str] = &[
    // SET keeps its request unless it counts from now or answers the old value.
    "SET k v ; set k v ; SET k v KEEPTTL ; SET k v XX ; SET k v NX ; SET l v NX ; SET m v XX",
    "SET k v EX 100 ; SET k v PX 100000 ; SET k v EXAT {s} ; SET k v PXAT {ms} ; set k w ex 100",
    "SET k v NX EX 100 ; SET k w XX PX 100000 ; SET k v PXAT 1 ; SET k w EXAT 1",
    "SET k v GET ; sEt k w gEt KEEPTTL ; SET k v XX GET get XX ; SET k v NX GET ; SET k GET GET",
    "SET k v EX 100 GET ; SET k v GET XX PXAT {ms} ; RPUSH l a ; SET l v GET ; SET l v EX 0",
    "SETNX k v ; SETNX k w ; SETEX k 100 v ; PSETEX k 100000 v ; SETEX k 0 v",
    "GETSET k v ; getset k w ; SETEX k 100 v ; GETSET k v",
    "GETDEL k ; SET k v ; GETDEL k ; RPUSH l a ; GETDEL l",
    "GETEX k EX 100 ; SET k v ; GETEX k ; GETEX k EX 100 ; getex k px 100000 ; GETEX k EXAT {s} ; GETEX k PXAT {ms}",
    "SET k v ; GETEX k PERSIST ; GETEX k EX 100 ; GETEX k PERSIST ; GETEX k PXAT 1 ; SET k v ; GETEX k EXAT 1",
    "MSET a 1 b 2 a 3 ; MSETNX a 1 c 2 ; MSETNX c 1 d 2 ; MSETNX c 1",
    "APPEND k v ; APPEND k {empty} ; APPEND n {empty} ; SETRANGE k 3 v ; SETRANGE n 0 {empty} ; SETRANGE k 0 {empty}",
    "INCR n ; INCRBY n 5 ; DECR n ; DECRBY n 3 ; INCRBY n 0 ; SET k v ; INCR k ; EXPIRE n 100 ; INCR n",
    "INCRBYFLOAT n 1.5 ; INCRBYFLOAT n 1e3 ; SETEX n 100 10 ; incrbyfloat n -0.25 ; INCRBYFLOAT n x",
    // Bits
    "SETBIT b 7 1 ; SETBIT b 7 0 ; SETBIT b 100 0 ; SETBIT b 3 1",
    "BITOP AND d a b ; SET a abc ; SET b xyz ; BITOP OR d a b ; BITOP NOT d a ; BITOP XOR d a b ; BITOP AND d n m",
    "BITFIELD b GET u8 0 ; BITFIELD b SET u8 0 5 GET u8 0 ; BITFIELD b GET u4 0 INCRBY u8 0 1",
    "BITFIELD b SET u8 #1 5 ; BITFIELD b OVERFLOW FAIL INCRBY u2 0 3 INCRBY u2 0 3 ; BITFIELD b OVERFLOW SAT INCRBY i4 0 99",
    "BITFIELD b OVERFLOW WRAP SET u8 0 1 ; BITFIELD_RO b GET u8 0",
    // Lists
    "LPUSH l a b ; RPUSH l c ; LPUSHX l d ; RPUSHX l e f ; LPUSHX n a ; RPUSHX n a",
    "RPUSH l a b c d e ; LPOP l ; RPOP l ; LPOP l 2 ; RPOP l 0 ; RPOP l 9 ; LPOP l ; RPOP l 1",
    "RPUSH l a b c ; LSET l 1 x ; LSET l 9 x ; LINSERT l BEFORE x y ; LINSERT l AFTER x z ; LINSERT l AFTER n z",
    "RPUSH l a b a c a ; LREM l 1 a ; LREM l -1 a ; LREM l 0 a ; LREM l 0 a ; LTRIM l 0 0 ; LTRIM l 0 -1 ; LTRIM l 5 9",
    "RPUSH l a b c ; LMOVE l m LEFT RIGHT ; lmove l l right left ; RPOPLPUSH l m ; RPOPLPUSH m m ; LMOVE n m LEFT LEFT",
    "RPUSH l a ; LMOVE l m RIGHT LEFT ; RPOPLPUSH m l ; RPOPLPUSH n l",
    "RPUSH l a b c d ; LMPOP 2 n l LEFT ; LMPOP 1 l RIGHT COUNT 2 ; lmpop 1 l left COUNT 99 ; LMPOP 1 l LEFT COUNT 1",
    "RPUSH l a b c d e ; BLPOP n l 0 ; brpop l 0 ; BLMOVE l m LEFT RIGHT 0 ; blmove l l right left 0 ; BRPOPLPUSH l m 0 ; BRPOPLPUSH m m 0",
    "RPUSH l a b c d e ; BLMPOP 0 2 n l LEFT ; BLMPOP 0 1 l RIGHT COUNT 2 ; blmpop 0 1 l left COUNT 99 ; SET k v ; BLPOP k 0",
    "RPUSH l a b ; MULTI ; BLPOP l 0 ; BLPOP n 0 ; BLMOVE n l LEFT LEFT 0 ; BLMOVE l n LEFT LEFT 0 ; EXEC",
    "RPUSH l 3 1 2 ; SORT l ; SORT l STORE d ; SORT l BY nosort GET # DESC LIMIT 0 2 ALPHA STORE l ; SORT n STORE d ; SORT n STORE d",
    "RPUSH l 2 1 ; MSET w_1 5 w_2 3 ; SORT l BY w_* GET w_* ASC STORE d ; SORT_RO l",
    // Hashes
    "HSET h a 1 b 2 ; HSET h a 1 ; HMSET h c 3 ; HSETNX h c 4 ; HSETNX h d 4 ; HDEL h n ; HDEL h a b n ; HDEL h c d",
    "HINCRBY h n 5 ; HINCRBY h n 0 ; HINCRBYFLOAT h f 1.5 ; hincrbyfloat h f 1e2 ; HSET h t x ; HINCRBYFLOAT h t 1",
    // Sets: what was picked is taken out by name, one by one.
    "SADD s a b c ; SADD s a d ; SADD s a ; SREM s n ; SREM s a b n ; SREM s c d ; SREM s a",
    "SADD s 1 2 x ; SMOVE s t 1 ; SMOVE s t 1 ; SMOVE s s x ; SMOVE s n x ; SMOVE s t 2 ; SMOVE n t 2 ; SADD s 2 ; SMOVE s t 2",
    "SADD s a ; SPOP s ; SPOP s ; SADD s a ; SPOP s 1 ; SADD s a b c ; SPOP s 0 ; spop s 3 ; SADD s a b ; SPOP s 9 ; SPOP s 9",
    "SADD s a b c ; SADD t b c d ; SINTERSTORE d s t ; SUNIONSTORE d s t ; SDIFFSTORE d s t ; SDIFFSTORE d s s ; SDIFFSTORE d n s",
    "SADD s a ; SINTERSTORE d s n ; SET d v ; SINTERSTORE d s n ; SUNIONSTORE d n ; SUNIONSTORE s s n ; EXPIRE s 100 ; SADD s b",
    "SADD s 3 1 2 ; SORT s BY nosort STORE d ; SORT s STORE d ; SORT n STORE d",
    // Sorted sets
    "ZADD z 1 a 2 b ; ZADD z 1 a ; ZADD z NX 5 a 3 c ; ZADD z XX CH 5 n ; ZADD z XX GT CH 9 a ; ZADD z LT 1 a ; zadd z INCR 2 a",
    "ZADD z 1 a ; ZADD z XX INCR 1 n ; ZINCRBY z 1.5 a ; ZINCRBY z 0 a ; ZREM z n ; ZREM z a n ; ZREM z a",
    "ZADD z 1 a 2 b 3 c 4 d ; ZREMRANGEBYRANK z 0 0 ; ZREMRANGEBYSCORE z 2 2 ; ZREMRANGEBYSCORE z 9 9 ; ZREMRANGEBYLEX z - +",
    "ZADD z 1 a 2 b 3 c 4 d ; ZPOPMIN z ; ZPOPMAX z 1 ; ZPOPMIN z 0 ; ZPOPMIN n ; ZPOPMIN z 9 ; ZPOPMAX z",
    "ZADD z 1 a 2 b 3 c 4 d 5 e ; ZMPOP 2 n z MIN ; ZMPOP 1 z MAX COUNT 2 ; BZMPOP 0 1 z MIN ; BZMPOP 0 1 z MAX COUNT 9",
    "ZADD z 1 a 2 b ; BZPOPMIN n z 0 ; BZPOPMAX z 0 ; ZMPOP 1 z MIN",
    "ZADD z 1 a 2 b ; ZRANGESTORE d z 0 0 ; ZRANGESTORE d z 0 -1 REV ; ZRANGESTORE d z 1 2 BYSCORE LIMIT 0 1 ; ZRANGESTORE d z - + BYLEX ; ZRANGESTORE d n 0 1 ; ZRANGESTORE d n 0 1",
    "ZADD z 1 a 2 b ; ZADD y 3 b ; ZUNIONSTORE d 2 z y WEIGHTS 1 2 AGGREGATE MAX ; ZUNIONSTORE d 1 n ; ZINTERSTORE d 2 z y WEIGHTS 2 1 AGGREGATE MIN ; ZINTERSTORE d 1 z AGGREGATE SUM ; ZUNIONSTORE d 1 z AGGREGATE SUM ; ZUNIONSTORE d 1 z AGGREGATE MIN ; ZINTERSTORE d 1 z AGGREGATE MAX ; ZDIFFSTORE d 2 z y ; ZDIFFSTORE d 2 z z",
    // Places: what is added are scores.
    "GEOADD g 13.361389 38.115556 p 15 37 c ; GEOADD g 15 37 c ; GEOADD g NX CH 1 1 p ; GEOADD g XX CH 15.5 37 c n 1 1 ; GEOADD g XX CH 15.5 37 c",
    "GEOADD g 15 37 c 15.1 37 d ; GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 50 KM ASC COUNT 1 ANY ; GEOSEARCHSTORE d g FROMMEMBER c BYBOX 50 50 MI DESC STOREDIST ; GEOSEARCHSTORE d g FROMMEMBER c BYBOX 50 50 FT ; GEOSEARCHSTORE d n FROMMEMBER c BYBOX 50 50 M",
    "GEOADD g 15 37 c ; GEORADIUS g 15 37 50 KM ASC COUNT 1 ANY STORE d ; GEORADIUS g 15 37 50 MI DESC STOREDIST d ; GEORADIUS g 15 37 50 FT WITHCOORD WITHDIST WITHHASH ; GEORADIUS g 1 1 1 M STORE d",
    "GEOADD g 15 37 c ; GEORADIUSBYMEMBER g c 50 KM ASC COUNT 1 ANY STORE d ; GEORADIUSBYMEMBER g c 50 MI DESC STOREDIST d ; GEORADIUSBYMEMBER g c 50 FT WITHCOORD WITHDIST WITHHASH ; GEORADIUSBYMEMBER n c 1 M STORE d",
    // HyperLogLogs: counting keeps the result, which is a change.
    "PFADD h ; PFADD h ; PFADD h a b ; PFADD h a ; PFCOUNT h ; PFCOUNT h ; PFADD h c ; PFCOUNT h n ; PFCOUNT h",
    "PFADD h a ; PFMERGE d h n ; PFMERGE d ; PFMERGE n ; PFDEBUG TODENSE h ; PFDEBUG TODENSE h ; PFDEBUG GETREG d ; PFDEBUG ENCODING d",
    // Keys
    "DEL k ; MSET a 1 b 2 c 3 ; DEL a n ; UNLINK b n ; unlink n ; UNLINK c",
    "SET k v ; EXPIRE k 100 ; PEXPIRE k 100000 ; EXPIREAT k {s} ; PEXPIREAT k {ms} ; expire k 200 ; EXPIRE n 100",
    "SET k v ; EXPIRE k 100 XX ; EXPIRE k 100 NX ; EXPIRE k 200 nx ; PEXPIRE k 300000 GT ; EXPIRE k 900 LT GT",
    "SET k v ; PEXPIREAT k {ms} LT ; EXPIREAT k {s} XX LT ; PEXPIRE k 100000 lt xx ; PEXPIREAT k {ms} GT ; EXPIRE k 1 GT",
    "SET k v ; PEXPIRE k 100000 NX ; EXPIREAT k {s} NX ; EXPIREAT k {s} GT ; PEXPIREAT k {ms} XX ; PEXPIRE k 900000 XX",
    "SET k v ; PEXPIREAT k {ms} NX ; PERSIST k ; EXPIREAT k {s} NX ; PERSIST k ; EXPIREAT k {s} LT",
    "SET k v ; EXPIRE k 0 ; SET k v ; EXPIRE k -1 ; SET k v ; PEXPIRE k 0 NX ; SET k v ; EXPIREAT k 1 ; SET k v ; PEXPIREAT k 1 LT",
    "SETEX k 100 v ; PERSIST k ; PERSIST k ; PERSIST n",
    "SET a 1 ; RENAME a b ; RENAME b b ; RENAME n a ; RENAMENX b c ; SET a 1 ; RENAMENX a c ; RENAMENX a a",
    "SET a 1 EX 100 ; COPY a b ; COPY a b ; COPY a b REPLACE ; COPY a a DB 3 ; COPY n a ; COPY a a DB 3 REPLACE ; COPY a b DB 0",
    "SET a 1 ; MOVE a 5 ; MOVE a 5 ; SET a 2 ; MOVE a 5 ; SELECT 5 ; MOVE a 1 ; SELECT 1 ; DEL a",
    "SET a 1 ; SWAPDB 0 4 ; SELECT 4 ; SET b 2 ; SWAPDB 4 4 ; SELECT 0 ; SWAPDB 4 0 ; SWAPDB 0 99",
    "RESTORE k 0 {dump} ; RESTORE k 0 {dump} ; RESTORE k 100000 {dump} REPLACE ; restore k {ms} {dump} replace absttl",
    "RESTORE k 100000 {dump} ; RESTORE m 0 {dump} IDLETIME 5 ; RESTORE n 100000 {dump} FREQ 5 REPLACE ; RESTORE o 1 {dump} ABSTTL",
    "RESTORE k 1 {dump} ABSTTL REPLACE ; SET k v ; RESTORE k 1 {dump} REPLACE ABSTTL ; RESTORE k 0 {dump} ABSTTL",
    // Flushing is always logged.
    "FLUSHDB ; FLUSHALL ; SET a 1 ; FLUSHDB ASYNC ; flushdb SYNC ; SET a 1 ; FLUSHALL SYNC ; SELECT 3 ; FLUSHALL ASYNC",
    // The database is selected when it changes.
    "SET a 1 ; SELECT 1 ; GET a ; SELECT 2 ; SET a 1 ; SET b 1 ; SELECT 0 ; SELECT 2 ; SET c 1 ; RESET ; SET d 1",
    // Due keys: readers.
    "DUE a ; GET a ; GET a",
    "DUE a b ; MGET a b",
    "DUE a b ; EXISTS a b a ; DUE a ; STRLEN a ; DUE a ; TYPE a ; DUE a ; TTL a ; DUE a ; OBJECT ENCODING a",
    "DUE a ; TOUCH a ; DUE a ; DUMP a ; DUE a ; LRANGE a 0 -1 ; DUE a ; HGETALL a ; DUE a ; GETRANGE a 0 -1 ; DUE a ; BITCOUNT a",
    "DUE w_1 w_2 ; RPUSH l 1 2 ; SORT l BY w_*",
    "DUE a ; RANDOMKEY",
    "DUE a ; KEYS * ; DBSIZE ; GET a",
    "DUE a ; SCAN 0",
    "SELECT 7 ; DUE a ; GET a ; SELECT 0 ; SET b 1",
    // Due keys: writers.
    "DUE a ; SET a new ; DUE a ; SET a new NX ; DUE a ; SET a new XX ; DUE a ; SET a new EX 100 GET ; DUE a ; SET a new GET",
    "DUE a ; INCR a ; DUE a ; APPEND a x ; DUE a ; GETSET a x ; DUE a ; GETDEL a ; DUE a ; GETEX a PERSIST",
    "DUE a b ; DEL a b n ; DUE a ; UNLINK a ; DUE a ; EXPIRE a 100 ; DUE a ; PERSIST a ; DUE a ; SETNX a x",
    "DUE a b ; MSET a 1 b 2 ; DUE a b ; MSETNX a 1 b 2",
    "DUE a ; LPUSH a x ; DEL a ; DUE a ; LPUSHX a x ; DUE a ; HSET a f v ; DEL a ; DUE a ; INCRBYFLOAT a 1 ; DUE a ; SETBIT a 1 1",
    "DUE a ; RPUSH l x ; LMOVE l a LEFT LEFT ; DUE b ; RPOPLPUSH b a ; DUE b ; LMPOP 2 b a LEFT ; RPUSH l 1 ; DUE b ; SORT l STORE b",
    "DUE a ; SET b 1 ; RENAME b a ; DUE b ; RENAME b a ; DUE b ; RENAMENX a b ; DUE a ; BITOP NOT a b",
    "DUE a ; RESTORE a 0 {dump} ; DEL a ; DUE a ; RESTORE a 1 {dump} REPLACE ABSTTL",
    // Due keys in two databases.
    "DUE a ; SELECT 3 ; SET a 1 ; COPY a a DB 0",
    "DUE a ; SELECT 3 ; SET a 1 ; MOVE a 0 ; SET b 1",
    "SELECT 3 ; DUE a ; SELECT 0 ; DUE a ; COPY a a DB 3 ; MOVE a 3 ; SET a 1 ; COPY a a DB 3",
    "SELECT 3 ; DUE a ; SELECT 0 ; SET a 1 ; COPY a a DB 3 REPLACE",
    "SELECT 3 ; DUE a ; SWAPDB 0 3 ; SELECT 0 ; GET a ; SELECT 3 ; FLUSHALL",
    // A transaction is one unit; a single command needs no limits around it.
    "MULTI ; SET a 1 ; INCR a ; GET a ; LPUSH l x ; EXEC ; SET b 1",
    "MULTI ; SET a 1 ; EXEC ; MULTI ; GET a ; EXEC ; MULTI ; EXEC ; MULTI ; SET a 2 ; DISCARD ; MULTI ; SET a ; SET a 3 ; EXEC",
    "SET a x ; MULTI ; INCR a ; SET b 1 EX 100 ; LPUSH a y ; GETEX b PERSIST ; EXEC ; WATCH a ; SET a 1 ; MULTI ; SET a 2 ; EXEC",
    "MULTI ; SET a 1 ; SELECT 3 ; SET a 1 ; SELECT 0 ; SET c 1 ; EXEC ; SET d 1",
    "DUE a b ; MULTI ; GET a ; SET b 1 ; SET c 1 ; EXEC",
    // Reading and failing leaves nothing.
    "SET k v ; GET k ; RPUSH k a ; LPUSH k ; HSET k f v ; INCR k ; STRLEN k ; NOSUCH k ; SET k ; SORT k STORE d ; LINSERT k BEFORE a b",
];

/// Where Memora leaves something else than Redis: the case, what it leaves instead, and why.
pub(crate) const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "DUE a ; SCAN 0",
        "DUE a",
        "SCAN passes over due keys, as KEYS does; who looks for them, or the next tick, removes them",
    ),
    (
        "DUE a ; SELECT 3 ; SET a 1 ; COPY a a DB 0",
        "DUE a ; SELECT 3 ; SET a 1 ; MULTI ; SELECT 0 ; DEL a ; SELECT 3 ; COPY a a DB 0 ; EXEC",
        SELECT_INSIDE,
    ),
    (
        "DUE a ; SELECT 3 ; SET a 1 ; MOVE a 0 ; SET b 1",
        "DUE a ; SELECT 3 ; SET a 1 ; MULTI ; SELECT 0 ; DEL a ; SELECT 3 ; MOVE a 0 ; EXEC ; SET b 1",
        SELECT_INSIDE,
    ),
    (
        "SELECT 3 ; DUE a ; SELECT 0 ; DUE a ; COPY a a DB 3 ; MOVE a 3 ; SET a 1 ; COPY a a DB 3",
        "SELECT 3 ; DUE a ; SELECT 0 ; DUE a ; DEL a ; SET a 1 ; MULTI ; SELECT 3 ; DEL a ; SELECT 0 ; COPY a a DB 3 ; EXEC",
        SELECT_INSIDE,
    ),
    (
        "SELECT 3 ; DUE a ; SELECT 0 ; SET a 1 ; COPY a a DB 3 REPLACE",
        "SELECT 3 ; DUE a ; SELECT 0 ; SET a 1 ; MULTI ; SELECT 3 ; DEL a ; SELECT 0 ; COPY a a DB 3 REPLACE ; EXEC",
        SELECT_INSIDE,
    ),
];

const SELECT_INSIDE: &str = "before 7.2 the first SELECT stood before MULTI";
