//! Ports for servers that tests start.

use std::{
    io::Read as _,
    net::{Ipv4Addr, TcpListener, TcpStream},
};

/// A port of this machine that nobody listens at, and that for a minute nobody is given who takes any: it
/// is for the program that asks for it by number.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    // The end of a connection that closed it first keeps its port (TIME_WAIT); servers listen there all the same.
    let mut caller = TcpStream::connect(address).expect("a connection");
    drop(listener.accept().expect("its other end"));
    caller.read_to_end(&mut Vec::new()).expect("the end");
    address.port()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpSocket;

    use super::*;

    #[tokio::test]
    async fn a_free_port_is_for_who_asks_for_it_by_number() {
        let port = free_port();
        let passer_by = TcpSocket::new_v4().unwrap();
        let refused = passer_by.bind((Ipv4Addr::LOCALHOST, port).into());
        assert!(refused.is_err(), "anybody may have it");
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
