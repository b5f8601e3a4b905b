//! The server program as a process of its own.

use super::{Client, eventually};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const SERVER: &str = env!("CARGO_BIN_EXE_memora-server");

/// A running server program in a directory of its own; killed when dropped.
pub(crate) struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
    /// The line that says it is ready.
    pub(crate) ready: String,
    pub(crate) dir: tempfile::TempDir,
}

impl Program {
    /// Starts it with a free port and these arguments, and waits until it says that it is ready.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), args)
    }

    /// The same in a directory that has been prepared.
    pub(crate) fn start_in(dir: tempfile::TempDir, args: &[&str]) -> Self {
        Self::spawn(dir, args, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(tempfile::tempdir().unwrap(), args, environment)
    }

    /// The same with a configuration file.
    pub(crate) fn start_file(dir: tempfile::TempDir, file: &str) -> Self {
        Self::spawn_with(dir, &[file], &[], &[])
    }

    fn spawn(dir: tempfile::TempDir, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn_with(dir, &[], args, environment)
    }

    fn spawn_with(
        dir: tempfile::TempDir,
        file: &[&str],
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut process = command()
            .envs(environment.iter().copied())
            .args(file)
            .args(["--port", "0", "--bind", "127.0.0.1", "--logfile", "log", "--dir"])
            .arg(dir.path())
            .args(args)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut ready = String::new();
        stdout.read_line(&mut ready).unwrap();
        Self { process, stdout, ready, dir }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let words = self.ready.split_whitespace();
        let port = words.filter_map(|word| word.strip_prefix("port=")).next().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(status.success(), "kill -s {name}");
    }

    /// Waits for the process to end and tells its exit code; it must have said nothing more on standard output.
    pub(crate) fn exit_code(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        assert_eq!(said, "", "unexpected output");
        let code = self.process.wait().unwrap().code();
        (code, std::fs::read_to_string(self.dir.path().join("log")).unwrap())
    }

    /// The same, and its directory, which outlives it.
    pub(crate) fn ended(mut self) -> (Option<i32>, String, tempfile::TempDir) {
        let code = self.process.wait().unwrap().code();
        let log = self.log();
        (code, log, std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap()))
    }

    /// What has been logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// Waits until the log says this.
    pub(crate) fn wait_for_log(&self, text: &str) {
        eventually(text, || self.log().contains(text));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the program to its end: for starts that fail.
pub(crate) fn run(args: &[&str]) -> Output {
    command().args(args).stdin(Stdio::null()).output().unwrap()
}

fn command() -> Command {
    let mut command = Command::new(SERVER);
    // What the environment of the test says must not configure the server.
    command.env_remove("NO_COLOR");
    command
}
