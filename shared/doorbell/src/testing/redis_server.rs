//! A Redis of its own for each test.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cloud::testing::free_port;
use tempfile::TempDir;

/// A Redis on this machine; it ends with this value.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
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
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server; `cargo xtask test` installs it");
        let began = Instant::now();
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "Redis does not listen"
            );
            looks.tick().await;
        }
        Self {
            child,
            port,
            _folder: folder,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
