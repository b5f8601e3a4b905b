//! What systemd hears of a server of `Type=notify`.

use crate::common::program::Program;
use std::os::unix::net::UnixDatagram;

fn heard(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 1024];
    socket.set_read_timeout(Some(crate::common::PATIENCE)).unwrap();
    let len = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn systemd_hears_when_the_server_is_ready_and_when_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let program = Program::start_with(&[], &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    assert_eq!(heard(&socket).trim(), "READY=1");
    program.signal("TERM");
    assert_eq!(heard(&socket).trim(), "STOPPING=1");
    assert_eq!(program.exit_code().0, Some(0));
}
