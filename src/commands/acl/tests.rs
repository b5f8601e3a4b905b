//! Rules, what they allow, and that what is listed makes the same again.

use super::rules::merge_selectors;
use super::{Acl, Denied, RuleError, User};
use crate::commands::key_specs::Words;
use crate::commands::table::{find_command, table};
use crate::config::Config;
use crate::config::values::{AclPubsubDefault, UserLine};
use crate::resp::DetachedRequest;
use proptest::prelude::*;

fn user(rules: &[&str]) -> User {
    let mut user = User::new(b"u", false);
    apply(&mut user, rules).unwrap();
    user
}

fn apply(user: &mut User, rules: &[&str]) -> Result<(), RuleError> {
    let merged = merge_selectors(rules.iter().map(|rule| rule.as_bytes())).unwrap();
    merged.iter().try_for_each(|rule| user.apply(rule, false))
}

fn denies(user: &User, request: &str) -> Option<Denied> {
    let words: Vec<_> = request.split(' ').collect();
    let request = DetachedRequest::new(&words);
    let entry = find_command(words[0].as_bytes(), words.get(1).map(|word| word.as_bytes())).unwrap();
    user.denies(entry, Words::new(request.argv(), 0))
}

/// The user that a line makes, as a file is read.
fn from_line(line: &[u8]) -> User {
    let mut acl = Acl::default();
    acl.load_file("f", line, false).unwrap_or_else(|error| panic!("{}: {error}", line.escape_ascii()));
    acl.users().find(|user| *user.name() != super::DEFAULT_USER).map(|user| User::clone(user)).unwrap()
}

#[test]
fn a_rule_is_applied_whole_or_not_at_all() {
    for (rule, error) in [
        ("bogus", RuleError::Syntax),
        ("+nosuch", RuleError::Unknown),
        ("-@nosuch", RuleError::Unknown),
        ("+config|get|x", RuleError::FirstArgOfSubcommand),
        ("+config|", RuleError::Syntax),
        ("+select|a b", RuleError::Syntax),
        ("~a b", RuleError::Syntax),
        ("%~a", RuleError::Syntax),
        ("#00", RuleError::BadHash),
        ("<pw", RuleError::NoSuchPassword),
        ("(+get on)", RuleError::Syntax),
        ("(~a'b +get)", RuleError::Syntax),
    ] {
        let mut changed = user(&["on", "+get"]);
        assert_eq!(changed.apply(rule.as_bytes(), false), Err(error), "{rule}");
        assert_eq!(changed, user(&["on", "+get"]), "{rule}");
    }
    assert_eq!(user(&["~*", "&*"]).apply(b"%R~x", false), Err(RuleError::AllKeys));
    assert_eq!(user(&["~*", "&*"]).apply(b"&x", false), Err(RuleError::AllChannels));
}

#[test]
fn keys_are_told_apart_by_what_is_done_to_them() {
    let user = user(&["+@all", "%R~r*", "%W~w*", "~b*"]);
    assert_eq!(denies(&user, "get r1"), None);
    assert_eq!(denies(&user, "get w1"), Some(Denied::Key(1)));
    assert_eq!(denies(&user, "set w1 v"), None);
    assert_eq!(denies(&user, "set w1 v get"), Some(Denied::Key(1)));
    assert_eq!(denies(&user, "copy r1 w1"), None);
    assert_eq!(denies(&user, "copy w1 r1"), Some(Denied::Key(1)));
    assert_eq!(denies(&user, "mget r1 b1 x"), Some(Denied::Key(3)));
    // Whether a key is there, everybody may ask who may name it.
    assert_eq!(denies(&user, "exists r1 w1"), None);
}

#[test]
fn one_selector_that_allows_is_enough_and_the_greatest_reason_is_told() {
    let user = user(&["+get", "~a*", "(+set ~b*)", "(+publish &c)"]);
    assert_eq!(denies(&user, "get a1"), None);
    assert_eq!(denies(&user, "set b1 v"), None);
    assert_eq!(denies(&user, "set a1 v"), Some(Denied::Key(1)));
    assert_eq!(denies(&user, "hget a1 f"), Some(Denied::Command));
    assert_eq!(denies(&user, "publish d m"), Some(Denied::Channel(1)));
}

