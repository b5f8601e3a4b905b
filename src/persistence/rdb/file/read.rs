//! Reads a file record by record.

use super::source::{Rest, Source};
use super::{CHECKSUM_SINCE_VERSION, FileError, MAGIC, opcodes, skip};
use crate::persistence::rdb::{Decoder, NEWEST_VERSION, RdbError, read_value, types};
use crate::store::{Builder, Database, Kind, NewString, Use, Value};
use bytes::Bytes;
use std::io::Read;

/// Redis's number for no deadline.
const NO_DEADLINE: i64 = -1;

const TWICE: RdbError = RdbError::Corrupt("the key is there twice");
const BAD_VERSION: RdbError = RdbError::Corrupt("the version is none");

/// What a reader shall accept.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// `rdbchecksum`: whether the checksum is compared. A file written without one is fine either way.
    pub checksum: bool,
    /// How many databases there are; a number beyond is refused.
    pub databases: usize,
    /// Whether to pass over what Memora does not have instead of refusing it: only to look into a file.
    pub skip_foreign: bool,
}

/// Redis's defaults.
impl Default for ReadOptions {
    fn default() -> Self {
        Self { checksum: true, databases: 16, skip_foreign: false }
    }
}

/// One thing that stands in a file.
#[derive(Debug)]
pub enum Record<'a> {
    /// A fact about the file, such as `redis-ver`.
    Fact {
        /// Its name.
        name: &'a [u8],
        /// Its value.
        value: &'a [u8],
    },
    /// How many keys will follow for a database: worth nothing more than a progress bar.
    Expect {
        /// The database's number.
        database: usize,
        /// Keys.
        keys: u64,
        /// Keys with a deadline among them.
        volatile: u64,
    },
    /// A key.
    Key(KeyRecord<'a>),
    /// Something Memora does not have, passed over as [`ReadOptions::skip_foreign`] asks for.
    Foreign {
        /// A type as `TYPE` names it, or another word.
        what: &'static str,
        /// Its key and the number of the database, if it has one.
        key: Option<(usize, &'a [u8])>,
        /// Where it begins in the file.
        at: u64,
        /// Its deadline as Unix time in milliseconds.
        deadline_ms: Option<u64>,
    },
}

/// A key with its value.
#[derive(Debug)]
pub struct KeyRecord<'a> {
    /// The number of the database it belongs to.
    pub database: usize,
    /// The key.
    pub key: &'a [u8],
    /// Its value.
    pub value: Loaded<'a>,
    /// Its deadline as Unix time in milliseconds.
    pub deadline_ms: Option<u64>,
    /// How it was used, if the file says so.
    pub used: Option<Use>,
}

/// A value on its way in.
#[derive(Debug)]
pub enum Loaded<'a> {
    /// A string; a short one lies in the reader's buffer, so that it is copied once only.
    String(NewString<'a>),
    /// A collection.
    Collection(Value),
}

impl KeyRecord<'_> {
    /// Puts the key into its database. Answers false, and changes nothing, if it is there already.
    #[must_use]
    pub fn insert(self, database: &mut Database) -> bool {
        let is_new = match self.value {
            Loaded::String(string) => database.add_string(self.key, string, self.deadline_ms),
            Loaded::Collection(value) => database.add_value(self.key, value, self.deadline_ms),
        };
        if let (Some(used), true) = (self.used, is_new) {
            // At the beginning of time no key is past its deadline.
            database.set_use(self.key, used, 0);
        }
        is_new
    }
}

impl Loaded<'_> {
    /// The type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::String(_) => Kind::String,
            Self::Collection(value) => value.as_ref().kind(),
        }
    }

    /// The value for its own.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::String(string) => string.into(),
            Self::Collection(value) => value,
        }
    }
}

/// Longer strings are handed out in a buffer of their own, which the store can keep.
const BORROWED_MAX_BYTES: usize = 1024;

/// Reads a file.
pub struct FileReader<R> {
    input: Decoder<Source<R>>,
    builder: Builder,
    options: ReadOptions,
    version: u16,
    database: usize,
    /// The key of the present record, or the name of the fact.
    key: Vec<u8>,
    key_read: bool,
    used: Option<Use>,
    text: Vec<u8>,
    has_checksum: bool,
    ended: bool,
}

