//! `--export` and `--import`: all keys of a database as lines of JSON, to read, edit, or take elsewhere.
//!
//! ```json
//! {"key":"queue","type":"list","value":["a","b"],"expires_at_ms":1700000000000}
//! ```
//!
//! Strings, lists, sets, hashes and sorted sets are written out, so that any server can read them, whatever
//! its version; bytes that are no UTF-8 are `{"hex":"00ff"}`. Every other type is what DUMP makes of it
//! (`"type":"dump"`), which servers of the same or a later version read. Deliberately absent: several
//! databases in one file, and a picture of one instant: keys that change meanwhile are written as they are met.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use memora::resp::Reply;
use serde_json::{Map, Value, json};

use super::walk::{Walked, walk};
use super::{Bench, progress};
use crate::link::plain_text;
use crate::prompt::catalog::{bytes, items, text};
use crate::runner::{Trouble, complain};

/// Standard input or output instead of a file.
const STANDARD: &str = "-";

/// What the file is called until it is complete.
const UNFINISHED: &str = ".part";

/// So many elements are put into a key at once.
const ELEMENTS_PER_REQUEST: usize = 500;

/// Requests are sent once so many bytes of lines have been read (1 MiB).
const BATCH_BYTES: usize = 1024 * 1024;

type Request = Vec<Vec<u8>>;

/// Writes every key that matches `--pattern` to a file, which appears when it is complete.
pub(super) fn export(bench: &mut Bench<'_>, path: &str) -> Result<(), Trouble> {
    if path == STANDARD {
        return export_to(bench, &mut io::stdout()).map(drop);
    }
    let unfinished = format!("{path}{UNFINISHED}");
    let file = File::create(&unfinished).map_err(|error| file_trouble(&unfinished, &error))?;
    let mut out = BufWriter::new(file);
    let done = export_to(bench, &mut out).and_then(|finished| {
        out.flush().map_err(|error| file_trouble(&unfinished, &error))?;
        Ok(finished)
    });
    if !matches!(done, Ok(true)) {
        let _ = fs::remove_file(&unfinished);
        done?;
        complain(b"Interrupted: nothing was written.");
        return Err(Trouble::Reported);
    }
    fs::rename(&unfinished, path).map_err(|error| file_trouble(path, &error))
}

fn file_trouble(path: &str, error: &io::Error) -> Trouble {
    complain(format!("Can't write file '{path}': {}", plain_text(error)).as_bytes());
    Trouble::Reported
}

fn export_to(bench: &mut Bench<'_>, out: &mut dyn Write) -> Result<bool, Trouble> {
    let bar = progress::of_all_keys(bench)?;
    let walked = walk(bench, None, |bench, keys| {
        bar.inc(keys.len() as u64);
        export_keys(bench, &keys, out)
    });
    bar.finish_and_clear();
    Ok(walked? == Walked::Finished)
}

fn export_keys(bench: &mut Bench<'_>, keys: &[Vec<u8>], out: &mut dyn Write) -> Result<(), Trouble> {
    let ask = |names: &[&str], key: &Vec<u8>| -> Request {
        names.iter().map(|name| name.as_bytes().to_vec()).chain([key.clone()]).collect()
    };
    let requests: Vec<_> = keys.iter().map(|key| ask(&["TYPE"], key)).collect();
    let kinds: Vec<String> = bench.session.pipeline(&requests)?.iter().map(text).collect();
    let deadlines = deadlines_ms(bench, keys)?;
    let requests: Vec<Request> = keys.iter().zip(&kinds).map(|(key, kind)| question(kind, key)).collect();
    let values = bench.session.pipeline(&requests)?;
    for (((key, kind), deadline_ms), value) in keys.iter().zip(&kinds).zip(deadlines).zip(&values) {
        // It is gone, or has become something else, since it was listed.
        let Some((kind, value)) = written(kind, value) else { continue };
        let mut line = Map::new();
        line.insert("key".to_owned(), string(key));
        line.insert("type".to_owned(), kind.into());
        line.insert("value".to_owned(), value);
        if let Some(at) = deadline_ms {
            line.insert("expires_at_ms".to_owned(), at.into());
        }
        writeln!(out, "{}", Value::Object(line))?;
    }
    Ok(())
}

