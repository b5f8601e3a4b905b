//! What each kind reads, refuses and writes back, through the rows that use it.

use crate::config::values::ClientsMemory;
use crate::config::{Config, Invalid, OPTIONS, OptionRow, quantities};
use proptest::prelude::*;

/// The CONFIG GET text after setting, or the error.
fn set(name: &str, words: &[&str]) -> Result<String, Invalid> {
    let mut config = Config::default();
    let row = OptionRow::find(name).unwrap();
    row.set(&mut config, words).map(|()| row.get(&config))
}

fn ok(name: &str, word: &str, text: &str) {
    assert_eq!(set(name, &[word]), Ok(text.to_owned()), "{name} {word}");
}

fn out_of_range(min: &str, max: &str) -> Invalid {
    Invalid::OutOfRange { min: min.to_owned(), max: max.to_owned() }
}

#[test]
fn yes_and_no_in_any_case() {
    ok("protected-mode", "YES", "yes");
    ok("protected-mode", "no", "no");
    for word in ["", "true", "1", "yes "] {
        assert_eq!(set("protected-mode", &[word]), Err(Invalid::NotYesNo), "{word}");
    }
}

#[test]
fn integers_are_strict() {
    ok("port", "0", "0");
    ok("port", "65535", "65535");
    ok("list-max-listpack-size", "-5", "-5");
    for word in ["", " 7", "7 ", "+7", "007", "-0", "1.5", "0x10", "abc", "99999999999999999999"] {
        assert_eq!(set("port", &[word]), Err(Invalid::NotInteger), "{word}");
    }
    assert_eq!(set("port", &["65536"]), Err(out_of_range("0", "65535")));
    assert_eq!(set("port", &["-1"]), Err(out_of_range("0", "65535")));
    assert_eq!(set("port", &["1", "2"]), Err(Invalid::WrongNumber));
    assert_eq!(set("port", &[]), Err(Invalid::WrongNumber));
}

#[test]
fn one_and_no_io_threads_share_the_thread_of_the_data() {
    for (word, threads) in [("0", 0), ("1", 0), ("2", 2), ("128", 128)] {
        let mut config = Config::default();
        OptionRow::find("io-threads").unwrap().set(&mut config, &[word]).unwrap();
        assert_eq!(config.connection_threads(), threads);
        assert_eq!(config.get("io-threads").unwrap(), word);
    }
}

#[test]
fn hz_is_moved_into_its_bounds() {
    ok("hz", "0", "1");
    ok("hz", "1000", "500");
    assert_eq!(set("hz", &["-1"]), Err(out_of_range("0", "2147483647")));
}

#[test]
fn octal_modes() {
    ok("unixsocketperm", "700", "700");
    ok("unixsocketperm", "0755", "755");
    assert_eq!(set("unixsocketperm", &["999"]), Err(Invalid::NotOctal));
    assert_eq!(set("unixsocketperm", &["1777"]), Err(out_of_range("0", "777")));
}

#[test]
fn sizes_know_redis_units() {
    let sizes = [
        ("64", "64"),
        ("64b", "64"),
        ("1k", "1000"),
        ("1KB", "1024"),
        ("2m", "2000000"),
        ("2Mb", "2097152"),
        ("1g", "1000000000"),
        ("1gB", "1073741824"),
        ("", "0"),
        ("kb", "0"),
        ("B", "0"),
        (&format!("{}7k", "0".repeat(126)), "7000"),
    ];
    for (word, bytes) in sizes {
        ok("hash-max-listpack-value", word, bytes);
    }
    let too_many_digits = "0".repeat(128);
    for word in [&too_many_digits, "-1", "-", "1t", "1bb", "1.5mb", " 1", "1 mb", "50%"] {
        assert_eq!(set("hash-max-listpack-value", &[word]), Err(Invalid::NotMemory), "{word}");
    }
    let bounds = || Err(out_of_range("1048576", "9223372036854775807"));
    assert_eq!(set("proto-max-bulk-len", &["1kb"]), bounds());
    assert_eq!(set("proto-max-bulk-len", &["99999999999gb"]), bounds());
    assert_eq!(set("proto-max-bulk-len", &["99999999999999999999999"]), bounds());
}

#[test]
fn redis_durations_are_whole_seconds() {
    ok("timeout", "300", "300");
    ok("timeout", "5m", "300");
    ok("timeout", "1h 1s", "3601");
    assert!(matches!(set("timeout", &["500ms"]), Err(Invalid::Other(_))));
    assert_eq!(set("timeout", &["soon"]), Err(Invalid::NotInteger));
    assert_eq!(set("timeout", &["-1"]), Err(out_of_range("0", "2147483647")));
    assert_eq!(set("timeout", &["1000years"]), Err(out_of_range("0", "2147483647")));
}

