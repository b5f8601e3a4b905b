//! The kinds of option values: how each is read from words and written back.
//!
//! Reading accepts what Redis accepts, in all places alike (CONFIG SET, files, flags), and additionally
//! durations such as `10s`. Writing has two forms: CONFIG GET's, and the one a person would put into a
//! TOML file. A kind knows nothing of options, places or files. Sizes and durations stand in
//! [`super::quantities`], kinds of several words in [`super::compound`].

use super::error::Invalid;
use super::values::{Named, Secret};
use std::path::PathBuf;
use toml_edit::Value;

/// How values of type `T` are written as text.
pub(super) trait Kind<T> {
    /// Reads a value. `current` is the value so far, for kinds that change only a part of it.
    fn parse(&self, words: &[&str], current: &T) -> Result<T, Invalid>;
    /// Writes a value as CONFIG GET answers it.
    fn format(&self, value: &T) -> String;
    /// Tells values apart, also where CONFIG GET does not.
    fn in_full(&self, value: &T) -> String {
        self.format(value)
    }
    /// Writes a value as a person would in a TOML file.
    fn to_toml(&self, value: &T) -> Value {
        Value::from(self.format(value))
    }
    /// What may be written, for help and errors: it completes the sentence "expected …".
    fn allowed(&self) -> String;
    /// All values there are, where they are few words.
    fn choices(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// Whether a value may be several words.
    fn takes_many(&self) -> bool {
        false
    }
    /// Whether values must never be shown.
    fn is_sensitive(&self) -> bool {
        false
    }
}

/// The one word of a kind that takes one.
pub(super) fn single<'a>(words: &[&'a str]) -> Result<&'a str, Invalid> {
    match words {
        [word] => Ok(word),
        _ => Err(Invalid::WrongNumber),
    }
}

/// `yes` or `no`.
pub(super) struct YesNo;

impl Kind<bool> for YesNo {
    fn parse(&self, words: &[&str], _: &bool) -> Result<bool, Invalid> {
        match single(words)?.to_ascii_lowercase().as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(Invalid::NotYesNo),
        }
    }

    fn format(&self, value: &bool) -> String {
        if *value { "yes" } else { "no" }.to_owned()
    }

    fn to_toml(&self, value: &bool) -> Value {
        Value::from(*value)
    }

    fn allowed(&self) -> String {
        "yes or no".to_owned()
    }

    fn choices(&self) -> Vec<&'static str> {
        vec!["yes", "no"]
    }
}

/// An integer between two bounds.
pub(super) struct Integer(pub(super) i64, pub(super) i64);

impl<T: TryFrom<i64> + Copy> Kind<T> for Integer
where
    i64: TryFrom<T>,
{
    fn parse(&self, words: &[&str], _: &T) -> Result<T, Invalid> {
        let number = integer(single(words)?)?;
        bounded(number, self.0, self.1)?;
        T::try_from(number).map_err(|_| out_of_range(self.0, self.1))
    }

    fn format(&self, value: &T) -> String {
        widened(*value).to_string()
    }

    fn to_toml(&self, value: &T) -> Value {
        Value::from(widened(*value))
    }

    fn allowed(&self) -> String {
        match (self.0, self.1) {
            (min, max) if max < i64::from(i32::MAX) => format!("a number from {min} to {max}"),
            (min, _) if min >= 0 => format!("a number from {min} on"),
            _ => "a number".to_owned(),
        }
    }
}

/// An integer that is accepted between the first two bounds and then moved between the last two.
pub(super) struct Clamped(pub(super) i64, pub(super) i64, pub(super) i64, pub(super) i64);

impl Kind<u32> for Clamped {
    fn parse(&self, words: &[&str], current: &u32) -> Result<u32, Invalid> {
        let accepted: i64 = Integer(self.0, self.1).parse(words, &i64::from(*current))?;
        let kept = accepted.clamp(self.2, self.3);
        u32::try_from(kept).map_err(|_| out_of_range(self.0, self.1))
    }

    fn format(&self, value: &u32) -> String {
        value.to_string()
    }

    fn to_toml(&self, value: &u32) -> Value {
        Value::from(i64::from(*value))
    }

    fn allowed(&self) -> String {
        format!("a number from {} to {}", self.2, self.3)
    }
}

/// An octal number up to a bound.
pub(super) struct Octal(pub(super) u32);

impl Kind<u32> for Octal {
    fn parse(&self, words: &[&str], _: &u32) -> Result<u32, Invalid> {
        let number = u32::from_str_radix(single(words)?, 8).map_err(|_| Invalid::NotOctal)?;
        if number > self.0 {
            return Err(Invalid::OutOfRange { min: "0".to_owned(), max: format!("{:o}", self.0) });
        }
        Ok(number)
    }

    fn format(&self, value: &u32) -> String {
        format!("{value:o}")
    }

    fn allowed(&self) -> String {
        format!("an octal number from 0 to {:o}", self.0)
    }
}

/// One word out of the list of a [`Named`] type.
pub(super) struct Choice;

