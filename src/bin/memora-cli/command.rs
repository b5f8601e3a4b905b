//! What the client itself has to know about a few commands: how they answer, and what must not be kept.
//!
//! Everything else about commands the server knows. Names are matched without regard to case.

/// What follows a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One reply.
    Reply,
    /// Messages without end, after MONITOR.
    Monitored,
    /// Messages without end, after SUBSCRIBE and the like.
    Published,
    /// One reply for each channel left, sent as a message under RESP3.
    Unsubscribed,
    /// The end of the connection, after SHUTDOWN.
    Shutdown,
}

/// What follows this request.
pub(crate) fn answer(args: &[Vec<u8>]) -> Answer {
    match uppercase(args, 0).as_slice() {
        b"MONITOR" => Answer::Monitored,
        b"SUBSCRIBE" | b"PSUBSCRIBE" | b"SSUBSCRIBE" => Answer::Published,
        b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" | b"SUNSUBSCRIBE" => Answer::Unsubscribed,
        b"SHUTDOWN" => Answer::Shutdown,
        _ => Answer::Reply,
    }
}

/// Whether the reply is a text for people, to be printed as it is.
pub(crate) fn answers_text(args: &[Vec<u8>]) -> bool {
    let (name, sub) = (uppercase(args, 0), uppercase(args, 1));
    let count = args.len();
    match name.as_slice() {
        b"INFO" | b"LOLWUT" => true,
        b"CLIENT" => matches!(sub.as_slice(), b"LIST" | b"INFO"),
        b"CLUSTER" => count == 2 && matches!(sub.as_slice(), b"NODES" | b"INFO"),
        b"DEBUG" => matches!(sub.as_slice(), b"HTSTATS" | b"HTSTATS-KEY" | b"CLIENT-EVICTION"),
        b"LATENCY" => matches!((sub.as_slice(), count), (b"GRAPH", 3) | (b"DOCTOR", 2)),
        b"MEMORY" => matches!(sub.as_slice(), b"MALLOC-STATS" | b"DOCTOR"),
        b"PROXY" => sub == b"INFO",
        _ => false,
    }
}

/// Whether the request holds a password, so that it must not be written to the history.
pub(crate) fn is_secret(args: &[Vec<u8>]) -> bool {
    let (name, sub) = (uppercase(args, 0), uppercase(args, 1));
    match (name.as_slice(), sub.as_slice()) {
        (b"AUTH", _) | (b"ACL", b"SETUSER") => true,
        // An address with a login in it.
        (b":DIFF", _) => args.get(1).is_some_and(|uri| uri.contains(&b'@')),
        (b"CONFIG", b"SET") => sets_a_password(args),
        (b"HELLO", _) => has_word_from(args, 2, &["AUTH"]),
        (b"MIGRATE", _) => has_word_from(args, 6, &["AUTH", "AUTH2"]),
        _ => false,
    }
}

/// CONFIG SET takes any number of pairs; redis-cli looks at the first only.
fn sets_a_password(args: &[Vec<u8>]) -> bool {
    const SECRETS: [&str; 5] =
        ["MASTERAUTH", "MASTERUSER", "REQUIREPASS", "TLS-KEY-FILE-PASS", "TLS-CLIENT-KEY-FILE-PASS"];
    args.iter().skip(2).step_by(2).any(|parameter| is_one_of(parameter, &SECRETS))
}

fn has_word_from(args: &[Vec<u8>], first: usize, words: &[&str]) -> bool {
    args.iter().skip(first).any(|arg| is_one_of(arg, words))
}

fn is_one_of(arg: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| arg.eq_ignore_ascii_case(word.as_bytes()))
}

fn uppercase(args: &[Vec<u8>], index: usize) -> Vec<u8> {
    args.get(index).map(|arg| arg.to_ascii_uppercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn some_commands_answer_with_text() {
        for line in ["info", "INFO memory", "client list type normal", "latency graph x", "cluster nodes"] {
            assert!(answers_text(&args(line)), "{line}");
        }
        for line in ["get info", "client", "client id", "latency graph", "cluster nodes x", "debug object"] {
            assert!(!answers_text(&args(line)), "{line}");
        }
    }

    #[test]
    fn passwords_are_secret() {
        for line in [
            "auth x",
            "hello 3 auth u p",
            "HELLO 3 SETNAME n AUTH u p",
            "config set requirepass x",
            "config set port 1 requirepass x",
            "acl setuser u >p",
            ":diff redis://u:p@host",
            "migrate h 1 k 0 9 copy auth2 u p",
        ] {
            assert!(is_secret(&args(line)), "{line}");
        }
        for line in [
            "get auth",
            "hello 3",
            "config get requirepass",
            "config set save requirepass",
            "acl list",
            ":diff redis://host",
        ] {
            assert!(!is_secret(&args(line)), "{line}");
        }
    }

    #[test]
    fn some_commands_go_on_answering() {
        assert_eq!(answer(&args("monitor")), Answer::Monitored);
        assert_eq!(answer(&args("Subscribe a")), Answer::Published);
        assert_eq!(answer(&args("get subscribe")), Answer::Reply);
    }
}
