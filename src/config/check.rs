//! `memora-server --check-aof PATH [--fix [--yes]]` and `--check-rdb FILE`: looking into data files.
//!
//! They stand first on the command line, and nothing of the configuration has a meaning beside them.

use super::error::Problem;
use super::flags::problem;
use std::ffi::OsString;
use std::path::PathBuf;

/// What kind of files shall be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// An append-only log: a folder, a manifest or a single file.
    Aof,
    /// An RDB file.
    Rdb,
}

/// What shall be done about a torn end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nothing.
    No,
    /// Cut it off if somebody agrees.
    Ask,
    /// Cut it off.
    Yes,
}

/// What to look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The kind of files.
    pub format: DataFormat,
    /// Where they are.
    pub path: PathBuf,
    /// What to do about a torn end.
    pub repair: Repair,
}

/// Reads the arguments, if they ask for this.
pub(super) fn parse(args: &[OsString]) -> Option<Result<Check, Problem>> {
    let (first, rest) = args.split_first()?;
    let format = match first.to_str()? {
        "--check-aof" => DataFormat::Aof,
        "--check-rdb" => DataFormat::Rdb,
        _ => return None,
    };
    Some(parse_rest(format, rest).map_err(|text| problem(format!("{}: {text}", first.to_string_lossy()))))
}

fn parse_rest(format: DataFormat, rest: &[OsString]) -> Result<Check, String> {
    let (mut path, mut fix, mut yes) = (None, false, false);
    for arg in rest {
        match arg.to_str() {
            Some("--fix") => fix = true,
            Some("--yes") => yes = true,
            Some(flag) if flag.starts_with("--") => return Err(format!("unexpected `{flag}`")),
            _ if path.is_some() => return Err(format!("one path only, not `{}`", arg.to_string_lossy())),
            _ => path = Some(PathBuf::from(arg)),
        }
    }
    let repair = match (format, fix, yes) {
        (_, false, false) => Repair::No,
        (_, false, true) => return Err("--yes answers what --fix asks".to_owned()),
        (DataFormat::Rdb, ..) => return Err("an RDB file that is damaged cannot be repaired".to_owned()),
        (_, true, false) => Repair::Ask,
        (_, true, true) => Repair::Yes,
    };
    match path {
        Some(path) => Ok(Check { format, path, repair }),
        None => Err("expected a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Result<Check, String>> {
        let args: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        parse(&args).map(|result| result.map_err(|problem| problem.text))
    }

    #[test]
    fn flags_stand_before_or_behind_the_path() {
        let check = |format, repair| Some(Ok(Check { format, path: "p".into(), repair }));
        assert_eq!(parsed("--check-rdb p"), check(DataFormat::Rdb, Repair::No));
        assert_eq!(parsed("--check-aof p"), check(DataFormat::Aof, Repair::No));
        assert_eq!(parsed("--check-aof --fix p"), check(DataFormat::Aof, Repair::Ask));
        assert_eq!(parsed("--check-aof p --fix --yes"), check(DataFormat::Aof, Repair::Yes));
        assert_eq!(parsed("--port 1 --check-aof p"), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, text) in [
            ("--check-aof", "--check-aof: expected a path"),
            ("--check-aof a b", "--check-aof: one path only, not `b`"),
            ("--check-aof p --yes", "--check-aof: --yes answers what --fix asks"),
            ("--check-aof p --port", "--check-aof: unexpected `--port`"),
            ("--check-rdb p --fix", "--check-rdb: an RDB file that is damaged cannot be repaired"),
        ] {
            assert_eq!(parsed(line), Some(Err(text.to_owned())));
        }
    }
}
