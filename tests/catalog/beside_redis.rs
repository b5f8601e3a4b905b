//! What COMMAND says, beside a real server: every command that both have has to be described alike, whatever the
//! protocol, and keys have to be found alike. Only the texts for people are our own.

use super::differences::DIFFERENCES;
use memora::commands::table::table;
use memora::config::Config;
use memora::resp::{Reply, ReplyDecoder, encode_request};
use memora::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection that asks and decodes.
struct Client {
    stream: Box<dyn Stream>,
    decoder: ReplyDecoder,
    buffer: bytes::BytesMut,
}

impl Client {
    fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), decoder: ReplyDecoder::default(), buffer: bytes::BytesMut::new() }
    }

    fn ask(&mut self, request: &str) -> Reply {
        let words: Vec<&str> = request.split(' ').collect();
        let mut bytes = bytes::BytesMut::new();
        encode_request(&words, &mut bytes);
        self.stream.write_all(&bytes).unwrap();
        loop {
            if let Some(reply) = self.decoder.decode(&mut self.buffer).unwrap() {
                return reply;
            }
            let mut chunk = [0; 64 * 1024];
            let count = self.stream.read(&mut chunk).unwrap();
            assert_ne!(count, 0, "the server hung up at {request}");
            self.buffer.extend_from_slice(&chunk[..count]);
        }
    }
}

/// A redis-server of this test alone, on a Unix socket in a directory of its own.
struct Redis {
    process: Child,
    socket: PathBuf,
    _directory: tempfile::TempDir,
}

impl Redis {
    /// None where it is not installed; a failure where it has to be.
    fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("redis.sock");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(&socket);
        command.arg("--dir").arg(directory.path());
        let Ok(mut process) = command.stdout(Stdio::piped()).spawn() else {
            let required = std::env::var("MEMORA_REQUIRE_ORACLE").is_ok_and(|value| value == "1");
            assert!(!required, "redis-server is not installed");
            println!("skipped: redis-server is not installed");
            return None;
        };
        let mut log = process.stdout.take().unwrap();
        let (mut said, mut chunk) = (String::new(), [0; 4096]);
        while !said.contains("accept connections") {
            let count = log.read(&mut chunk).unwrap();
            assert_ne!(count, 0, "redis-server ended: {said}");
            said.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
        // Nobody reads on; the little that a server without clients logs fits into the pipe.
        process.stdout = Some(log);
        Some(Self { process, socket, _directory: directory })
    }

    fn connect(&self) -> Client {
        Client::new(UnixStream::connect(&self.socket).unwrap())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Connections to both servers, and the servers.
struct Both {
    memora: Client,
    redis: Client,
    _servers: (Server, Redis),
}

fn both() -> Option<Both> {
    let redis = Redis::start()?;
    let server = Server::start(Config { port: 0, save: Vec::new(), ..Config::default() }).unwrap();
    let memora = Client::new(TcpStream::connect(server.local_addr().unwrap()).unwrap());
    Some(Both { memora, redis: redis.connect(), _servers: (server, redis) })
}

impl Both {
    fn ask(&mut self, request: &str) -> (Reply, Reply) {
        (self.memora.ask(request), self.redis.ask(request))
    }
}

/// Collects what differs.
#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    excused: Vec<usize>,
}

impl Findings {
    fn compare(&mut self, name: &str, field: &str, memora: &str, redis: &str) {
        if memora == redis {
            return;
        }
        match DIFFERENCES.iter().position(|(command, what, _)| *command == name && *what == field) {
            Some(index) => self.excused.push(index),
            None => self.wrong.push(format!("{name} {field}\n    memora {memora}\n    redis  {redis}")),
        }
    }