#[test]
fn own_durations_are_human() {
    ok("restart-backoff", "50ms", "50ms");
    ok("restart-window", "90", "1m 30s");
    ok("restart-window", "1m 30s", "1m 30s");
    for word in ["", "-1", "ten", "99999999999999999999"] {
        assert!(matches!(set("restart-window", &[word]), Err(Invalid::Other(_))), "{word}");
    }
}

#[test]
fn choices_in_any_case() {
    ok("loglevel", "DEBUG", "debug");
    ok("loglevel", "info", "notice");
    ok("loglevel", "error", "warning");
    ok("log-format", "json", "json");
    ok("on-panic", "exit", "exit");
    ok("enable-debug-command", "local", "local");
    let names = "debug, verbose, notice, warning, nothing".to_owned();
    assert_eq!(set("loglevel", &["loud"]), Err(Invalid::NotOneOf(names)));
}

#[test]
fn bind_takes_words_together_and_apart() {
    ok("bind", "127.0.0.1 -::1", "127.0.0.1 -::1");
    ok("bind", "", "");
    assert_eq!(set("bind", &["*", "-::*"]), Ok("* -::*".to_owned()));
    assert!(matches!(set("bind", &["1"; 17]), Err(Invalid::Other("Too many bind addresses specified."))));

    let mut config = Config::default();
    OptionRow::find("bind").unwrap().set(&mut config, &["*", "-::*", "localhost"]).unwrap();
    let hosts: Vec<_> = config.bind.iter().map(|address| (address.resolvable(), address.optional)).collect();
    assert_eq!(hosts, [("0.0.0.0", false), ("::", true), ("localhost", false)]);
}

#[test]
fn buffer_limits_change_only_the_named_classes() {
    let default = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
    ok("client-output-buffer-limit", "", default);
    ok(
        "client-output-buffer-limit",
        "NORMAL 1 2 3 replica 1mb 2mb 3 slave 4 5 6",
        "normal 1 2 3 slave 4 5 6 pubsub 33554432 8388608 60",
    );
}

#[test]
fn the_memory_of_clients_is_a_size_or_a_share() {
    for (word, answer) in [("0", "0"), ("1kb", "1024"), ("5%", "5%"), ("100%", "100%"), ("0%", "0")] {
        ok("maxmemory-clients", word, answer);
    }
    for word in ["%", "x", "1.5%", "-1%", "-1", "5 %", "0100%", "+5%", "00%", "-0%"] {
        assert_eq!(set("maxmemory-clients", &[word]), Err(Invalid::NotMemoryOrPercent), "{word}");
    }
    assert_eq!(set("maxmemory-clients", &["101%"]), Err(Invalid::TooManyPercent));
    assert_eq!(ClientsMemory::Percent(5).bytes(10_000_000), 500_000);
    assert_eq!(ClientsMemory::Bytes(200_000).bytes(1000), 200_000);
    for too_little in [ClientsMemory::Percent(5), ClientsMemory::Bytes(7)] {
        assert_eq!(too_little.bytes(1000), 128 * 1024);
    }
    for none in [ClientsMemory::Percent(5), ClientsMemory::Bytes(0)] {
        assert_eq!(none.bytes(0), 0);
    }
}

#[test]
fn directories_are_answered_as_absolute_paths() {
    let here = std::env::current_dir().unwrap();
    ok("dir", "./", here.to_str().unwrap());
    ok("dir", "data/", here.join("data").to_str().unwrap());
    assert!(set("dir", &[""]).is_err());
}

#[test]
fn what_is_not_available_says_so() {
    assert!(matches!(set("daemonize", &["yes"]), Err(Invalid::NotAvailable(_))));
    assert!(matches!(set("save", &["3600"]), Err(Invalid::Other("Invalid save parameters"))));
}

/// Every option but `dir`, whose answer is absolute, reads back what CONFIG GET answers.
#[test]
fn answers_are_valid_values() {
    for row in OPTIONS.iter().filter(|row| row.name != "dir") {
        let text = row.get(&Config::default());
        assert_eq!(set(row.name, &[&text]), Ok(text.clone()), "{}", row.name);
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_or_reads_back(text in "[a-z0-9 .-]{0,12}", index in 0..OPTIONS.len()) {
        let row = &OPTIONS[index];
        if let Ok(answer) = set(row.name, &[&text]) {
            prop_assert_eq!(set(row.name, &[&answer]), Ok(answer.clone()), "{} {}", row.name, text);
        }
    }

    #[test]
    fn sizes_read_back(bytes in 0..=i64::MAX as usize) {
        let human = quantities::in_largest_unit(bytes);
        prop_assert_eq!(quantities::memory(&human), Ok(bytes as u64));
    }
}
