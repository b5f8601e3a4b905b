//! `--pipe`: requests from standard input, as they are, to the server, and its replies counted.
//!
//! One thread sends while another receives, so that neither side ever waits for the other's buffers. A last
//! request of our own with an answer nobody else gets tells when all replies are there.

use std::io::{self, IsTerminal, Read};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memora::resp::{Reply, encode_request};

use super::{Bench, progress};
use crate::link::{LinkError, Sender};
use crate::runner::{Trouble, complain};

/// How much is read from standard input at once (256 KiB).
const CHUNK_BYTES: usize = 256 * 1024;

/// How often the bar moves, in replies.
const REPLIES_BETWEEN_DRAWS: u64 = 1000;

/// Sends standard input and reports errors; ends with code 1 if there were any.
pub(super) fn run(mut bench: Bench<'_>) -> Result<(), Trouble> {
    bench.interrupts.waiting();
    let magic = magic();
    let link = bench.session.link()?;
    let sender = link.sender().map_err(LinkError::from)?;
    let last = magic.clone();
    let timeout = bench.options.pipe_timeout;
    let sending = thread::spawn(move || send_all(sender, &last));
    let mut count = Count::default();
    let received = receive_all(&mut bench, &magic, &mut count, timeout, &sending);
    if received.is_ok() {
        let sent = sending.join().unwrap_or_else(|_| Err(io::Error::other("the sender panicked")));
        sent.map_err(Trouble::Input)?;
        println!("Last reply received from server.");
    }
    println!("errors: {}, replies: {}", count.errors, count.replies);
    received?;
    if count.errors > 0 { Err(Trouble::Reported) } else { Ok(()) }
}

#[derive(Default)]
struct Count {
    errors: u64,
    replies: u64,
}

fn send_all(mut sender: Sender, magic: &[u8]) -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = input.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        sender.write_all(&chunk[..count])?;
    }
    // Input may end in the middle of a line, and an empty line is no request.
    let mut end = bytes::BytesMut::from(&b"\r\n"[..]);
    encode_request(&[b"ECHO".as_slice(), magic], &mut end);
    sender.write_all(&end)?;
    println!("All data transferred. Waiting for the last reply...");
    Ok(())
}

fn receive_all(
    bench: &mut Bench<'_>,
    magic: &[u8],
    count: &mut Count,
    timeout: Option<Duration>,
    sending: &thread::JoinHandle<io::Result<()>>,
) -> Result<(), Trouble> {
    let bar = progress::counting("replies");
    let numbered = io::stderr().is_terminal();
    let link = bench.session.link()?;
    link.set_read_timeout(timeout).map_err(LinkError::from)?;
    loop {
        let reply = match link.receive() {
            Err(LinkError::Io(error)) if is_timeout(&error) => {
                // While there is input to come the server has every right to be silent.
                if sending.is_finished() {
                    complain(b"No replies for so long as --pipe-timeout allows: exiting.");
                    return Err(Trouble::Reported);
                }
                continue;
            }
            other => other?,
        };
        if matches!(&reply, Reply::Bulk(blob) if blob.as_bytes() == magic) {
            bar.finish_and_clear();
            return Ok(());
        }
        count.replies += 1;
        if let Reply::Error(text) = reply {
            count.errors += 1;
            let place = if numbered { format!("request {}: ", count.replies) } else { String::new() };
            bar.suspend(|| complain(&[place.as_bytes(), &text].concat()));
        }
        if count.replies % REPLIES_BETWEEN_DRAWS == 0 {
            bar.set_position(count.replies);
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Bytes no reply holds by chance.
fn magic() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("memora-cli pipe {} {}", std::process::id(), now.as_nanos()).into_bytes()
}