/// When each key expires; servers before Redis 7 only say how long they have left.
fn deadlines_ms(bench: &mut Bench<'_>, keys: &[Vec<u8>]) -> Result<Vec<Option<i64>>, Trouble> {
    let mut ask = |name: &str| {
        let requests: Vec<Request> = keys.iter().map(|key| vec![name.into(), key.clone()]).collect();
        bench.session.pipeline(&requests)
    };
    let (mut replies, mut from_ms) = (ask("PEXPIRETIME")?, 0);
    if replies.iter().any(Reply::is_error) {
        (replies, from_ms) = (ask("PTTL")?, now_ms());
    }
    let deadline =
        |reply: &Reply| if let Reply::Integer(ms @ 0..) = reply { Some(from_ms + ms) } else { None };
    Ok(replies.iter().map(deadline).collect())
}

fn question(kind: &str, key: &[u8]) -> Request {
    let words: &[&str] = match kind {
        "string" => &["GET"],
        "list" => &["LRANGE", "", "0", "-1"],
        "set" => &["SMEMBERS"],
        "hash" => &["HGETALL"],
        "zset" => &["ZRANGE", "", "0", "-1", "WITHSCORES"],
        _ => &["DUMP"],
    };
    let mut request: Request = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    match request.get_mut(1) {
        Some(place) => *place = key.to_vec(),
        None => request.push(key.to_vec()),
    }
    request
}

/// The type and the value as they are written; nothing when there is none.
fn written<'a>(kind: &'a str, value: &Reply) -> Option<(&'a str, Value)> {
    let list = |reply: &Reply| items(reply).iter().map(|item| string(bytes(item))).collect::<Vec<_>>();
    match (kind, value) {
        ("none", _) | (_, Reply::Error(_) | Reply::Null | Reply::NullArray) => None,
        ("string", value) => Some((kind, string(bytes(value)))),
        // A set has no order of its own; sorted, two exports of the same set are the same.
        ("set", value) => {
            let mut members: Vec<&[u8]> = items(value).iter().map(bytes).collect();
            members.sort_unstable();
            let members: Vec<Value> = members.into_iter().map(string).collect();
            Some((kind, members.into())).filter(|_| !items(value).is_empty())
        }
        ("list", value) => Some((kind, list(value).into())).filter(|_| !items(value).is_empty()),
        ("hash" | "zset", value) => {
            let pairs: Vec<Value> =
                pairs(value).into_iter().map(|(key, value)| json!([key, value])).collect();
            Some((kind, pairs.into())).filter(|(_, pairs): &(_, Value)| pairs != &json!([]))
        }
        (_, value) => Some(("dump", json!({ "hex": hex(bytes(value)) }))),
    }
}

/// Pairs from a map, from a list of lists, and from a flat list.
fn pairs(reply: &Reply) -> Vec<(Value, Value)> {
    let value = |reply: &Reply| match reply {
        Reply::Double(score) => Value::from(score.to_string()),
        other => string(bytes(other)),
    };
    match reply {
        Reply::Map(pairs) => pairs.iter().map(|(key, field)| (value(key), value(field))).collect(),
        other => match items(other) {
            nested @ [Reply::Array(_), ..] => nested
                .iter()
                .filter_map(|pair| Some((value(items(pair).first()?), value(items(pair).get(1)?))))
                .collect(),
            flat => flat.chunks_exact(2).map(|pair| (value(&pair[0]), value(&pair[1]))).collect(),
        },
    }
}