impl<T: Named> Kind<T> for Choice {
    fn parse(&self, words: &[&str], _: &T) -> Result<T, Invalid> {
        let names = || T::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        T::named(single(words)?).ok_or_else(|| Invalid::NotOneOf(names()))
    }

    fn format(&self, value: &T) -> String {
        value.name().to_owned()
    }

    fn allowed(&self) -> String {
        let names: Vec<_> = T::NAMES.iter().map(|(name, _)| *name).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }

    fn choices(&self) -> Vec<&'static str> {
        T::NAMES.iter().map(|(name, _)| *name).collect()
    }
}

/// A password.
pub(super) struct Password;

impl Kind<Secret> for Password {
    fn parse(&self, words: &[&str], _: &Secret) -> Result<Secret, Invalid> {
        single(words).map(Secret::new)
    }

    fn format(&self, value: &Secret) -> String {
        value.expose().to_owned()
    }

    fn allowed(&self) -> String {
        "a password".to_owned()
    }

    fn is_sensitive(&self) -> bool {
        true
    }
}

/// A path, or nothing when it is empty.
pub(super) struct PathOrNone;

impl Kind<Option<PathBuf>> for PathOrNone {
    fn parse(&self, words: &[&str], _: &Option<PathBuf>) -> Result<Option<PathBuf>, Invalid> {
        single(words).map(|word| (!word.is_empty()).then(|| PathBuf::from(word)))
    }

    fn format(&self, value: &Option<PathBuf>) -> String {
        value.as_deref().map_or_else(String::new, |path| path.display().to_string())
    }

    fn allowed(&self) -> String {
        "a path, or \"\" for none".to_owned()
    }
}

/// A directory. CONFIG GET answers it as an absolute path, as Redis does.
pub(super) struct Directory;

impl Kind<PathBuf> for Directory {
    fn parse(&self, words: &[&str], _: &PathBuf) -> Result<PathBuf, Invalid> {
        match single(words)? {
            "" => Err(Invalid::Other("argument must be a directory")),
            word => Ok(PathBuf::from(word)),
        }
    }

    fn format(&self, value: &PathBuf) -> String {
        let absolute = std::path::absolute(value).unwrap_or_else(|_| value.clone());
        // Going through the components drops a slash at the end, which Redis never answers.
        absolute.components().collect::<PathBuf>().display().to_string()
    }

    fn to_toml(&self, value: &PathBuf) -> Value {
        Value::from(value.display().to_string())
    }

    fn allowed(&self) -> String {
        "a directory".to_owned()
    }
}

/// The name of a file inside a directory that another option names, with Redis's texts against an empty name and
/// against a path.
pub(super) struct FileName(pub(super) &'static str, pub(super) &'static str);

impl Kind<String> for FileName {
    fn parse(&self, words: &[&str], _: &String) -> Result<String, Invalid> {
        let word = single(words)?;
        if word.is_empty() {
            return Err(Invalid::Other(self.0));
        }
        // Both separators on every system: the files move between them.
        let is_path = word.contains(['/', '\\']) || matches!(word, "." | "..");
        if is_path { Err(Invalid::Other(self.1)) } else { Ok(word.to_owned()) }
    }

    fn format(&self, value: &String) -> String {
        value.clone()
    }

    fn allowed(&self) -> String {
        "a name without a path".to_owned()
    }
}

/// A kind of which only one value is available, and the reason.
pub(super) struct Only<K, T>(pub(super) K, pub(super) T, pub(super) &'static str);

impl<T: PartialEq, K: Kind<T>> Kind<T> for Only<K, T> {
    fn parse(&self, words: &[&str], current: &T) -> Result<T, Invalid> {
        let value = self.0.parse(words, current)?;
        if value == self.1 { Ok(value) } else { Err(Invalid::NotAvailable(self.2)) }
    }

    fn format(&self, value: &T) -> String {
        self.0.format(value)
    }

    fn to_toml(&self, value: &T) -> Value {
        self.0.to_toml(value)
    }

    fn allowed(&self) -> String {
        match self.format(&self.1).as_str() {
            "" => "\"\" only".to_owned(),
            only => format!("{only} only"),
        }
    }

    fn takes_many(&self) -> bool {
        self.0.takes_many()
    }
}

/// A decimal integer exactly as Redis writes one: no plus, no leading zero, no spaces.
pub(super) fn integer(word: &str) -> Result<i64, Invalid> {
    let number: i64 = word.parse().map_err(|_| Invalid::NotInteger)?;
    if itoa::Buffer::new().format(number) == word { Ok(number) } else { Err(Invalid::NotInteger) }
}

/// Checks bounds, which are part of the range.
pub(super) fn bounded(number: i64, min: i64, max: i64) -> Result<(), Invalid> {
    if (min..=max).contains(&number) { Ok(()) } else { Err(out_of_range(min, max)) }
}

fn out_of_range(min: i64, max: i64) -> Invalid {
    Invalid::OutOfRange { min: min.to_string(), max: max.to_string() }
}

fn widened<T>(value: T) -> i64
where
    i64: TryFrom<T>,
{
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
