//! Listening sockets, made from the options before the server starts, so that a taken port is a clear error.

use crate::actors::listener::Bound;
use crate::config::Config;
use crate::config::values::BindAddress;
use crate::server::StartError;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// All sockets the options ask for.
///
/// # Errors
/// When one cannot be had that is not optional, or none is asked for.
pub(crate) fn all(config: &Config) -> Result<Vec<Bound>, StartError> {
    let mut bound = tcp(config)?;
    bound.extend(unix(config)?);
    if bound.is_empty() {
        return Err(StartError::NothingToListenOn);
    }
    Ok(bound)
}

/// The TCP addresses among them.
pub(crate) fn addresses(bound: &[Bound]) -> Vec<SocketAddr> {
    bound
        .iter()
        .filter_map(|bound| match bound {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Bound::Unix(..) => None,
        })
        .collect()
}

/// How often a free port is looked for that is free on every address.
const FREE_PORT_ATTEMPTS: usize = 16;

/// The TCP sockets. With port 0 the system picks a free port: for the server as a library and in tests.
fn tcp(config: &Config) -> Result<Vec<Bound>, StartError> {
    let mut attempts = if config.port == 0 { FREE_PORT_ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match tcp_once(config) {
            // Free on the first address, taken on another: the system can pick again.
            Err(StartError::Bind { source, .. })
                if attempts > 0 && source.kind() == io::ErrorKind::AddrInUse => {}
            outcome => return outcome,
        }
    }
}

fn tcp_once(config: &Config) -> Result<Vec<Bound>, StartError> {
    let mut bound = Vec::new();
    // With port 0 the first address picks a port, and the others follow it.
    let mut port = config.port;
    for address in &config.bind {
        match listen_on(address, port, config.tcp_backlog) {
            Ok(listeners) => {
                for listener in listeners {
                    port = listener.local_addr().map_or(port, |local| local.port());
                    bound.push(Bound::Tcp(listener));
                }
            }
            Err(error) if address.optional && is_absent(&error) => {
                tracing::debug!(%address, %error, "optional address is not there");
            }
            Err(source) => {
                let address = format!("{}:{port}", address.host);
                return Err(StartError::Bind { address, hint: hint(&source), source });
            }
        }
    }
    Ok(bound)
}

fn listen_on(address: &BindAddress, port: u16, backlog: u32) -> io::Result<Vec<TcpListener>> {
    (address.resolvable(), port).to_socket_addrs()?.map(|address| listen(address, backlog)).collect()
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Windows the option would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Whether the error says that this machine does not have the address.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, Unsupported};
    /// "Address family not supported by protocol": Linux, macOS, Windows.
    const NO_SUCH_FAMILY: [i32; 3] = [97, 47, 10047];
    matches!(error.kind(), AddrNotAvailable | Unsupported)
        || error.raw_os_error().is_some_and(|code| NO_SUCH_FAMILY.contains(&code))
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another server uses this port: end it, or choose another with --port (--port 0 picks a free one)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges: choose another with --port",
        _ => "",
    }
}

#[cfg(unix)]
fn unix(config: &Config) -> Result<Option<Bound>, StartError> {
    use std::os::unix::fs::PermissionsExt;
    let Some(path) = &config.unixsocket else { return Ok(None) };
    let failed = |source: io::Error| StartError::Bind {
        address: path.display().to_string(),
        hint: hint(&source),
        source,
    };
    remove_stale_socket(path).map_err(failed)?;
    let listener = std::os::unix::net::UnixListener::bind(path).map_err(failed)?;
    let nonblocking = listener.set_nonblocking(true);
    // From here on the socket's file goes when the socket does.
    let bound = Bound::Unix(listener, path.display().to_string());
    nonblocking.map_err(failed)?;
    if config.unixsocketperm != 0 {
        let permissions = std::fs::Permissions::from_mode(config.unixsocketperm);
        std::fs::set_permissions(path, permissions).map_err(failed)?;
    }
    Ok(Some(bound))
}

/// Removes a socket that nobody listens on any more; leaves anything else alone.
#[cfg(unix)]
fn remove_stale_socket(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    std::fs::remove_file(path)
}

#[cfg(not(unix))]
fn unix(config: &Config) -> Result<Option<Bound>, StartError> {
    match &config.unixsocket {
        None => Ok(None),
        Some(path) => Err(StartError::Bind {
            address: path.display().to_string(),
            source: io::ErrorKind::Unsupported.into(),
            hint: "; Unix sockets are not served on this system",
        }),
    }
}
