//! Known sums of a real server, and properties against the exact decimal texts of Rust's own `f64`.

use super::{LongDouble, Magnitude, big_decimal, small_decimal};
use proptest::prelude::*;

fn parse(text: &str) -> LongDouble {
    LongDouble::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a number"))
}

fn sum(a: &str, b: &str) -> String {
    parse(a).checked_add(parse(b)).map_or("out of range".to_owned(), LongDouble::to_text)
}

/// What `%.17f` without trailing zeros makes of a double, which Rust prints exactly.
fn plain(value: f64) -> String {
    let text = format!("{value:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[test]
fn sums_have_the_precision_clients_are_used_to() {
    assert_eq!(sum("0.1", "0.2"), "0.3");
    assert_eq!(sum("10.50", "0.1"), "10.6");
    assert_eq!(sum("5.0e3", "2.0e2"), "5200");
    assert_eq!(sum("3", "-5"), "-2");
    assert_eq!(sum("1e-18", "0"), "0");
    assert_eq!(sum("-1e-18", "0"), "0");
    assert_eq!(sum("17179869184", "0.0000000001"), "17179869184");
    assert_eq!(sum("9223372036854775807", "1"), "9223372036854775808");
    assert_eq!(sum("18446744073709551615", "1"), "18446744073709551616");
    assert_eq!(sum("18446744073709551616", "1"), "18446744073709551616");
    assert_eq!(sum("18446744073709551616", "3"), "18446744073709551620");
}

#[test]
fn texts_are_read_as_by_strtold() {
    for (text, value) in [
        ("+1", "1"),
        ("1.", "1"),
        (".5", "0.5"),
        ("-0", "0"),
        ("0x10", "16"),
        ("0X1.8p3", "12"),
        ("-0x.8P-1", "-0.25"),
        ("0x00000000000000000000000000000000000000001", "1"),
        ("0xffffffffffffffff8", "295147905179352825856"),
        ("1E2", "100"),
        ("0e99999999999999999999", "0"),
        ("INF", "inf"),
        ("-infinity", "-inf"),
    ] {
        assert_eq!(parse(text).to_text(), value, "{text}");
    }
    let wrong = [
        "",
        "+",
        "-",
        ".",
        " 1",
        "1 ",
        "1e",
        "1e+",
        "1p3",
        "0x",
        "0x.",
        "0xp1",
        "nan",
        "nan(1)",
        "in",
        "1_0",
        "--1",
        "1e4933",
        "1e-4952",
        "-1e5000",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0x1p16384",
        "0x1p-16446",
        "1.0.0",
        "١",
    ];
    for text in wrong {
        assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(LongDouble::parse("1".repeat(5120).as_bytes()), None);
}

#[test]
fn the_ends_of_the_range_are_where_they_should_be() {
    let largest = "1.18973149535723176502e4932";
    let text = parse(largest).to_text();
    assert_eq!(text.len(), 4933);
    assert!(
        text.starts_with("118973149535723176502126385303097020516906332229462420044032373389173700552297072")
    );
    assert!(text.ends_with("49149662444156604419552086811989770240"));
    assert_eq!(sum(largest, largest), "out of range");
    assert_eq!(sum("inf", "-inf"), "out of range");
    assert_eq!(sum("1", "inf"), "out of range");
    assert_eq!(parse("0x1p-16445"), parse("3.6e-4951"));
    assert_eq!(parse("0x1.8p-16445"), parse("0x1p-16444"));
    assert_eq!(parse("0x.800000000001p-16445"), parse("0x1p-16445"));
    assert_eq!(LongDouble::parse(b"0x.8p-16445"), None);
    assert_eq!(parse("0x1.fffffffffffffffep16383"), parse(&text));
    assert_eq!(LongDouble::parse(b"0x1.ffffffffffffffffp16383"), None);
}

#[test]
fn the_longest_texts_are_read_exactly() {
    let half_way = format!("18446744073709551617{}", "0".repeat(4000));
    let above = format!("{}1", &half_way[..half_way.len() - 1]);
    let scaled = |text: &str| parse(&format!("{text}e-4000")).to_text();
    assert_eq!(scaled(&half_way), "18446744073709551616");
    assert_eq!(scaled(&above), "18446744073709551618");
    assert_eq!(parse(&format!("0.{}1e4001", "0".repeat(4000))).to_text(), "1");
}

proptest! {
    #[test]
    fn doubles_are_read_and_written_exactly(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite() && value != 0.0);
        // A double has at most 1074 decimals, and all of them are printed here.
        prop_assert_eq!(parse(&format!("{value:.1074}")).to_text(), plain(value));
    }

    #[test]
    fn ordinary_doubles_are_read_and_written_exactly(mantissa in -(1i64 << 53)..1 << 53, scale in -60i32..60) {
        let value = mantissa as f64 * 2f64.powi(scale);
        prop_assert_eq!(parse(&format!("{value:.120}")).to_text(), plain(value));
    }

    #[test]
    fn sums_of_integers_are_exact_while_they_fit(a: i64, b: i64) {
        let text = sum(&a.to_string(), &b.to_string());
        prop_assert_eq!(text, (i128::from(a) + i128::from(b)).to_string());
        prop_assert_eq!(LongDouble::from(a), parse(&a.to_string()));
    }

    #[test]
    fn sums_do_not_depend_on_order(a in number(), b in number()) {
        prop_assert_eq!(sum(&a, &b), sum(&b, &a));
    }

    #[test]
    fn what_was_taken_away_and_added_leaves_nothing(a in number()) {
        let negated = format!("-{a}");
        prop_assert_eq!(sum(&a, &negated), "0");
    }

    #[test]
    fn short_and_long_ways_of_reading_agree(digits in 1u64..10_000_000_000_000_000_000, power in -26i32..=26) {
        let digits: Vec<u8> = digits.to_string().bytes().map(|digit| digit - b'0').collect();
        let nearest = |(bits, exponent)| Magnitude::nearest(bits, exponent);
        let short = small_decimal(&digits, power).map(nearest);
        prop_assert_eq!(short, Some(nearest(big_decimal(&digits, power))));
    }

    #[test]
    fn no_bytes_make_it_fail(text in prop::collection::vec(any::<u8>(), 0..12)) {
        if let Some(number) = LongDouble::parse(&text) {
            prop_assert!(!number.to_text().is_empty());
        }
    }
}

/// Positive numbers of very different sizes.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "[1-9][0-9]{0,24}(\\.[0-9]{1,24})?",
        "[1-9]\\.[0-9]{1,20}e-?[1-9][0-9]{0,2}",
        "0x[1-9a-f]{1,20}p-?[0-9]{1,3}"
    ]
}
