//! Ports of this machine, and what answers there.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::Duration,
};

/// How long an answer may take: before a function's first, the image that functions run in is made.
const PATIENCE: Duration = Duration::from_mins(5);

/// Free ports of this machine.
pub(super) struct Ports {
    pub(super) app: u16,
    pub(super) cloud: u16,
    pub(super) dev: u16,
    pub(super) networks: u16,
}

impl Ports {
    /// Finds them.
    pub(super) fn find() -> Result<Self, String> {
        // All are held until each is known, so that they differ.
        let held = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let port = |held: &io::Result<TcpListener>| {
            let listener = held
                .as_ref()
                .map_err(|error| format!("no port is free: {error}"))?;
            listener
                .local_addr()
                .map(|address| address.port())
                .map_err(|error| error.to_string())
        };
        let [app, cloud, dev, networks] = &held;
        Ok(Self {
            app: port(app)?,
            cloud: port(cloud)?,
            dev: port(dev)?,
            networks: port(networks)?,
        })
    }
}

/// The status of the answer to a request without a body.
pub(super) fn ask(port: u16, request: &str) -> Result<u16, String> {
    let asked = || -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let lines = "HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(format!("{request} {lines}").as_bytes())?;
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        Ok(status)
    };
    let line = asked().map_err(|error| format!("{request}: {error}"))?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| format!("{request} is answered `{}`", line.trim()))
}
