//! A second connection for questions that completion asks, so that those never get in the way of a MULTI or
//! a subscription, and never wait long.

use std::time::{Duration, Instant};

use memora::resp::Reply;

use super::catalog::{bytes, fields, items, text};
use crate::link::{Address, Link};

/// How long a person who pressed TAB is kept waiting.
const PATIENCE: Duration = Duration::from_millis(300);

/// How many keys are offered at most.
const MAX_KEYS: usize = 100;

/// How many keys a step of SCAN looks at.
const SCAN_COUNT: &str = "1000";

/// Who we are, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) address: Address,
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) db: i64,
}

/// A client as CLIENT LIST describes it; what is not said is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) address: String,
    /// The server's end of the connection.
    pub(super) own_address: String,
    pub(super) user: String,
    /// What it did last.
    pub(super) command: String,
}

impl Client {
    fn from_line(line: &str) -> Self {
        let get = |name: &str| {
            let of = |word: &str| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
            line.split(' ').find_map(of).unwrap_or_default()
        };
        Self {
            id: get("id"),
            name: get("name"),
            address: get("addr"),
            own_address: get("laddr"),
            user: get("user"),
            command: get("cmd"),
        }
    }
}

/// The connection, made when it is first needed.
#[derive(Default)]
pub(super) struct Aside {
    login: Option<Login>,
    link: Option<Link>,
}

impl Aside {
    /// Turns to where the prompt is now.
    pub(super) fn follow(&mut self, login: Login) {
        if self.login.as_ref() != Some(&login) {
            *self = Self { login: Some(login), link: None };
        }
    }

    /// Keys that begin with `prefix`, of one type or of any; none when the server does not answer in time.
    pub(super) fn keys(&mut self, prefix: &[u8], kind: Option<&str>) -> Vec<Vec<u8>> {
        let pattern = [escaped(prefix).as_slice(), b"*"].concat();
        let deadline = Instant::now() + PATIENCE;
        let mut keys = Vec::new();
        let mut cursor = b"0".to_vec();
        loop {
            let mut request = vec![b"SCAN".to_vec(), cursor, b"MATCH".to_vec(), pattern.clone()];
            request.extend([b"COUNT".to_vec(), SCAN_COUNT.into()]);
            request.extend(kind.iter().flat_map(|kind| [b"TYPE".to_vec(), kind.as_bytes().to_vec()]));
            let Some(reply) = self.ask(&request) else { break };
            let [next, found] = items(&reply) else { break };
            keys.extend(items(found).iter().map(|key| bytes(key).to_vec()));
            cursor = bytes(next).to_vec();
            if cursor == b"0" || keys.len() >= MAX_KEYS || Instant::now() >= deadline {
                break;
            }
        }
        keys.sort();
        keys.dedup();
        keys.truncate(MAX_KEYS);
        keys
    }

    /// The server's options whose names match a pattern, with their values.
    pub(super) fn parameters(&mut self, pattern: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let request = ["CONFIG", "GET", pattern].map(|word| word.as_bytes().to_vec());
        let Some(reply) = self.ask(&request) else { return Vec::new() };
        let mut found: Vec<_> = fields(&reply)
            .iter()
            .map(|(name, value)| (bytes(name).to_vec(), bytes(value).to_vec()))
            .collect();
        found.sort();
        found
    }

    /// Who is connected, except for this connection of our own.
    pub(super) fn clients(&mut self) -> Vec<Client> {
        let own = self.ask(&[b"CLIENT".to_vec(), b"ID".to_vec()]);
        let own = if let Some(Reply::Integer(id)) = own { id.to_string() } else { String::new() };
        let Some(list) = self.ask(&[b"CLIENT".to_vec(), b"LIST".to_vec()]) else { return Vec::new() };
        let clients = text(&list).lines().map(Client::from_line).collect::<Vec<_>>();
        clients.into_iter().filter(|client| !client.id.is_empty() && client.id != own).collect()
    }

    /// One question; no answer when the connection breaks or is slow, after which there is a new one.
    fn ask(&mut self, request: &[Vec<u8>]) -> Option<Reply> {
        if self.link.is_none() {
            self.link = self.login.as_ref().and_then(connect);
        }
        let reply = ask(self.link.as_mut()?, request);
        if reply.is_none() {
            self.link = None;
        }
        reply
    }
}

fn connect(login: &Login) -> Option<Link> {
    let mut link = Link::connect(&login.address).ok()?;
    link.set_read_timeout(Some(PATIENCE)).ok()?;
    if let Some(password) = &login.password {
        let words = [Some(b"AUTH".to_vec()), login.user.clone(), Some(password.clone())];
        ask(&mut link, &words.into_iter().flatten().collect::<Vec<_>>())?;
    }
    if login.db != 0 {
        ask(&mut link, &[b"SELECT".to_vec(), login.db.to_string().into_bytes()])?;
    }
    Some(link)
}

fn ask(link: &mut Link, request: &[Vec<u8>]) -> Option<Reply> {
    link.send(request).ok()?;
    link.receive().ok()
}

/// Takes their meaning from the letters that have one in a pattern.
fn escaped(prefix: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len());
    for &byte in prefix {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}
