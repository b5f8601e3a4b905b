//! CONFIG GET's matching and CONFIG SET's order of checks; `tests/config.rs` compares with a real server.

use super::*;

fn set(config: &mut Config, pairs: &[(&str, &str)]) -> Result<Vec<&'static str>, String> {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let changed = config.set_many(&pairs).map_err(|error| error.to_string())?;
    Ok(changed.into_iter().map(|row| row.name).collect())
}

/// A pattern with at most one `*`, which is all these tests need.
fn star(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.iter().position(|byte| *byte == b'*') {
        Some(at) => name.starts_with(&pattern[..at]) && name.ends_with(&pattern[at + 1..]),
        None => pattern == name,
    }
}

fn matching(globs: &[&str]) -> Vec<String> {
    let globs: Vec<_> = globs.iter().map(|glob| glob.as_bytes()).collect();
    let found = Config::default().matching(&globs, star);
    found.into_iter().map(|(name, _)| String::from_utf8(name).unwrap()).collect()
}

#[test]
fn get_knows_names_and_aliases() {
    let config = Config::default();
    assert_eq!(config.get("PORT").as_deref(), Some("6379"));
    assert_eq!(config.get("hash-max-ziplist-entries").as_deref(), Some("512"));
    assert_eq!(config.get("nosuch"), None);
}

#[test]
fn patterns_match_aliases_too_and_each_name_comes_once() {
    let sizes = ["list-max-listpack-size", "list-max-ziplist-size"];
    assert_eq!(matching(&["LIST-max-*"]), sizes);
    assert_eq!(matching(&["list-max-*", "list-max-ziplist-size", "list*"]), sizes);
    assert_eq!(matching(&["*"]).len(), OPTIONS.iter().flat_map(OptionRow::names).count());
}

#[test]
fn exact_names_are_answered_as_the_client_spelt_them() {
    assert_eq!(matching(&["TimeOut", "timeout", "nosuch"]), ["TimeOut"]);
    assert!(matching(&["nosuch*"]).is_empty());
}

#[test]
fn set_answers_what_changed() {
    let mut config = Config::default();
    let changed = set(&mut config, &[("maxclients", "5"), ("timeout", "0"), ("HZ", "20")]).unwrap();
    assert_eq!(changed, ["maxclients", "hz"]);
    assert_eq!((config.maxclients, config.hz), (5, 20));
}

#[test]
fn one_mistake_changes_nothing() {
    let mut config = Config::default();
    let error = set(&mut config, &[("timeout", "5"), ("hz", "x")]).unwrap_err();
    assert_eq!(
        error,
        "CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer"
    );
    assert_eq!(config, Config::default());
}

#[test]
fn an_option_and_its_alias_are_two_names_of_which_the_later_wins() {
    let mut config = Config::default();
    let pairs = [("hash-max-ziplist-entries", "5"), ("hz", "11"), ("hash-max-listpack-entries", "6")];
    assert_eq!(set(&mut config, &pairs).unwrap(), ["hz", "hash-max-listpack-entries"]);
    assert_eq!(config.hash_max_listpack_entries, 6);
}

#[test]
fn only_live_options_may_be_set() {
    for row in OPTIONS {
        let mut config = Config::default();
        let value = row.get(&config);
        let expected = match row.change {
            Change::Live => Ok(vec![]),
            Change::AtStart => Err("can't set immutable config"),
            Change::Protected => Err("can't set protected config"),
        };
        let expected = expected.map_err(|reason| failed(row.name, reason).to_string());
        assert_eq!(set(&mut config, &[(row.name, &value)]), expected, "{}", row.name);
    }
}

#[test]
fn values_that_are_not_text_are_refused() {
    let error = Config::default().set_many(&[(b"requirepass", b"\xff")]).unwrap_err();
    assert!(error.to_string().ends_with("argument must be valid UTF-8"));
}

#[test]
fn passwords_never_show_in_debug_output() {
    let mut config = Config::default();
    set(&mut config, &[("requirepass", "sesame")]).unwrap();
    assert!(!format!("{config:?}").contains("sesame"));
    assert_eq!(config.get("requirepass").as_deref(), Some("sesame"));
    assert!(config.requirepass.matches(b"sesame") && config.requirepass.is_set());
    assert!(!config.requirepass.matches(b"sesamE") && !config.requirepass.matches(b""));
}