/// Text where it is text, else its bytes in hexadecimal digits.
fn string(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// Makes the keys a file holds, in place of those that have their names; ends with code 1 if a line was no good.
pub(super) fn import(bench: &mut Bench<'_>, path: &str) -> Result<(), Trouble> {
    let input: Box<dyn BufRead> = match path {
        STANDARD => Box::new(BufReader::new(io::stdin())),
        path => Box::new(BufReader::new(File::open(path).map_err(|error| {
            complain(format!("Can't open file '{path}': {}", plain_text(&error)).as_bytes());
            Trouble::Reported
        })?)),
    };
    let bar = progress::counting("keys");
    let (mut keys, mut bad, mut batch, mut batch_bytes) = (0u64, 0u64, Vec::new(), 0);
    for (number, line) in input.lines().enumerate() {
        let line = line.map_err(Trouble::Input)?;
        if line.trim().is_empty() {
            continue;
        }
        match requests(&line) {
            Some(requests) => batch.extend(requests.into_iter().map(|request| (number + 1, request))),
            None => {
                bad += 1;
                bar.suspend(|| {
                    complain(format!("line {}: not a key as --export writes it", number + 1).as_bytes())
                });
            }
        }
        keys += 1;
        batch_bytes += line.len();
        if batch_bytes >= BATCH_BYTES {
            bad += send(bench, std::mem::take(&mut batch))?;
            batch_bytes = 0;
            bar.set_position(keys);
        }
        if bench.interrupts.interrupted() {
            complain(format!("Interrupted after line {}.", number + 1).as_bytes());
            bad += 1;
            break;
        }
    }
    bad += send(bench, batch)?;
    bar.finish_and_clear();
    bench.line(&format!("keys: {}, errors: {bad}", keys.saturating_sub(bad)))?;
    if bad > 0 { Err(Trouble::Reported) } else { Ok(()) }
}

/// Sends requests and tells of errors by line; says how many there were.
fn send(bench: &mut Bench<'_>, batch: Vec<(usize, Request)>) -> Result<u64, Trouble> {
    let (lines, requests): (Vec<usize>, Vec<Request>) = batch.into_iter().unzip();
    let replies = bench.session.pipeline(&requests)?;
    let mut errors = 0;
    for (line, reply) in lines.iter().zip(replies) {
        if let Reply::Error(text) = reply {
            errors += 1;
            complain(&[format!("line {line}: ").as_bytes(), &text].concat());
        }
    }
    Ok(errors)
}

/// What makes the key of a line; nothing when it is no such line.
fn requests(line: &str) -> Option<Vec<Request>> {
    let line: Map<String, Value> = serde_json::from_str(line).ok()?;
    let key = unstring(line.get("key")?)?;
    let value = line.get("value")?;
    let expires = line.get("expires_at_ms").map(|at| at.as_i64().ok_or(())).transpose().ok()?;
    let word = |word: &str| word.as_bytes().to_vec();
    let mut requests = vec![vec![word("DEL"), key.clone()]];
    let flat = |value: &Value| value.as_array()?.iter().map(unstring).collect::<Option<Vec<_>>>();
    match line.get("type")?.as_str()? {
        "string" => requests = vec![vec![word("SET"), key.clone(), unstring(value)?]],
        "list" => requests.extend(fill("RPUSH", &key, flat(value)?)),
        "set" => requests.extend(fill("SADD", &key, flat(value)?)),
        "hash" => requests.extend(fill("HSET", &key, flat_pairs(value, false)?)),
        "zset" => requests.extend(fill("ZADD", &key, flat_pairs(value, true)?)),
        "dump" => {
            requests = vec![vec![word("RESTORE"), key.clone(), word("0"), unstring(value)?, word("REPLACE")]]
        }
        _ => return None,
    }
    if let Some(at) = expires {
        requests.push(vec![word("PEXPIREAT"), key, at.to_string().into_bytes()]);
    }
    Some(requests)
}

fn fill(name: &str, key: &[u8], elements: Vec<Vec<u8>>) -> Vec<Request> {
    let chunks = elements.chunks(ELEMENTS_PER_REQUEST);
    chunks.map(|chunk| [&[name.as_bytes().to_vec(), key.to_vec()], chunk].concat()).collect()
}

fn flat_pairs(value: &Value, swapped: bool) -> Option<Vec<Vec<u8>>> {
    let mut flat = Vec::new();
    for pair in value.as_array()? {
        let [first, second] = pair.as_array()?.as_slice() else { return None };
        let (first, second) = if swapped { (second, first) } else { (first, second) };
        flat.extend([unstring(first)?, unstring(second)?]);
    }
    Some(flat)
}

/// The bytes of a string as [`string`] writes it.
fn unstring(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(map) => unhex(map.get("hex")?.as_str()?),
        _ => None,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2))
        .collect()
}
