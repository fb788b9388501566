//! A Redis of its own for each test.

use std::process::Command;

use cloud::testing::{Server, free_port};
use tempfile::TempDir;

/// A Redis on this machine; it ends with this value.
#[derive(Debug)]
pub struct RedisServer {
    _server: Server,
    port: u16,
    _folder: TempDir,
}

impl RedisServer {
    /// A new one, which keeps nothing on the disk.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(folder.path());
        Self {
            _server: Server::start(&mut command, port).await,
            port,
            _folder: folder,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