impl<R: Read> FileReader<R> {
    /// Reads magic and version; `builder` is that of the databases the values are for.
    ///
    /// # Errors
    /// When this is no RDB file or one of a newer Redis.
    pub fn new(source: R, options: ReadOptions, builder: Builder) -> Result<Self, FileError> {
        let mut reader = Self {
            input: Decoder::new(Source::new(source, options.checksum)),
            builder,
            options,
            version: 0,
            database: 0,
            key: Vec::new(),
            key_read: false,
            used: None,
            text: Vec::new(),
            has_checksum: false,
            ended: false,
        };
        match reader.read_version() {
            Ok(version) => Ok(Self { version, ..reader }),
            Err(problem) => Err(reader.error(problem)),
        }
    }

    /// The version of the format.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.version
    }

    /// How much has been read, in bytes.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// Whether there is a checksum; known at the end.
    #[must_use]
    pub fn has_checksum(&self) -> bool {
        self.has_checksum
    }

    /// What follows the file in the same source, and where that begins in bytes.
    pub fn into_rest(self) -> (Rest<R>, u64) {
        let offset = self.offset();
        (self.input.into_inner().into_rest(), offset)
    }

    /// The next record; none at the end of the file, after its checksum has been found right.
    ///
    /// # Errors
    /// Whatever can be wrong with bytes from outside. There is no going on after an error.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, FileError> {
        if self.ended {
            return Ok(None);
        }
        self.key_read = false;
        match self.read_record() {
            Ok(found) => Ok(self.record(found)),
            Err((problem, at)) => Err(FileError { at, ..self.error(problem) }),
        }
    }

    /// The error for a key that was there already.
    pub fn twice(&self) -> FileError {
        self.error(TWICE)
    }

    fn error(&self, problem: RdbError) -> FileError {
        let key = self.key_read.then(|| (self.database, self.key.clone()));
        FileError { at: self.offset(), key, problem }
    }

    fn read_version(&mut self) -> Result<u16, RdbError> {
        if self.input.array()? != *MAGIC {
            return Err(RdbError::NoFile);
        }
        let digits: [u8; 4] = self.input.array()?;
        let text = std::str::from_utf8(&digits).map_err(|_| BAD_VERSION)?;
        match text.parse().map_err(|_| BAD_VERSION)? {
            0 => Err(BAD_VERSION),
            version if version > NEWEST_VERSION => Err(RdbError::Version(version)),
            version => Ok(version),
        }
    }
}

/// What [`FileReader::read_record`] found; keys and texts lie in the reader.
enum Found {
    Fact,
    Expect { keys: u64, volatile: u64 },
    Key { value: Option<Value>, deadline_ms: Option<u64> },
    Foreign { what: &'static str, at: u64, deadline_ms: Option<u64> },
    End,
}

/// A problem, and where it is.
type Misfit = (RdbError, u64);

impl<R: Read> FileReader<R> {
    fn record(&mut self, found: Found) -> Option<Record<'_>> {
        let database = self.database;
        Some(match found {
            Found::Fact => Record::Fact { name: &self.key, value: &self.text },
            Found::Expect { keys, volatile } => Record::Expect { database, keys, volatile },
            Found::Key { value, deadline_ms } => {
                let value = match value {
                    Some(value) => Loaded::Collection(value),
                    None if self.text.len() <= BORROWED_MAX_BYTES => {
                        Loaded::String(NewString::Copy(&self.text))
                    }
                    None => Loaded::String(self.take_text().into()),
                };
                Record::Key(KeyRecord { database, key: &self.key, value, deadline_ms, used: self.used })
            }
            Found::Foreign { what, at, deadline_ms } => {
                let key = self.key_read.then_some((database, self.key.as_slice()));
                Record::Foreign { what, key, at, deadline_ms }
            }
            Found::End => return None,
        })
    }

    /// The text, without room that would be kept as long as it is.
    fn take_text(&mut self) -> Bytes {
        let mut text = std::mem::take(&mut self.text);
        text.shrink_to_fit();
        text.into()
    }

