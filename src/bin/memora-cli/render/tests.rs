//! Every kind of reply in every format. The expected text was printed by redis-cli 7.0.15; big numbers,
//! which it gives up on, are the exception.

use super::*;

fn show(format: Format, reply: &Reply) -> String {
    let style = Style { format, element_delimiter: b"|".to_vec(), reply_delimiter: b";".to_vec() };
    let mut out = Vec::new();
    style.write(reply, &mut out).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

fn list(items: impl IntoIterator<Item = Reply>) -> Reply {
    Reply::array(items)
}

#[test]
fn scalars_show_their_type_to_people() {
    let shown = |reply| show(Format::Typed, &reply);
    assert_eq!(shown(Reply::OK), "OK\n");
    assert_eq!(shown(Reply::error("ERR no")), "(error) ERR no\n");
    assert_eq!(shown(Reply::Integer(-3)), "(integer) -3\n");
    assert_eq!(shown(Reply::bulk(b"a\"\x00\xff")), "\"a\\\"\\x00\\xff\"\n");
    assert_eq!(shown(Reply::Null), "(nil)\n");
    assert_eq!(shown(Reply::NullArray), "(nil)\n");
    assert_eq!(shown(Reply::Double(1.5)), "(double) 1.5\n");
    assert_eq!(shown(Reply::Boolean(true)), "(true)\n");
    assert_eq!(shown(Reply::text("a\nb")), "a\nb\n");
    assert_eq!(shown(Reply::BigNumber("123".into())), "(big number) 123\n");
}

#[test]
fn empty_lists_say_what_they_are() {
    let shown = |reply| show(Format::Typed, &reply);
    assert_eq!(shown(Reply::EMPTY_ARRAY), "(empty array)\n");
    assert_eq!(shown(Reply::Map(Vec::new())), "(empty hash)\n");
    assert_eq!(shown(Reply::Set(Vec::new())), "(empty set)\n");
    assert_eq!(shown(Reply::Push(Vec::new())), "(empty push)\n");
}

#[test]
fn numbers_are_as_wide_as_the_widest() {
    let ten = list((0..10).map(Reply::Integer));
    let text = show(Format::Typed, &list([ten, Reply::bulk("x")]));
    assert!(text.starts_with("1)  1) (integer) 0\n    2) (integer) 1\n"), "{text}");
    assert!(text.ends_with("   10) (integer) 9\n2) \"x\"\n"), "{text}");
}

#[test]
fn maps_break_the_line_before_a_long_value() {
    let map = Reply::Map(vec![
        (Reply::bulk("k"), Reply::Double(0.5)),
        (Reply::Integer(1), list([Reply::bulk("a"), Reply::Null])),
        (Reply::Set(vec![Reply::OK, Reply::OK]), list([Reply::EMPTY_ARRAY])),
    ]);
    let expected = "1# \"k\" => (double) 0.5\n\
                    2# (integer) 1 => \n   1) \"a\"\n   2) (nil)\n\
                    3# 1~ OK\n   2~ OK => 1) (empty array)\n";
    assert_eq!(show(Format::Typed, &map), expected);
}

#[test]
fn raw_text_has_delimiters_only() {
    let shown = |reply| show(Format::Raw, &reply);
    let nested = list([Reply::OK, list([Reply::Null, Reply::Integer(1)]), Reply::bulk("a b")]);
    assert_eq!(shown(nested), "OK||1|a b;");
    assert_eq!(shown(Reply::error("ERR no")), "ERR no\n;");
    assert_eq!(shown(Reply::Map(vec![(Reply::OK, Reply::Boolean(false))])), "OK (false);");
}

#[test]
fn csv_is_flat() {
    let map = Reply::Map(vec![(Reply::OK, list([Reply::Null, Reply::Boolean(true)]))]);
    assert_eq!(
        show(Format::Csv, &list([map, Reply::error("ERR \"")])),
        "\"OK\",NULL,true,ERROR,\"ERR \\\"\"\n"
    );
}

#[test]
fn json_is_what_redis_cli_takes_for_it() {
    let map = Reply::Map(vec![
        (Reply::error("ERR a"), Reply::Integer(1)),
        (Reply::Boolean(true), list([Reply::Null])),
        (list([Reply::OK]), Reply::bulk("\u{1}\u{8}\u{c}\u{7f}é\"/")),
    ]);
    let plain = r#"{error:"ERR a":1,"true":[null],"["OK"]":"\u0001\b\f"#.to_owned() + "\u{7f}é\\\"/\"}\n";
    assert_eq!(show(Format::Json, &map), plain);
    let quoted = show(Format::QuotedJson, &Reply::bulk(b"\x01\xe9\"\\"));
    assert_eq!(quoted, "\"\\\\x01\\\\xe9\\\\\"\\\\\\\\\"\n");
}

#[test]
fn invalidations_are_a_line_for_people() {
    let push = Reply::Push(vec![Reply::bulk("invalidate"), list([Reply::bulk("a"), Reply::bulk("b\"")])]);
    let write = |format| {
        let style = Style { format, element_delimiter: b" ".to_vec(), reply_delimiter: b"\n".to_vec() };
        let mut out = Vec::new();
        style.write_push(&push, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(write(Format::Typed), "-> invalidate: 'a', 'b\"'\n");
    assert_eq!(write(Format::Raw), "invalidate a b\"\n");
}
