//! `memora-server --check-rdb` and `--check-aof` as programs: what they say, how they end, what `--fix` changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;

use memora::persistence::aof::units::encode;
use memora::persistence::rdb::file::{WriteOptions, write};
use memora::store::{HashKey, Store};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a run ended: exit code, standard output, standard error.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(args: &[&str], path: &Path) -> Run {
    answer(args, path, "")
}

/// Runs the program with an answer on its standard input.
fn answer(args: &[&str], path: &Path, input: &str) -> Run {
    let mut process = Command::new(env!("CARGO_BIN_EXE_memora-server"))
        .args(args)
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without asking.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let output = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Run {
    #[track_caller]
    fn ends(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for text in said {
            assert!(self.out.contains(text), "{text:?} is missing in:\n{}", self.out);
        }
        assert!(!self.out.contains('\x1b'), "colours are for terminals");
    }
}

fn rdb() -> Vec<u8> {
    let mut store = Store::new(16, HashKey(1, 2));
    store.db(0).add_string(b"s", b"text".into(), Some(1));
    store.db(4).add_string(b"t", b"text".into(), None);
    let mut file = Vec::new();
    let options = WriteOptions { created_unix_s: 1_700_000_000, ..WriteOptions::default() };
    write(&mut file, &store.snapshot(), &options, |_, _| Ok(())).unwrap();
    file
}

fn commands(count: usize) -> Vec<u8> {
    let mut log = Vec::new();
    (0..count).for_each(|number| encode(&[b"SET", format!("key:{number}").as_bytes(), b"value"], &mut log));
    log
}

/// A log's folder with these increments.
fn log(increments: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("appendonlydir");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.1.base.rdb"), rdb()).unwrap();
    let mut manifest = "file a.1.base.rdb seq 1 type b\n".to_owned();
    for (number, increment) in (1..).zip(increments) {
        fs::write(folder.join(format!("a.{number}.incr.aof")), increment).unwrap();
        manifest += &format!("file a.{number}.incr.aof seq {number} type i\n");
    }
    fs::write(folder.join("a.manifest"), manifest).unwrap();
    (dir, folder)
}

#[test]
fn rdb_files_are_described() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dump.rdb");
    let file = rdb();
    fs::write(&path, &file).unwrap();
    run(&["--check-rdb"], &path).ends(
        0,
        &[
            "RDB version 10, of Redis 7.2.4, 2023-11-14T22:13:20Z",
            "database 0: 1 string; 1 with a deadline, 1 of them past it",
            "database 4: 1 string; 0 with a deadline",
            "ok: the checksum is right",
        ],
    );
    fs::write(&path, &file[..file.len() - 12]).unwrap();
    let at = file.len() - 13;
    run(&["--check-rdb"], &path)
        .ends(65, &["damaged: ", &format!("at byte {at}, key \"t\" of database 4: the data ends too early")]);
    fs::write(&path, b"REDIS0009\x0f\x01k\0\0\0\0\0\xff\0\0\0\0\0\0\0\0").unwrap();
    run(&["--check-rdb"], &path)
        .ends(65, &["not supported: ", "1 of stream, the first at byte 9, key \"k\" of database 0"]);
}

#[test]
fn whole_logs_are_described_however_they_are_named() {
    let (dir, folder) = log(&[&commands(1), &commands(30)]);
    // What a crash leaves of a manifest that was being written is no second log.
    fs::write(folder.join("temp-a.manifest"), "file a.1").unwrap();
    for path in [dir.path(), &folder, &folder.join("a.manifest")] {
        run(&["--check-aof"], path)
            .ends(0, &["3 files", "2 keys: ok", "1 command: ok", "30 commands: ok", "\nok\n"]);
    }
    run(&["--check-aof"], &folder.join("a.2.incr.aof")).ends(0, &["30 commands", "\nok\n"]);
    let single = dir.path().join("appendonly.aof");
    fs::write(&single, [rdb(), commands(3)].concat()).unwrap();
    run(&["--check-aof"], &single).ends(0, &["2 keys, 3 commands", "database 4: 1 string", "\nok\n"]);
}