#[test]
fn a_pattern_of_channels_is_compared_to_the_letter() {
    let user = user(&["+@all", "&a*"]);
    assert_eq!(denies(&user, "subscribe a1 a2"), None);
    assert_eq!(denies(&user, "psubscribe a*"), None);
    assert_eq!(denies(&user, "psubscribe a* a1"), Some(Denied::Channel(2)));
    assert_eq!(denies(&user, "unsubscribe b"), None);
}

#[test]
fn first_arguments_allow_what_is_forbidden_otherwise() {
    let mut user = user(&["+select|1", "+SELECT|One"]);
    assert_eq!((denies(&user, "select 1"), denies(&user, "select ONE")), (None, None));
    assert_eq!(denies(&user, "select 2"), Some(Denied::Command));
    apply(&mut user, &["-@connection"]).unwrap();
    assert_eq!(denies(&user, "select 1"), Some(Denied::Command));
}

#[test]
fn commands_before_a_login_need_no_rule() {
    assert_eq!(denies(&user(&[]), "auth x"), None);
    assert_eq!(denies(&user(&[]), "ping"), Some(Denied::Command));
}

#[test]
fn whoever_may_do_everything_is_known_at_once() {
    assert!(User::open().is_unrestricted());
    assert!(user(&["+@all", "-get", "+get", "~*", "&*"]).is_unrestricted());
    assert!(user(&["(+@all ~* &*)"]).is_unrestricted());
    for rules in
        [&["+@all", "~*"][..], &["+@all", "&*"], &["~*", "&*", "+@all", "-get"], &["+@all", "%R~*", "&*"]]
    {
        assert!(!user(rules).is_unrestricted(), "{rules:?}");
    }
}

#[test]
fn a_password_admits_only_who_is_on() {
    assert!(user(&["on", ">a", ">b"]).admits(b"b"));
    assert!(!user(&[">a"]).admits(b"a"));
    assert!(!user(&["on"]).admits(b""));
    assert!(user(&["on", ">a", "nopass"]).admits(b"anything"));
    assert!(!user(&["on", "nopass", "resetpass"]).admits(b"anything"));
}

#[test]
fn a_rule_takes_the_place_of_those_it_makes_void() {
    let text = |rules: &[&str]| String::from_utf8(user(rules).root().commands_text()).unwrap();
    assert_eq!(text(&["+get", "-@read", "+get"]), "-@all -@read +get");
    assert_eq!(text(&["+config|get", "+select|0", "+config", "-select"]), "-@all +config -select");
    assert_eq!(text(&["+@all", "-@write", "+set", "+@write"]), "+@all +set +@write");
    assert_eq!(text(&["+get", "allcommands"]), "+@all");
}

#[test]
fn what_is_listed_is_one_line_even_where_selectors_hold_quotes() {
    let user = user(&["on", "(\"~a)\" +get)", "(\"~it's\" \"&\\\"\\\\\" +set)"]);
    assert_eq!(from_line(&user.line()), user);
    assert_eq!(denies(&user, "set it's v"), None);
}

#[test]
fn a_bad_file_names_its_lines_and_keeps_the_old_users() {
    let mut acl = Acl::default();
    let file = "user a on\n\nuser b +nosuch bogus bogus\n# no comments\nuser a off\nuser c (~x\n";
    let error = acl.load_file("u.acl", file.as_bytes(), false).unwrap_err();
    let expected = "u.acl:3: Error in applying operation '+nosuch': Unknown command or category name in ACL. \
                    u.acl:3: Syntax error. \
                    u.acl:4 should start with user keyword followed by the username. \
                    WARNING: Duplicate user 'a' found on line 5. \
                    u.acl:6: Unmatched parenthesis in selector definition.\
                    WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
    assert_eq!(error, expected);
    assert_eq!(acl.users().len(), 1);
    acl.load_file("u.acl", b"user a on nopass\r\n  user b off\n", true).unwrap();
    assert_eq!(
        acl.file_text(),
        b"user a on nopass &* -@all\nuser b off &* -@all\nuser default on nopass ~* &* +@all\n"
    );
}

