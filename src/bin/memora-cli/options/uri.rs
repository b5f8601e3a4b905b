//! `redis://[[user:]password@]host[:port][/db]`, read as redis-cli reads it.
//!
//! Two things are kinder than there: an empty user (`redis://:password@host`) means no user, and an IPv6
//! address may stand in brackets. Deliberately absent: `rediss://`, because there is no TLS.

use super::{Options, Refusal, number};

/// Overwrites what `uri` names in `options` and leaves the rest.
pub(super) fn apply(uri: &[u8], options: &mut Options) -> Result<(), Refusal> {
    let rest = strip_scheme(uri)?;
    let (login, rest) = split_at(rest, b'@', Absent::IsAfter);
    apply_login(login, options)?;
    let (place, db) = split_at(rest, b'/', Absent::IsBefore);
    apply_place(place, options)?;
    if !db.is_empty() {
        options.db = number::integer(db);
    }
    Ok(())
}

fn strip_scheme(uri: &[u8]) -> Result<&[u8], Refusal> {
    const SCHEME: &[u8] = b"redis://";
    match uri.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => Ok(rest),
        _ => Err(Refusal::new("Invalid URI scheme")),
    }
}

fn apply_login(login: &[u8], options: &mut Options) -> Result<(), Refusal> {
    if login.is_empty() {
        return Ok(());
    }
    let (user, password) = split_at(login, b':', Absent::IsAfter);
    if !user.is_empty() {
        options.user = Some(percent_decoded(user)?);
    }
    options.password = Some(percent_decoded(password)?);
    Ok(())
}

fn apply_place(place: &[u8], options: &mut Options) -> Result<(), Refusal> {
    let (host, port) = match place.strip_prefix(b"[") {
        Some(bracketed) => {
            let (host, after) = split_at(bracketed, b']', Absent::IsBefore);
            (host, after.strip_prefix(b":").unwrap_or_default())
        }
        None => split_at(place, b':', Absent::IsBefore),
    };
    if !host.is_empty() {
        options.host = String::from_utf8_lossy(host).into_owned();
    }
    if !port.is_empty() {
        options.port = number::port(port)?;
    }
    Ok(())
}

/// Where everything goes when there is nothing to split at.
enum Absent {
    IsBefore,
    IsAfter,
}

fn split_at(bytes: &[u8], mark: u8, absent: Absent) -> (&[u8], &[u8]) {
    match (bytes.iter().position(|&byte| byte == mark), absent) {
        (Some(at), _) => (&bytes[..at], &bytes[at + 1..]),
        (None, Absent::IsBefore) => (bytes, &[]),
        (None, Absent::IsAfter) => (&[], bytes),
    }
}

fn percent_decoded(mut text: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut decoded = Vec::with_capacity(text.len());
    loop {
        text = match text {
            [] => return Ok(decoded),
            [b'%', high, low, rest @ ..] => {
                decoded.push(hex(*high)? * 16 + hex(*low)?);
                rest
            }
            [b'%', ..] => return Err(Refusal::new("Incomplete URI encoding")),
            [byte, rest @ ..] => {
                decoded.push(*byte);
                rest
            }
        };
    }
}

fn hex(digit: u8) -> Result<u8, Refusal> {
    char::from(digit)
        .to_digit(16)
        .map(|value| value as u8)
        .ok_or_else(|| Refusal::new("Illegal character in URI encoding"))
}