#[test]
fn a_torn_end_is_cut_off_when_somebody_agrees() {
    let whole = commands(20);
    let torn = &whole[..whole.len() - 4];
    let kept = &whole[..commands(19).len()];
    let (dir, folder) = log(&[&commands(1), torn]);
    let file = folder.join("a.2.incr.aof");
    run(&["--check-aof"], dir.path())
        .ends(65, &["torn", &format!("{} bytes of it are whole", kept.len()), "--fix"]);
    let cut = format!("This cuts {} bytes off", torn.len() - kept.len());
    for no in ["", "\n", "n\n", "maybe\n"] {
        answer(&["--check-aof", "--fix"], dir.path(), no).ends(
            65,
            &[
                &cut,
                &format!("from byte {} to the end", kept.len()),
                "    SET\\r\\n",
                "    key:19\\r\\n",
                "Nothing was changed",
            ],
        );
        assert_eq!(fs::read(&file).unwrap(), torn);
    }
    answer(&["--check-aof", "--fix"], dir.path(), "y\n").ends(0, &[&cut]);
    assert_eq!(fs::read(&file).unwrap(), kept);
    run(&["--check-aof"], dir.path()).ends(0, &["19 commands: ok"]);

    fs::write(&file, torn).unwrap();
    run(&["--check-aof", "--fix", "--yes"], &file).ends(0, &[&cut]);
    assert_eq!(fs::read(&file).unwrap(), kept);
    assert_eq!(fs::read(folder.join("a.1.incr.aof")).unwrap(), commands(1));
    assert_eq!(fs::read(folder.join("a.1.base.rdb")).unwrap(), rdb());
}

#[test]
fn other_damage_is_shown_and_left_alone() {
    let whole = commands(20);
    let mut damaged = whole.clone();
    let at = commands(10).len();
    damaged[at] = b'?';
    let expected =
        format!("at byte {at}: expected '*', the beginning of a command; {at} bytes before are whole");
    let there = "there stands: ?3\\r\\n$3\\r\\nSET";
    let (dir, folder) = log(&[&whole, &damaged]);
    for args in [&["--check-aof"][..], &["--check-aof", "--fix", "--yes"]] {
        run(args, dir.path()).ends(65, &["damaged", &expected, there, "Nothing was changed"]);
    }
    assert_eq!(fs::read(folder.join("a.2.incr.aof")).unwrap(), damaged);

    // A torn file that others follow was not torn by a crash.
    let torn = &whole[..whole.len() - 1];
    let (dir, folder) = log(&[torn, &whole]);
    run(&["--check-aof", "--fix", "--yes"], dir.path()).ends(65, &["torn", "Nothing was changed"]);
    assert_eq!(fs::read(folder.join("a.1.incr.aof")).unwrap(), torn);

    fs::remove_file(folder.join("a.1.incr.aof")).unwrap();
    run(&["--check-aof"], dir.path()).ends(65, &["a.1.incr.aof  increment  missing", "cannot be opened"]);
}

#[test]
fn a_damaged_manifest_is_named_with_its_line() {
    let (dir, folder) = log(&[&commands(1)]);
    fs::write(folder.join("a.manifest"), "file a.1.base.rdb seq 1 type b\nfile ../b seq 1 type i\n").unwrap();
    let run = run(&["--check-aof"], dir.path());
    assert_eq!(run.code, Some(65));
    assert!(run.err.contains("a.manifest is damaged: line 2: a file name that is a path"), "{}", run.err);
}

#[test]
fn what_memora_does_not_have_is_named() {
    let mut increment = commands(1);
    encode(&[b"XADD", b"k", b"1-1", b"f", b"v"], &mut increment);
    let (dir, _) = log(&[&increment]);
    run(&["--check-aof"], dir.path())
        .ends(65, &["not supported: ", "commands xadd (1)", "Nothing is damaged"]);
}

#[test]
fn what_cannot_be_checked_is_a_mistake_of_the_caller() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    for args in [&["--check-rdb"][..], &["--check-aof"]] {
        let run = run(args, &missing);
        assert_eq!((run.code, run.out.as_str()), (Some(64), ""));
        assert!(run.err.contains("missing"), "{}", run.err);
    }
    let empty = run(&["--check-aof"], dir.path());
    assert_eq!(empty.code, Some(64));
    assert!(empty.err.contains("no append-only log here"), "{}", empty.err);
    assert_eq!(run(&["--check-rdb", "--fix"], &missing).code, Some(64));
}
