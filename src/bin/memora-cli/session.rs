//! A conversation with a server across connections: who we are, which database, inside MULTI or not.
//!
//! The prompt shows this state, and a new connection is brought to it again. Deliberately absent: what is
//! printed of a reply, and when to connect anew.

use crate::link::{Address, Link, LinkError};
use crate::options::{Options, ProtocolChoice};
use crate::prompt::Login;
use crate::prompt::catalog::items;
use crate::subscriptions::{Subscriptions, is_message};

use bytes::BytesMut;
use memora::resp::{Reply, encode_request};

/// A conversation with a server.
pub(crate) struct Session {
    address: Address,
    user: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
    protocol: ProtocolChoice,
    link: Option<Link>,
    /// The database the next connection begins with.
    wanted_db: i64,
    /// The database of this connection.
    db: i64,
    /// Inside MULTI: the database before it.
    db_before_multi: Option<i64>,
    /// Whether a connection broke inside MULTI since the last one was made.
    lost_transaction: bool,
    /// What this connection listens to.
    subscriptions: Subscriptions,
    /// What a connection listened to that broke since the last one was made.
    lost_subscriptions: Option<String>,
    /// Messages that came while a question of our own was answered.
    unseen: Vec<Reply>,
}

/// Why a command cannot be sent: sentences for people.
pub(crate) type Complaint = Vec<u8>;

/// What became of a request of our own: done, or refused by the server, or the connection broke.
pub(crate) type Greeted = Result<Result<(), Complaint>, LinkError>;

impl Session {
    /// A session that has not connected yet.
    pub(crate) fn new(options: &Options) -> Self {
        let address = match &options.socket {
            Some(path) => Address::Unix(path.clone()),
            None => Address::Tcp { host: options.host.clone(), port: options.port },
        };
        Self {
            address,
            user: options.user.clone(),
            password: options.password.clone(),
            protocol: options.protocol,
            link: None,
            wanted_db: options.db,
            db: 0,
            db_before_multi: None,
            lost_transaction: false,
            subscriptions: Subscriptions::default(),
            lost_subscriptions: None,
            unseen: Vec::new(),
        }
    }

    /// Where the server is.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The connection, when there is one.
    pub(crate) fn link(&mut self) -> Result<&mut Link, LinkError> {
        self.link.as_mut().ok_or(LinkError::Closed)
    }

    /// Whether there is a connection that has not been found broken.
    pub(crate) fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// Whether MULTI has been answered and EXEC has not.
    pub(crate) fn in_transaction(&self) -> bool {
        self.db_before_multi.is_some()
    }

    /// Whether a transaction was lost with a connection; asked once.
    pub(crate) fn take_lost_transaction(&mut self) -> bool {
        std::mem::take(&mut self.lost_transaction)
    }

    /// What this connection listens to.
    pub(crate) fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Whether this connection listens to anything.
    pub(crate) fn is_subscribed(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// Whether a question of our own gets an answer now: inside MULTI it would become part of that, and those
    /// who listen may ask little.
    pub(crate) fn can_be_asked(&self) -> bool {
        self.is_connected() && !self.in_transaction() && !self.is_subscribed()
    }

    /// The names of subscriptions lost with a connection; asked once.
    pub(crate) fn take_lost_subscriptions(&mut self) -> Option<String> {
        self.lost_subscriptions.take()
    }

    /// The messages nobody has seen yet.
    pub(crate) fn take_unseen(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.unseen)
    }

    /// Waits for the next reply or message, and takes note of subscriptions that begin or end with it.
    ///
    /// # Errors
    /// When the connection ended, or what came is no RESP.
    pub(crate) fn receive(&mut self) -> Result<Reply, LinkError> {
        let reply = self.link()?.receive()?;
        self.subscriptions.hear(&reply);
        Ok(reply)
    }

    /// Drops the connection if the server has ended it while nobody was listening.
    pub(crate) fn notice_end(&mut self) {
        if self.link.as_ref().is_some_and(Link::has_ended) {
            self.disconnect();
        }
    }

    /// Which database commands run in.
    pub(crate) fn db(&self) -> i64 {
        self.db
    }

    /// Who we are, and where.
    pub(crate) fn login(&self) -> Login {
        Login {
            address: self.address.clone(),
            user: self.user.clone(),
            password: self.password.clone(),
            db: self.db,
        }
    }