#[test]
fn the_configuration_makes_users_and_gets_them_back() {
    let line = |words: &str| UserLine {
        place: "redis.conf:7".to_owned(),
        words: words.split(' ').map(str::to_owned).collect(),
    };
    let config = Config {
        users: vec![line("app on >pw ~app:* (%R~x +get)"), line("default on >other +@all")],
        acl_pubsub_default: AclPubsubDefault::Allchannels,
        ..Config::default()
    };
    let acl = Acl::configured(&config).unwrap();
    assert!(acl.user(b"app").unwrap().admits(b"pw") && acl.default_user().admits(b"other"));
    let again = Config { users: acl.lines(&config).unwrap(), ..Config::default() };
    assert_eq!(Acl::configured(&again).unwrap().file_text(), acl.file_text());
    for (words, complaint) in [
        ("app bogus >secret", "redis.conf:7: user app: Syntax error"),
        ("app +nosuch", "redis.conf:7: user app: '+nosuch': Unknown command or category name in ACL"),
        ("app (~a", "redis.conf:7: user app: a selector has no closing parenthesis"),
    ] {
        let config = Config { users: vec![line(words)], ..Config::default() };
        assert_eq!(Acl::configured(&config).unwrap_err(), complaint);
    }
    let twice = Config { users: vec![line("a on"), line("a off")], ..Config::default() };
    assert!(Acl::configured(&twice).unwrap_err().contains("`a` is there already"));
}

/// Rules that are one word.
const WORDS: &[&str] = &[
    "on",
    "off",
    "nopass",
    "resetpass",
    "reset",
    "allkeys",
    "resetkeys",
    "allchannels",
    "resetchannels",
    "allcommands",
    "nocommands",
    "clearselectors",
    "sanitize-payload",
    "skip-sanitize-payload",
    ">pw",
    "<pw",
    ">other",
    "~*",
    "&*",
    "+@all",
    "-@all",
];

/// A rule, mostly a good one.
fn rule() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<_> = table().entries().iter().map(|entry| entry.name.clone()).collect();
    let categories: Vec<_> = super::super::categories::Category::ALL.iter().map(|(_, name)| *name).collect();
    let pattern = "[ab*?'\"\\\\()\\[\\]]{0,4}";
    prop_oneof![
        proptest::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        (proptest::sample::select(vec!["+", "-"]), proptest::sample::select(names))
            .prop_map(|(sign, name)| [sign, &name].concat().into_bytes()),
        (proptest::sample::select(vec!["+@", "-@"]), proptest::sample::select(categories))
            .prop_map(|(sign, name)| [sign, name].concat().into_bytes()),
        "\\+(select|echo|get)\\|[ab0)'\"]{1,2}".prop_map(String::into_bytes),
        ("(~|%R~|%W~|%RW~|&)", pattern).prop_map(|(kind, pattern)| [kind, pattern].concat().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn what_is_listed_makes_the_same_user_again(
        own in proptest::collection::vec(rule(), 0..12),
        others in proptest::collection::vec(proptest::collection::vec(rule(), 0..6), 0..3),
    ) {
        let mut made = User::new(b"u", false);
        for rule in &own {
            // Rules that are none change nothing.
            let _ = made.apply(rule, false);
        }
        for rules in &others {
            let mut selector = super::selector::Selector::new(false);
            for rule in rules {
                let _ = selector.apply(rule);
            }
            made.selectors.push(selector);
        }
        let again = from_line(&made.line());
        prop_assert_eq!(again.line(), made.line());
        prop_assert_eq!(again, made);
    }

    #[test]
    fn any_bytes_are_a_rule_or_an_error(rule in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut user = User::new(b"u", false);
        let before = user.clone();
        if user.apply(&rule, false).is_err() {
            prop_assert_eq!(user, before);
        }
    }
}
