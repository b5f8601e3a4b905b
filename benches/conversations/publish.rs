//! One publisher, a thousand subscribers.

use super::server::Server;
use std::io;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;

pub(crate) const SUBSCRIBERS: usize = 1_000;

/// How many messages are published with so many in flight.
const LOADS: [(usize, usize); 2] = [(1, 400), (16, 4_000)];

const MESSAGE_BYTES: usize = 16;

/// Measures with each load; tells messages per second and microseconds of the server for each delivery.
pub(crate) fn measure(server: &Server, note: &mut impl FnMut(String, f64)) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for (pipeline, messages) in LOADS {
        let (seconds, cpu_ns) = runtime.block_on(publish(server, pipeline, messages))?;
        note(format!("messages per second, pipeline {pipeline}"), messages as f64 / seconds);
        let deliveries = (messages * SUBSCRIBERS) as f64;
        note(format!("processor time for each delivery, pipeline {pipeline}, µs"), cpu_ns / deliveries / 1e3);
    }
    Ok(())
}

/// Seconds until all have everything, and nanoseconds of the server.
async fn publish(server: &Server, pipeline: usize, messages: usize) -> io::Result<(f64, f64)> {
    let request = b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$16\r\n0123456789abcdef\r\n";
    let heard = b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$16\r\n0123456789abcdef\r\n".len();
    let answer_bytes = format!(":{SUBSCRIBERS}\r\n").len();
    assert!(request.ends_with(b"0123456789abcdef\r\n") && MESSAGE_BYTES == b"0123456789abcdef".len());
    let mut listening = Vec::new();
    for _ in 0..SUBSCRIBERS {
        listening.push(subscribe(server.port(), heard * messages).await?);
    }
    let mut publisher = TcpStream::connect(("127.0.0.1", server.port())).await?;
    publisher.set_nodelay(true)?;
    let (started, cpu_ns) = (Instant::now(), server.cpu_ns());
    let mut answers = vec![0; answer_bytes * pipeline];
    for _ in 0..messages / pipeline {
        publisher.write_all(&request.repeat(pipeline)).await?;
        publisher.read_exact(&mut answers).await?;
    }
    for subscriber in listening {
        subscriber.await??;
    }
    Ok((started.elapsed().as_secs_f64(), server.cpu_ns() - cpu_ns))
}

/// A subscriber that reads until it has so many bytes.
async fn subscribe(port: u16, wanted: usize) -> io::Result<JoinHandle<io::Result<()>>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"SUBSCRIBE news\r\n").await?;
    let mut confirmation = vec![0; "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n".len()];
    stream.read_exact(&mut confirmation).await?;
    Ok(tokio::spawn(async move {
        let (mut buffer, mut left) = (vec![0; 16 * 1024], wanted);
        while left > 0 {
            match stream.read(&mut buffer).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => left -= count,
            }
        }
        Ok(())
    }))
}