    fn check(self, fields: &[&str]) {
        assert!(self.wrong.is_empty(), "{} differences\n{}", self.wrong.len(), self.wrong.join("\n"));
        for (index, (name, field, _)) in DIFFERENCES.iter().enumerate() {
            let gone = fields.contains(field) && !self.excused.contains(&index);
            assert!(!gone, "{name} no longer differs in {field}");
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    table().entries().iter().map(|entry| entry.name.as_str())
}

fn items(reply: &Reply) -> &[Reply] {
    match reply {
        Reply::Array(items) | Reply::Set(items) => items,
        _ => &[],
    }
}

const INFO_FIELDS: &[&str] =
    &["name", "arity", "flags", "first", "last", "step", "categories", "tips", "keys"];

#[test]
fn every_command_is_described_to_programs_as_in_redis() {
    let Some(mut both) = both() else { return };
    let mut findings = Findings::default();
    for protocol in ["HELLO 2", "HELLO 3"] {
        both.ask(protocol);
        for name in names() {
            let (memora, redis) = both.ask(&format!("COMMAND INFO {name}"));
            let (memora, redis) = (&items(&memora)[0], &items(&redis)[0]);
            if matches!(redis, Reply::Null | Reply::NullArray) {
                findings.compare(name, "exists", "yes", "no");
                continue;
            }
            let (memora, redis) = (items(memora), items(redis));
            assert_eq!((memora.len(), redis.len()), (10, 10), "{name}");
            for (index, field) in INFO_FIELDS.iter().enumerate() {
                let (memora, redis) = (format!("{:?}", memora[index]), format!("{:?}", redis[index]));
                findings.compare(name, field, &memora, &redis);
            }
            assert_eq!(std::mem::discriminant(&memora[9]), std::mem::discriminant(&redis[9]), "{name}");
        }
    }
    findings.check(&[INFO_FIELDS, &["exists"]].concat());
}

/// The pairs of a map, in whichever protocol.
fn pairs(reply: &Reply) -> Vec<(String, &Reply)> {
    let text = |key: &Reply| match key {
        Reply::Bulk(blob) => String::from_utf8_lossy(blob.as_bytes()).into_owned(),
        other => format!("{other:?}"),
    };
    match reply {
        Reply::Map(pairs) => pairs.iter().map(|(key, value)| (text(key), value)).collect(),
        flat => items(flat).chunks(2).map(|pair| (text(&pair[0]), &pair[1])).collect(),
    }
}

/// What of a field has to be alike: the texts for people are not, the commands and versions they name are.
fn comparable(field: &str, value: &Reply) -> String {
    match field {
        "summary" | "complexity" | "subcommands" => format!("{:?}", std::mem::discriminant(value)),
        "replaced_by" => {
            let text = format!("{value:?}").replace('!', "");
            text.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ")
        }
        "history" => {
            let mut versions: Vec<_> = items(value).iter().map(|it| format!("{:?}", items(it)[0])).collect();
            versions.sort();
            format!("{:?} {versions:?}", std::mem::discriminant(value))
        }
        _ => format!("{value:?}"),
    }
}

const DOCS_FIELDS: &[&str] =
    &["fields", "since", "group", "doc_flags", "deprecated_since", "history", "arguments"];

#[test]
fn every_command_is_described_to_people_as_in_redis() {
    let Some(mut both) = both() else { return };
    let mut findings = Findings::default();
    for protocol in ["HELLO 2", "HELLO 3"] {
        both.ask(protocol);
        for name in names() {
            let (memora, redis) = both.ask(&format!("COMMAND DOCS {name}"));
            assert_eq!(std::mem::discriminant(&memora), std::mem::discriminant(&redis), "{name}");
            let (memora, redis) = (pairs(&memora), pairs(&redis));
            let Some((_, redis)) = redis.first() else { continue };
            let (memora, redis) = (pairs(memora[0].1), pairs(redis));
            let fields = |pairs: &[(String, &Reply)]| {
                pairs.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>().join(" ")
            };
            findings.compare(name, "fields", &fields(&memora), &fields(&redis));
            for (field, value) in &memora {
                if let Some((_, other)) = redis.iter().find(|(other, _)| other == field) {
                    findings.compare(name, field, &comparable(field, value), &comparable(field, other));
                }
            }
        }
    }
    findings.check(DOCS_FIELDS);
}

/// Requests whose keys are looked for; those whose command Memora has not are left out.
const REQUESTS: &[&str] = &[
    "get k",
    "GET",
    "get a b",
    "set k v",
    "set k v get",
    "SET k v nx GeT",
    "set k GET",
    "del a b c",
    "mset a 1 b 2",
    "mset a 1 b",
    "ping x",
    "nope x",
    "object freq k",
    "object nope k",
    "object encoding",
    "config get x",
    "client list id",
    "command getkeys get",
    "eval x 0",
    "eval x 2 a",
    "eval x 2 a b c",
    "sort k by a get b store c store d",
    "sort k limit store 1",
    "sort_ro k by a",
    "bitfield k get u8 0",
    "bitfield k set u8 0 1",
    "bitfield k overflow wrap",
    "bitop and d a b",
    "zunionstore d 2 a b weights 1 2",
    "zunionstore d 3 a b",
    "zunionstore d x a",
    "zinter 2 a b",
    "lmpop 1 a left",
    "blpop a b 0",
    "xread count 1 streams a b 0 0",
    "xread count 1 stream a 0",
    "xreadgroup group g c streams a >",
    "georadius k 1 2 3 m store d",
    "georadius k 1 2 3 m storedist d asc",
    "georadius k 1 2 3 m asc store",
    "migrate h 1 k 0 1",
    "rename a b",
    "copy a b",
    "lmove a b left right",
    "pfcount a b",
    "publish a b",
    "spublish a b",
];

/// Whether Memora has the command and subcommand, or they are meant not to be there.
fn is_known(request: &str) -> bool {
    let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
    let missing = |index: usize| words.get(index).is_some_and(|word| *word != b"nope");
    match table().find(words[0]) {
        None => !missing(0),
        Some(command) if command.subcommands.is_empty() => true,
        Some(command) => table().find_subcommand(command, words[1]).is_some() || !missing(1),
    }
}

#[test]
fn keys_are_found_as_in_redis() {
    let Some(mut both) = both() else { return };
    both.ask("HELLO 3");
    for request in REQUESTS {
        if !is_known(request) {
            continue;
        }
        for command in ["GETKEYS", "GETKEYSANDFLAGS"] {
            let (memora, redis) = both.ask(&format!("COMMAND {command} {request}"));
            assert_eq!(format!("{memora:?}"), format!("{redis:?}"), "{command} {request}");
        }
    }
}

#[test]
fn command_answers_as_in_redis() {
    let Some(mut both) = both() else { return };
    for protocol in ["HELLO 2", "HELLO 3"] {
        both.ask(protocol);
        for request in [
            "COMMAND INFO nope",
            "COMMAND INFO config|nope get|get",
            "COMMAND INFO GET CONFIG|GET",
            "COMMAND DOCS nope",
            "COMMAND COUNT x",
            "COMMAND NOPE",
            "COMMAND GETKEYS get",
            "COMMAND LIST x",
            "COMMAND LIST FILTERBY",
            "COMMAND LIST FILTERBY x y",
            "COMMAND LIST FILTERBY MODULE x y",
            "COMMAND LIST FILTERBY MODULE x",
            "COMMAND LIST filterby aclcat nope",
            "COMMAND LIST FILTERBY ACLCAT @list",
            "COMMAND LIST FILTERBY PATTERN hl?n",
            "COMMAND LIST FILTERBY PATTERN CONFIG|G*",
        ] {
            let (memora, redis) = both.ask(request);
            assert_eq!(format!("{memora:?}"), format!("{redis:?}"), "{protocol} {request}");
        }
        for request in
            ["COMMAND LIST", "COMMAND", "COMMAND DOCS", "COMMAND COUNT", "COMMAND HELP", "COMMAND INFO"]
        {
            let (memora, redis) = both.ask(request);
            assert_eq!(std::mem::discriminant(&memora), std::mem::discriminant(&redis), "{request}");
            assert!(!memora.is_error());
        }
    }
}
