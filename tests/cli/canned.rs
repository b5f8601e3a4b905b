//! A server that answers from a script, and the running of a client against it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// One request: its arguments.
pub(crate) type Request = Vec<Vec<u8>>;

/// What the server does about a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(&'static [u8]),
    /// Closes the connection.
    Close,
}

/// A server that does the steps of its script one after another, the last one for ever.
///
/// HELLO and the COMMAND DOCS that redis-cli begins with take no step.
pub(crate) struct Canned {
    /// Where it listens, on the loopback interface.
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Canned {
    pub(crate) fn start(script: &[Step]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self::serve(script, port, move || {
            let (stream, _) = listener.accept().unwrap();
            (stream.try_clone().unwrap(), stream)
        })
    }

    #[cfg(unix)]
    pub(crate) fn start_unix(path: &std::path::Path, script: &[Step]) -> Self {
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        Self::serve(script, 0, move || {
            let (stream, _) = listener.accept().unwrap();
            (stream.try_clone().unwrap(), stream)
        })
    }

    fn serve<S: Read + Write>(
        script: &[Step],
        port: u16,
        accept: impl Fn() -> (S, S) + std::marker::Send + 'static,
    ) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut script = script.to_vec();
        // One connection after another: no client here opens two. The thread ends with the test program.
        thread::spawn(move || {
            loop {
                let (input, out) = accept();
                converse(BufReader::new(input), out, &mut script, &seen);
            }
        });
        Self { port, requests }
    }

    /// The requests so far, without those of redis-cli's own.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn converse(
    mut input: impl BufRead,
    mut out: impl Write,
    script: &mut Vec<Step>,
    seen: &Mutex<Vec<Request>>,
) {
    while let Some(request) = read_request(&mut input) {
        if request[0].eq_ignore_ascii_case(b"COMMAND") {
            out.write_all(b"*0\r\n").unwrap();
            continue;
        }
        let is_hello = request[0].eq_ignore_ascii_case(b"HELLO");
        seen.lock().unwrap().push(request);
        let step = match script.len() {
            _ if is_hello => Step::Send(b"%0\r\n"),
            1 => script[0],
            _ => script.remove(0),
        };
        match step {
            Step::Send(bytes) => out.write_all(bytes).unwrap(),
            Step::Close => return,
        }
    }
}

fn read_request(input: &mut impl BufRead) -> Option<Request> {
    let count = read_count(input)?;
    (0..count).map(|_| read_argument(input)).collect()
}

fn read_argument(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut bytes = vec![0; read_count(input)? + 2];
    input.read_exact(&mut bytes).ok()?;
    bytes.truncate(bytes.len() - 2);
    Some(bytes)
}

/// The number of a header line, whatever its type byte.
fn read_count(input: &mut impl BufRead) -> Option<usize> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    line.get(1..)?.trim().parse().ok()
}

/// Waits until the server has been sent a request with this name.
pub(crate) fn wait_for_request(server: &Canned, name: &[u8]) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !server.requests().iter().any(|request| request[0] == name) {
        assert!(Instant::now() < deadline, "no such request came");
        thread::yield_now();
    }
}

/// What came of running a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `program` against the server at `port`, with `stdin` to read. Bytes above ASCII are shown escaped.
pub(crate) fn run(program: &str, port: u16, args: &[&str], stdin: &[u8]) -> Outcome {
    let port = port.to_string();
    run_anywhere(program, &[&["-p", &port], args].concat(), stdin)
}

/// The same without saying where the server is.
pub(crate) fn run_anywhere(program: &str, args: &[&str], stdin: &[u8]) -> Outcome {
    let mut child = Command::new(program)
        .args(args)
        .env_remove("REDISCLI_AUTH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A client that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: output.stdout.escape_ascii().to_string(),
        stderr: output.stderr.escape_ascii().to_string(),
    }
}

/// A port nobody listens on: one that was free a moment ago.
pub(crate) fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