    /// One question of our own and its answer, messages in between left out.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) fn query(&mut self, request: &[impl AsRef<[u8]>]) -> Result<Reply, LinkError> {
        self.link()?.send(request)?;
        loop {
            let reply = self.receive()?;
            if self.is_subscribed() && is_message(&reply) {
                self.unseen.push(reply);
            } else if !matches!(reply, Reply::Push(_)) {
                return Ok(reply);
            }
        }
    }

    /// Many questions at once and their answers in the same order.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) fn pipeline(&mut self, requests: &[Vec<Vec<u8>>]) -> Result<Vec<Reply>, LinkError> {
        let link = self.link()?;
        let mut encoded = BytesMut::new();
        requests.iter().for_each(|request| encode_request(request, &mut encoded));
        link.send_encoded(&encoded)?;
        let mut replies = Vec::with_capacity(requests.len());
        while replies.len() < requests.len() {
            match link.receive()? {
                Reply::Push(_) => {}
                reply => replies.push(reply),
            }
        }
        Ok(replies)
    }

    /// What stands before the cursor.
    pub(crate) fn prompt(&self) -> String {
        if self.link.is_none() {
            return "not connected> ".to_owned();
        }
        let db = match self.db {
            0 => String::new(),
            db => format!("[{db}]"),
        };
        let transaction = if self.db_before_multi.is_some() { "(TX)" } else { "" };
        let subscribed = if self.is_subscribed() { "(subscribed)" } else { "" };
        format!("{}{db}{transaction}{subscribed}> ", self.address.prompt())
    }

    /// Connects anew: AUTH, SELECT and HELLO as the options have it.
    ///
    /// # Errors
    /// When nobody answers, or when one of the three fails. In the second case the connection stays, because
    /// some commands work without, and later ones of the three were not tried.
    pub(crate) fn connect(&mut self) -> Result<(), Complaint> {
        self.disconnect();
        let greeted = Link::connect(&self.address).and_then(|link| {
            self.link = Some(link);
            self.greet()
        });
        greeted.unwrap_or_else(|error| {
            self.disconnect();
            Err(format!("Could not connect to Redis at {}: {error}", self.address).into_bytes())
        })
    }

    /// Drops the connection and what it knew.
    pub(crate) fn disconnect(&mut self) {
        self.lost_transaction |= self.in_transaction();
        if self.is_subscribed() {
            self.lost_subscriptions = Some(std::mem::take(&mut self.subscriptions).names());
        }
        self.link = None;
        self.db = 0;
        self.db_before_multi = None;
    }

    /// Turns to another server; the connection to the old one is dropped.
    pub(crate) fn move_to(&mut self, host: String, port: u16) {
        self.disconnect();
        self.address = Address::Tcp { host, port };
    }

    /// Follows what an answered command did to the connection.
    ///
    /// # Errors
    /// When the connection broke while the database was being selected, which follows AUTH.
    pub(crate) fn follow(&mut self, args: &[Vec<u8>], reply: &Reply) -> Greeted {
        let refused = reply.is_error();
        match (args[0].to_ascii_uppercase().as_slice(), args.len()) {
            (b"SELECT", 2) if !refused => self.set_db(leading_number(&args[1])),
            (b"AUTH", 2 | 3) => {
                if matches!(reply, Reply::Simple(text) if text == "OK") {
                    self.remember_login(&args[1..]);
                }
                return self.select();
            }
            (b"HELLO", 2..) if !refused => self.remember_hello(args),
            (b"MULTI", 1) if !refused => self.db_before_multi = Some(self.db),
            (b"EXEC", 1) => {
                items(reply).iter().for_each(|part| self.subscriptions.hear(part));
                let nothing_ran = refused || matches!(reply, Reply::Null | Reply::NullArray);
                self.end_transaction(nothing_ran);
            }
            (b"DISCARD", 1) if !refused => self.end_transaction(true),
            (b"RESET", 1) if !refused => {
                self.db_before_multi = None;
                self.subscriptions = Subscriptions::default();
                self.protocol = ProtocolChoice::Unsaid;
                self.set_db(0);
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    /// The next connection logs in as this one did: `[user] password`.
    fn remember_login(&mut self, words: &[Vec<u8>]) {
        if let [user @ .., password] = words {
            self.user = user.first().cloned();
            self.password = Some(password.clone());
        }
    }

    fn remember_hello(&mut self, args: &[Vec<u8>]) {
        self.protocol = if args[1] == b"3" { ProtocolChoice::Resp3 } else { ProtocolChoice::Resp2 };
        let auth = args.iter().position(|word| word.eq_ignore_ascii_case(b"AUTH"));
        if let Some(login) = auth.and_then(|at| args.get(at + 1..at + 3)) {
            self.remember_login(login);
        }
    }

    fn set_db(&mut self, db: i64) {
        self.db = db;
        self.wanted_db = db;
    }

    fn end_transaction(&mut self, undone: bool) {
        let before = self.db_before_multi.take();
        if let Some(db) = before.filter(|_| undone) {
            self.set_db(db);
        }
    }

    fn greet(&mut self) -> Greeted {
        if let Err(complaint) = self.authenticate()? {
            return Ok(Err(complaint));
        }
        if let Err(complaint) = self.select()? {
            return Ok(Err(complaint));
        }
        match self.protocol {
            ProtocolChoice::Resp3 => self.ask(&[b"HELLO".to_vec(), b"3".to_vec()], "HELLO 3"),
            ProtocolChoice::Resp2 | ProtocolChoice::Unsaid => Ok(Ok(())),
        }
    }

    fn authenticate(&mut self) -> Greeted {
        let Some(password) = self.password.clone() else {
            return Ok(Ok(()));
        };
        let words = [Some(b"AUTH".to_vec()), self.user.clone(), Some(password)];
        let request: Vec<Vec<u8>> = words.into_iter().flatten().collect();
        self.ask(&request, "AUTH")
    }

    fn select(&mut self) -> Greeted {
        let db = self.wanted_db;
        if db == self.db {
            return Ok(Ok(()));
        }
        let selected =
            self.ask(&[b"SELECT".to_vec(), db.to_string().into_bytes()], &format!("SELECT {db}"))?;
        if selected.is_ok() {
            self.db = db;
        }
        Ok(selected)
    }

    fn ask(&mut self, request: &[Vec<u8>], what: &str) -> Greeted {
        let link = self.link()?;
        link.send(request)?;
        Ok(match link.receive()? {
            Reply::Error(text) => Err([what.as_bytes(), b" failed: ", &text].concat()),
            _ => Ok(()),
        })
    }
}

/// The number SELECT was given, which the server has understood.
fn leading_number(text: &[u8]) -> i64 {
    std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