    fn read_record(&mut self) -> Result<Found, Misfit> {
        let mut deadline_ms = None;
        self.used = None;
        loop {
            let at = self.offset();
            let found = self.read_item(at, &mut deadline_ms);
            match found {
                Ok(None) => {}
                Ok(Some(found)) => return Ok(found),
                // The type is what is wrong, not what comes after it.
                Err(error @ (RdbError::Unsupported(_) | RdbError::Foreign(_))) => return Err((error, at)),
                Err(error) => return Err((error, self.offset())),
            }
        }
    }

    /// Reads what begins with one opcode or type. Answers nothing where it only prepares for what follows.
    fn read_item(&mut self, at: u64, deadline_ms: &mut Option<u64>) -> Result<Option<Found>, RdbError> {
        match self.input.byte()? {
            opcodes::SELECT => self.database = self.select()?,
            opcodes::RESIZE => {
                let (keys, volatile) = (self.input.length()?, self.input.length()?);
                return Ok(Some(Found::Expect { keys, volatile }));
            }
            opcodes::DEADLINE_MS => *deadline_ms = deadline(i64::from_le_bytes(self.input.array()?)),
            opcodes::DEADLINE_S => {
                let seconds = i32::from_le_bytes(self.input.array()?);
                *deadline_ms = deadline(i64::from(seconds) * 1000);
            }
            opcodes::FREQ => self.used = Some(Use::Frequency(self.input.byte()?)),
            opcodes::IDLE => self.used = Some(Use::IdleMs(self.input.length()?.saturating_mul(1000))),
            opcodes::AUX => {
                self.input.string_into(&mut self.key)?;
                self.input.string_into(&mut self.text)?;
                return Ok(Some(Found::Fact));
            }
            opcodes::END => {
                self.end()?;
                return Ok(Some(Found::End));
            }
            code @ (opcodes::FUNCTION | opcodes::FUNCTION_PRE_GA | opcodes::MODULE_AUX) => {
                let what = if code == opcodes::MODULE_AUX { "module data" } else { "functions" };
                if !self.options.skip_foreign {
                    return Err(RdbError::Foreign(what));
                }
                skip::opcode(&mut self.input, code)?;
                return Ok(Some(Found::Foreign { what, at, deadline_ms: None }));
            }
            code => return self.read_key(code, at, *deadline_ms).map(Some),
        }
        Ok(None)
    }

    fn select(&mut self) -> Result<usize, RdbError> {
        let number = self.input.length()?;
        let known = usize::try_from(number).ok().filter(|number| *number < self.options.databases);
        known.ok_or(RdbError::Databases { number, limit: self.options.databases })
    }

    fn read_key(&mut self, code: u8, at: u64, deadline_ms: Option<u64>) -> Result<Found, RdbError> {
        if !types::is_known(code) {
            return Err(RdbError::Corrupt(
                "neither a type nor anything else stands where a key should begin",
            ));
        }
        self.input.string_into(&mut self.key)?;
        self.key_read = true;
        let value = match (code, types::foreign(code)) {
            (types::STRING, _) => {
                self.input.string_into(&mut self.text)?;
                None
            }
            (code, Some(what)) if self.options.skip_foreign => {
                skip::value(&mut self.input, code)?;
                return Ok(Found::Foreign { what, at, deadline_ms });
            }
            (code, _) => Some(read_value(&mut self.input, code, &self.builder)?),
        };
        Ok(Found::Key { value, deadline_ms })
    }

    fn end(&mut self) -> Result<(), RdbError> {
        self.ended = true;
        if self.version < CHECKSUM_SINCE_VERSION {
            return Ok(());
        }
        let computed = self.input.get_mut().checksum();
        let written = u64::from_le_bytes(self.input.array()?);
        self.has_checksum = written != 0;
        match computed {
            Some(computed) if self.has_checksum && written != computed => Err(RdbError::Checksum),
            _ => Ok(()),
        }
    }
}

/// Deadlines before 1970 have passed like any other.
fn deadline(time_ms: i64) -> Option<u64> {
    (time_ms != NO_DEADLINE).then(|| u64::try_from(time_ms).unwrap_or(0))
}
