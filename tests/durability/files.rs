//! Data directories as bytes: logs written by hand, what has changed, what the tools say.

use crate::node::Kind;
use memora::persistence::aof::Manifest;
use memora::persistence::aof::units::encode;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of the log without the part that numbers its files.
pub(crate) const NAME: &str = "appendonly.aof";

/// The options of a server with a log, and none of its own that matter.
pub(crate) const WITH_LOG: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// Requests, written as one line each, as they stand in a log.
pub(crate) fn log_of(requests: &[&str]) -> Vec<u8> {
    let mut log = Vec::new();
    requests
        .iter()
        .for_each(|request| encode(&request.split(' ').map(str::as_bytes).collect::<Vec<_>>(), &mut log));
    log
}

/// The folder of the log in a data directory.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("appendonlydir")
}

/// An increment of a log written by [`write_log`].
pub(crate) fn increment(dir: &Path, number: usize) -> PathBuf {
    folder(dir).join(format!("{NAME}.{number}.incr.aof"))
}

/// Writes a log of increments alone, as Redis leaves it where `appendonly` was on from the beginning, but for the base.
pub(crate) fn write_log(dir: &Path, increments: &[&[u8]]) {
    fs::create_dir_all(folder(dir)).unwrap();
    let mut manifest = String::new();
    for (number, content) in (1..).zip(increments) {
        fs::write(increment(dir, number), content).unwrap();
        manifest += &format!("file {NAME}.{number}.incr.aof seq {number} type i\n");
    }
    fs::write(folder(dir).join(format!("{NAME}.manifest")), manifest).unwrap();
}

/// The manifest of a directory.
pub(crate) fn manifest(dir: &Path) -> Manifest {
    Manifest::parse(&fs::read(folder(dir).join(format!("{NAME}.manifest"))).unwrap()).unwrap()
}

/// The file that is written to.
pub(crate) fn last_increment(dir: &Path) -> PathBuf {
    folder(dir).join(&manifest(dir).increments.last().unwrap().name)
}

/// The names of the files in the log's folder: those that the manifest names and itself, and others.
pub(crate) fn appendonly_files(dir: &Path) -> (Vec<String>, Vec<String>) {
    let manifest = manifest(dir);
    let mut named: Vec<_> =
        manifest.base.iter().chain(&manifest.increments).map(|file| file.name.clone()).collect();
    named.push(format!("{NAME}.manifest"));
    let entries =
        fs::read_dir(folder(dir)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.partition(|name| named.contains(name))
}

/// Every file below a directory with its content. What says who holds the directory is no data.
pub(crate) fn bytes_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut rooms = vec![dir.to_owned()];
    while let Some(room) = rooms.pop() {
        for entry in fs::read_dir(room).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rooms.push(path);
            } else if !path.file_name().unwrap().to_string_lossy().starts_with("memora.lock") {
                let content = fs::read(&path).unwrap();
                files.insert(path, content);
            }
        }
    }
    files
}

/// Has a tool look at a file or directory, and expects that it finds nothing wrong: Memora's own, or Redis's.
#[track_caller]
pub(crate) fn assert_checked(kind: Kind, option: &str, path: &Path) {
    let mut command = match kind {
        Kind::Memora => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_memora-server"));
            command.arg(option);
            command
        }
        Kind::Redis => Command::new(option.replacen("--check", "redis-check", 1)),
    };
    let output = command.arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{option}: {said}{}", String::from_utf8_lossy(&output.stderr));
}
