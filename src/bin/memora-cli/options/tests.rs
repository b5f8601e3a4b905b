//! The command line as redis-cli 7.0.15 takes it.

use std::ffi::OsString;

use super::*;

fn read(line: &str) -> Result<Request, Refusal> {
    parse(line.split_whitespace().map(OsString::from).collect(), None)
}

fn options(line: &str) -> Options {
    match read(line) {
        Ok(Request::Run(options)) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

fn refusal(line: &str) -> String {
    read(line).unwrap_err().to_string()
}

#[test]
fn options_end_at_the_command() {
    let options = options("-h db -p 7000 -n 2 SET k -x --raw");
    assert_eq!((options.host.as_str(), options.port, options.db), ("db", 7000, 2));
    assert_eq!(options.command, [b"SET".to_vec(), b"k".into(), b"-x".into(), b"--raw".into()]);
    assert_eq!(options.stdin_argument, StdinArgument::Absent);
}

#[test]
fn values_may_look_like_options() {
    let options = options("-r -1 -a -x PING");
    assert_eq!(options.repeat, -1);
    assert_eq!(options.password.unwrap(), b"-x");
}

#[test]
fn the_later_option_wins() {
    assert_eq!(options("-u redis://h:1 -p 2").port, 2);
    assert_eq!(options("-p 2 -u redis://h:1").port, 1);
    assert_eq!(options("--csv --raw").format, Some(Format::Raw));
}

#[test]
fn what_is_not_known_is_refused() {
    assert_eq!(refusal("--nope"), "Unrecognized option or bad number of args for: '--nope'");
    assert_eq!(refusal("-r"), "Unrecognized option or bad number of args for: '-r'");
    assert_eq!(refusal("- PING"), "Unrecognized option or bad number of args for: '-'");
    assert_eq!(refusal("-p 65536"), "Invalid server port.");
    assert_eq!(refusal("-2 -3"), "Options -2 and -3 are mutually exclusive.");
    assert_eq!(refusal("-x -X tag"), "Options -x and -X are mutually exclusive.");
    assert!(matches!(read("-h"), Ok(Request::Usage)));
    assert!(matches!(read("--version PING"), Ok(Request::Version)));
}

#[test]
fn the_protocol_follows_the_format_unless_said() {
    assert_eq!(options("PING").protocol, ProtocolChoice::Unsaid);
    assert_eq!(options("--json").protocol, ProtocolChoice::Resp3);
    assert_eq!(options("--json -2").protocol, ProtocolChoice::Resp2);
}

#[test]
fn a_password_of_the_environment_needs_no_warning() {
    let words = |line: &str| line.split(' ').map(OsString::from).collect();
    let Ok(Request::Run(quiet)) = parse(words("PING"), Some("secret".into())) else { panic!() };
    assert_eq!((quiet.password, quiet.warn_of_password), (Some(b"secret".to_vec()), false));
    let Ok(Request::Run(loud)) = parse(words("-a own"), Some("secret".into())) else { panic!() };
    assert_eq!((loud.password, loud.warn_of_password), (Some(b"own".to_vec()), true));
    assert!(!options("-a own --no-auth-warning").warn_of_password);
}

#[test]
fn uris_name_user_password_place_and_database() {
    let all = options("-u redis://me:p%40%2f@db.local:7001/3");
    assert_eq!((all.user.unwrap(), all.password.unwrap()), (b"me".to_vec(), b"p@/".to_vec()));
    assert_eq!((all.host.as_str(), all.port, all.db), ("db.local", 7001, 3));

    let some = options("-u REDIS://:pw@[::1]:7");
    assert_eq!((some.user, some.password.unwrap()), (None, b"pw".to_vec()));
    assert_eq!((some.host.as_str(), some.port), ("::1", 7));

    assert_eq!(options("-u redis://pw@").password.unwrap(), b"pw");
    assert_eq!(options("-u redis:///4").db, 4);
    assert_eq!(refusal("-u http://x"), "Invalid URI scheme");
    assert_eq!(refusal("-u redis://p%zz@h"), "Illegal character in URI encoding");
    assert_eq!(refusal("-u redis://p%4@h"), "Incomplete URI encoding");
}

#[test]
fn numbers_are_read_as_far_as_they_go() {
    assert_eq!(options("-n 3x").db, 3);
    assert_eq!(options("-n x").db, 0);
    assert_eq!(options("-r 99999999999999999999").repeat, i64::MAX);
    assert_eq!(options("-i .25s").interval, Duration::from_millis(250));
    assert_eq!(options("-i 1e1").interval, Duration::from_secs(10));
    assert_eq!(options("-i -1").interval, Duration::ZERO);
    assert_eq!(options("-i nan").interval, Duration::ZERO);
}
