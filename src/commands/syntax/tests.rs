//! Trees read from syntax lines.

use super::super::spec::KeyFlag;
use super::*;

fn tree(syntax: &'static str) -> String {
    let keys = const { &[KeySpec::one(&[KeyFlag::Ro]), KeySpec::all(&[KeyFlag::Ro])] };
    outline(&arguments(&Spec { syntax, keys, ..Spec::EMPTY }).unwrap())
}

#[test]
fn words_are_typed_by_their_names() {
    assert_eq!(tree(""), "");
    assert_eq!(tree("key field value"), "key:key field:string value:string");
    assert_eq!(tree("count:string ip:port x/1"), "count:string ip:port:string x:string");
    assert_eq!(tree("unix-time-seconds pattern"), "unix-time-seconds:unix-time pattern:pattern");
}

#[test]
fn brackets_and_bars() {
    let condition = "condition:oneof(NX=nx:pure-token XX=xx:pure-token)";
    assert_eq!(tree("[NX | XX]"), format!("[{condition}]"));
    assert_eq!(tree("<NX | XX>"), condition);
    assert_eq!(tree("[LIMIT offset count]"), "[LIMIT=offset_count:block(offset:integer count:integer)]");
    assert_eq!(tree("TYPE <a: A | B>"), "TYPE=a:oneof(A=a:pure-token B=b:pure-token)");
    assert_eq!(tree("[AUTH username] CH"), "[AUTH=username:string] CH=change:pure-token");
    let any = "[count:block(COUNT=count:integer [ANY=any:pure-token])]";
    assert_eq!(tree("[count: COUNT count [ANY]]"), any);
}

#[test]
fn repetitions() {
    assert_eq!(tree("key [key ...]"), "key:key...");
    assert_eq!(tree("[key ...]"), "[key:key...]");
    assert_eq!(tree("[key [key ...]]"), "[key:key...]");
    let pairs = "field_value:block(field:string value:string)...";
    assert_eq!(tree("field value [field value ...]"), pairs);
    assert_eq!(tree("[WEIGHTS weight [weight ...]]"), "[WEIGHTS=weight:integer...]");
    let streams = "STREAMS=streams:block(key:key... id:string...)";
    assert_eq!(tree("STREAMS <streams: key [key ...] id [id ...]>"), streams);
    assert_eq!(tree("[A | B ...]"), "[a_b:oneof(A=a:pure-token B=b:pure-token)...]");
    assert_eq!(tree("BYBOX <width> height"), "BYBOX=width:double height:double");
    let get = arguments(&Spec { syntax: "[GET pattern [GET pattern ...]]", ..Spec::EMPTY }).unwrap();
    assert!(get[0].multiple && get[0].multiple_token && get[0].optional);
}

#[test]
fn keys_are_numbered_and_options_dated() {
    const SPEC: Spec = Spec {
        syntax: "destination source [source ...] [NX | XX] [EX seconds | PX milliseconds]",
        keys: &[KeySpec::one(&[KeyFlag::Ow]), KeySpec::all(&[KeyFlag::Ro]).at(2)],
        history: &[("2.0.0", "`NX`, `XX` and `EX`"), ("3.0.0", "`PX`; `NX` goes with it")],
        ..Spec::EMPTY
    };
    let arguments = arguments(&SPEC).unwrap();
    assert_eq!(
        arguments.iter().map(|each| each.key_spec).collect::<Vec<_>>(),
        [Some(0), Some(1), None, None]
    );
    assert_eq!(
        arguments.iter().map(|each| each.since).collect::<Vec<_>>(),
        [None, None, Some("2.0.0"), None]
    );
    let since = |index: usize| arguments[index].parts.iter().map(|part| part.since).collect::<Vec<_>>();
    assert_eq!((since(2), since(3)), (vec![None, None], vec![Some("2.0.0"), Some("3.0.0")]));
}

#[test]
fn words_are_counted() {
    let counts = |syntax| word_counts(&arguments(&Spec { syntax, ..Spec::EMPTY }).unwrap());
    assert_eq!(counts("key value"), (2, Some(2)));
    assert_eq!(counts("key [NX | XX] [EX seconds]"), (1, Some(4)));
    assert_eq!(counts("key [key ...]"), (1, None));
    assert_eq!(counts("<LIB-NAME libname | LIB-VER libver>"), (2, Some(2)));
    assert_eq!(counts("<NO ONE | host>"), (1, Some(2)));
}

#[test]
fn escapes_are_not_shown() {
    let plain = "key [key ...] <LEFT | RIGHT> [COUNT count [ANY]] [arg ...] ip:port yes/no";
    assert_eq!(shown(plain), plain);
    assert_eq!(
        shown("<where: LEFT | RIGHT> [BY pattern/1] <a: BYBOX x:double>"),
        "<LEFT | RIGHT> [BY pattern] BYBOX x"
    );
}

#[test]
fn nonsense_is_refused() {
    for syntax in ["[key", "key]", "<a | >", "[]", "a | b", "key ...", "[a ... b]", "[a>"] {
        assert!(notation::read(syntax).is_err(), "{syntax}");
    }
}
