//! A service that is asked to stop does so with any open connections, and cleanly: acknowledged
//! data was already durable.

use crate::support::{
    process::Process,
    served::{run, stored},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};
use tempfile::TempDir;

/// A connection on which only this part of a request was sent.
fn half(process: &Process, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(process.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// A connection that was used and waits for its next request.
fn idle(process: &Process) -> TcpStream {
    let mut stream = half(process, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut answer = [0; 64];
    assert!(stream.read(&mut answer).unwrap() > 0);
    stream
}

/// The unfinished requests of clients that will never continue.
fn stuck(process: &Process, token: &str) -> Vec<TcpStream> {
    let upload = format!(
        "PUT /api/v1/predictions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-length: 1000\r\n\r\nhalf"
    );
    let submit = format!(
        "POST /api/v1/releases HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-length: 99\r\n\r\n{{"
    );
    vec![
        half(process, ""),
        half(process, "GET /readyz HTTP/1.1\r\nhost: a\r\nx-half: "),
        half(process, &upload),
        half(process, &submit),
        idle(process),
    ]
}

#[test]
fn half_a_request_does_not_keep_a_service_that_is_told_to_stop() {
    for signals in [&["TERM"][..], &["INT"], &["TERM", "TERM"], &["INT", "TERM"]] {
        let folder = TempDir::new().unwrap();
        let mut create = stored(folder.path());
        create.args(["token", "create", "--namespace", "acme"]);
        let token = run(create).expect(0).stdout.trim().to_owned();
        let mut process = Process::serve(stored(folder.path()));
        let open = stuck(&process, &token);
        for signal in signals {
            process.signal(signal);
        }
        assert_eq!(process.ended(), Some(0), "{signals:?}");
        drop(open);
        // Its database was closed, and can be opened again.
        let mut check = stored(folder.path());
        check.args(["db", "check"]);
        run(check).expect(0);
    }
}

/// The second signal does not wait for the work of the first.
#[test]
fn a_second_signal_cuts_off_what_is_open() {
    let folder = TempDir::new().unwrap();
    let mut create = stored(folder.path());
    create.args(["token", "create", "--namespace", "acme"]);
    let token = run(create).expect(0).stdout.trim().to_owned();
    let mut command = stored(folder.path());
    command.env("MODELGATE_LOG", "info");
    let mut process = Process::serve(command);
    let mut open = stuck(&process, &token);
    // One client continues, a byte at a time, as long as the service allows it.
    let mut upload = open.remove(2);
    let going = std::thread::spawn(move || {
        while upload.write_all(b"x").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    process.signal("TERM");
    process.says("a second signal ends at once");
    process.signal("TERM");
    assert_eq!(process.ended(), Some(0));
    let said = process.said();
    assert!(
        said.iter().any(|line| line.contains("asked again: open requests are cut off")),
        "{said:?}"
    );
    going.join().unwrap();
}
