//! How containers reach what listens on this machine's own address only.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    thread,
};

/// What Docker Desktop calls this machine in containers, where its network is not one of this machine.
const DESKTOP: &str = "host.docker.internal";

/// This machine under a name or address that is good here and in containers.
#[derive(Debug)]
pub(super) struct Gateway {
    host: String,
    address: Option<Ipv4Addr>,
}

impl Gateway {
    /// The gateway of Docker's network where it is an address of this machine; else Docker Desktop's name.
    pub(super) fn choose(address: Ipv4Addr) -> Result<Self, String> {
        if TcpListener::bind((address, 0)).is_ok() {
            return Ok(Self {
                host: address.to_string(),
                address: Some(address),
            });
        }
        if (DESKTOP, 0).to_socket_addrs().is_err() {
            return Err(format!(
                "{address}, the gateway of Docker's network, is not here, and {DESKTOP} is not known: \
                 add `127.0.0.1 {DESKTOP}` to /etc/hosts"
            ));
        }
        Ok(Self {
            host: DESKTOP.to_owned(),
            address: None,
        })
    }

    /// The name or address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Makes a port of this machine's own address reachable; Docker Desktop leads there by itself.
    pub(super) fn open(&self, port: u16) -> Result<(), String> {
        let Some(address) = self.address else {
            return Ok(());
        };
        let listener = TcpListener::bind((address, port))
            .map_err(|error| format!("{address}:{port} cannot be had: {error}"))?;
        forward(listener, (Ipv4Addr::LOCALHOST, port).into());
        Ok(())
    }
}

/// Leads every connection to another address, as long as this process lives.
fn forward(listener: TcpListener, to: SocketAddr) {
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            thread::spawn(move || lead(visitor, to));
        }
    });
}

fn lead(visitor: TcpStream, to: SocketAddr) -> io::Result<()> {
    let host = TcpStream::connect(to)?;
    visitor.set_nodelay(true)?;
    host.set_nodelay(true)?;
    let (from, into) = (visitor.try_clone()?, host.try_clone()?);
    thread::spawn(move || pour(from, into));
    pour(host, visitor)
}

/// One direction, to its end; the other side is told that it ended, whatever ended it.
fn pour(mut from: TcpStream, mut into: TcpStream) -> io::Result<()> {
    let copied = io::copy(&mut from, &mut into);
    into.shutdown(Shutdown::Write)?;
    copied.map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn both_directions_are_led_to_their_ends() {
        let here = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (server, door) = (here(), here());
        let address = door.local_addr().unwrap();
        forward(door, server.local_addr().unwrap());
        let serving = thread::spawn(move || {
            let (mut guest, _) = server.accept().unwrap();
            let mut asked = String::new();
            guest.read_to_string(&mut asked).unwrap();
            guest.write_all(asked.repeat(2).as_bytes()).unwrap();
        });
        let mut visitor = TcpStream::connect(address).unwrap();
        visitor.write_all(b"words ").unwrap();
        visitor.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        visitor.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "words words ");
        serving.join().unwrap();
    }
}
