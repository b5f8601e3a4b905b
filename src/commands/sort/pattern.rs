//! BY and GET patterns: where the value that belongs to an element is found.

use crate::commands::context::Context;
use crate::commands::doubles::c_string;
use crate::store::{IntText, StringRef, ValueRef};

/// A pattern taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// `before*after` or `before*after->field`: the element takes the place of the first star.
    Key {
        before: &'a [u8],
        after: &'a [u8],
        /// The field of a hash; none for the string at the key.
        field: Option<&'a [u8]>,
    },
    /// Anything without a star, for which there is nothing to be found.
    Constant,
}

impl<'a> Pattern<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Self {
        let visible = c_string(text);
        if visible == b"#" {
            return Self::Element;
        }
        let Some(star) = memchr::memchr(b'*', visible) else { return Self::Constant };
        let (before, after) = (&text[..star], &text[star + 1..]);
        let arrow = memchr::memmem::find(c_string(after), b"->");
        match arrow {
            Some(arrow) if after.get(arrow + 2).is_some_and(|byte| *byte != 0) => {
                Self::Key { before, after: &after[..arrow], field: Some(&after[arrow + 2..]) }
            }
            _ => Self::Key { before, after, field: None },
        }
    }

    /// Shows the value that belongs to `element`, if there is one. Keys looked up count as hits and misses.
    pub(super) fn look_up<T>(
        &self,
        context: &mut Context<'_>,
        element: StringRef<'_>,
        show: impl FnOnce(StringRef<'_>) -> T,
    ) -> Option<T> {
        let Self::Key { before, after, field } = self else {
            return (*self == Self::Element).then(|| show(element));
        };
        let key = [before, element.text(&mut IntText::default()), after].concat();
        match (context.read_key(&key)?, field) {
            (ValueRef::String(string), None) => Some(show(string)),
            (ValueRef::Hash(hash), Some(field)) => hash.get(field).map(show),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart_as_in_redis() {
        let key = |before, after, field| Pattern::Key { before, after, field };
        let cases: &[(&[u8], Pattern<'_>)] = &[
            (b"#", Pattern::Element),
            (b"#x", Pattern::Constant),
            (b"", Pattern::Constant),
            (b"w_*", key(b"w_", b"", None)),
            (b"*_*", key(b"", b"_*", None)),
            (b"h_*->f", key(b"h_", b"", Some(b"f"))),
            (b"h_*x->f->g", key(b"h_", b"x", Some(b"f->g"))),
            // An arrow without a field, and one before the star, are parts of the key.
            (b"h_*->", key(b"h_", b"->", None)),
            (b"h->*", key(b"h->", b"", None)),
            // A zero byte ends the search for a star.
            (b"a\0*", Pattern::Constant),
        ];
        for (text, expected) in cases {
            assert_eq!(Pattern::parse(text), *expected, "{}", text.escape_ascii());
        }
    }
}
