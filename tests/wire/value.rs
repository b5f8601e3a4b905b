//! Replies as values that keep every byte.

/// A reply. What stands in one line is kept as text, so that nothing is lost by reading a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// `+`, `-`, `:`, `,`, `#`, `(`: the mark and the text behind it.
    Line(u8, Vec<u8>),
    /// `$`, `!`, `=`: the mark and the payload.
    Bulk(u8, Vec<u8>),
    /// `$-1`, `*-1` or `_`: the bytes without the line end.
    Null(&'static str),
    /// `*`, `~`, `>`: the mark and the elements.
    List(u8, Vec<Value>),
    /// `%`: the pairs.
    Map(Vec<(Value, Value)>),
    /// The connection was closed.
    Closed,
}

/// What stands at the front of what was received.
pub(crate) enum Parsed {
    /// A value, and its length in bytes.
    Whole(Value, usize),
    /// The beginning of one; before so many bytes are there, it is not worth looking again.
    Part { needed_bytes: usize },
}

impl Value {
    /// Reads the value at the front of `input`.
    ///
    /// # Errors
    /// The place where `input` stops being RESP.
    pub(crate) fn parse(input: &[u8]) -> Result<Parsed, usize> {
        let mut at = 0;
        let parsed = Parser { input, at: &mut at }.value();
        match parsed {
            Ok(value) => Ok(Parsed::Whole(value, at)),
            Err(Stop::Incomplete { needed_bytes }) => Ok(Parsed::Part { needed_bytes }),
            Err(Stop::Invalid) => Err(at),
        }
    }

    /// The bytes of the value.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(mark, text) => line(out, *mark, text),
            Self::Bulk(mark, payload) => {
                line(out, *mark, payload.len().to_string().as_bytes());
                out.extend_from_slice(payload);
                out.extend_from_slice(b"\r\n");
            }
            Self::Null(text) => line(out, text.as_bytes()[0], &text.as_bytes()[1..]),
            Self::List(mark, items) => {
                line(out, *mark, items.len().to_string().as_bytes());
                items.iter().for_each(|item| item.encode(out));
            }
            Self::Map(pairs) => {
                line(out, b'%', pairs.len().to_string().as_bytes());
                for (key, value) in pairs {
                    key.encode(out);
                    value.encode(out);
                }
            }
            Self::Closed => {}
        }
    }

    /// Whether it is an error.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Line(b'-', _) | Self::Bulk(b'!', _))
    }

    /// The number, if it is one.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Line(b':', text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// The bytes of a string or a line.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Line(_, text) | Self::Bulk(_, text) => text,
            _ => &[],
        }
    }

    /// The elements of a list; of a map its keys and values in turn.
    pub(crate) fn items(&self) -> Vec<&Self> {
        match self {
            Self::List(_, items) => items.iter().collect(),
            Self::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
            _ => Vec::new(),
        }
    }

    /// The same with the elements of every list and map in sorted order.
    pub(crate) fn sorted(self) -> Self {
        match self {
            Self::List(mark, items) => {
                let mut items: Vec<_> = items.into_iter().map(Self::sorted).collect();
                items.sort();
                Self::List(mark, items)
            }
            Self::Map(mut pairs) => {
                pairs.sort();
                Self::Map(pairs)
            }
            other => other,
        }
    }

    /// The same with the pairs of a flat list, as maps are in RESP2, in sorted order.
    pub(crate) fn sorted_pairs(self) -> Self {
        match self {
            Self::List(mark, items) if items.len() % 2 == 0 => {
                let mut pairs: Vec<_> = items.chunks_exact(2).map(<[Self]>::to_vec).collect();
                pairs.sort();
                Self::List(mark, pairs.concat())
            }
            other => other.sorted(),
        }
    }
}

fn line(out: &mut Vec<u8>, mark: u8, text: &[u8]) {
    out.push(mark);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

enum Stop {
    Incomplete { needed_bytes: usize },
    Invalid,
}

struct Parser<'a> {
    input: &'a [u8],
    at: &'a mut usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Value, Stop> {
        let text = self.line()?;
        let (&mark, text) = text.split_first().ok_or(Stop::Invalid)?;
        match (mark, text) {
            (b'+' | b'-' | b':' | b',' | b'#' | b'(', _) => Ok(Value::Line(mark, text.to_vec())),
            (b'$', b"-1") => Ok(Value::Null("$-1")),
            (b'*', b"-1") => Ok(Value::Null("*-1")),
            (b'_', b"") => Ok(Value::Null("_")),
            (b'$' | b'!' | b'=', _) => self.payload(text).map(|payload| Value::Bulk(mark, payload)),
            (b'*' | b'~' | b'>', _) => {
                let items = (0..count(text)?).map(|_| self.value()).collect::<Result<_, _>>()?;
                Ok(Value::List(mark, items))
            }
            (b'%', _) => {
                let pairs = (0..count(text)?).map(|_| Ok((self.value()?, self.value()?)));
                pairs.collect::<Result<_, _>>().map(Value::Map)
            }
            _ => Err(Stop::Invalid),
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let rest = &self.input[*self.at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        let end = end.ok_or(Stop::Incomplete { needed_bytes: self.input.len() + 1 })?;
        *self.at += end + 2;
        Ok(rest[..end].to_vec())
    }

    fn payload(&mut self, len: &[u8]) -> Result<Vec<u8>, Stop> {
        let len = count(len)?;
        let rest = &self.input[*self.at..];
        let incomplete = Stop::Incomplete { needed_bytes: *self.at + len + 2 };
        let end = rest.get(len..len + 2).ok_or(incomplete)?;
        let payload = rest[..len].to_vec();
        match end {
            b"\r\n" => {
                *self.at += len + 2;
                Ok(payload)
            }
            _ => Err(Stop::Invalid),
        }
    }
}

fn count(text: &[u8]) -> Result<usize, Stop> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Stop::Invalid)
}
