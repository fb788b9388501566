//! Programs that tests start beside themselves.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long one may take until it listens.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often that is tried.
const LOOK: Duration = Duration::from_millis(20);

/// A program that listens at a port of this machine; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts it, and waits until it listens at `port`, which `command` tells it. What it prints is not shown.
    ///
    /// # Panics
    /// When it cannot be started, ends, or does not listen.
    pub async fn start(command: &mut Command, port: u16) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a program that `cargo xtask test` installs");
        let mut server = Self { child };
        server.listens(port).await;
        server
    }

    async fn listens(&mut self, port: u16) {
        let began = Instant::now();
        let mut looks = tokio::time::interval(LOOK);
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            assert!(began.elapsed() < PATIENCE, "the server does not listen");
            looks.tick().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
