//! What a server says of itself in `postmaster.pid`.

use std::{fs, path::Path};

use rustix::process::{Pid, test_kill_process};

/// The name of the file in a data folder.
pub(super) const NAME: &str = "postmaster.pid";

/// One reading of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: Pid,
    pub(super) port: u16,
    pub(super) phase: Phase,
}

/// Where the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Ready,
    Starting,
    Stopping,
}

impl PidFile {
    /// Reads the file; `None` when there is none, or none that is written to its end.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join(NAME)).ok()?)
    }

    /// Whether the process named is alive and is the server of that data folder.
    ///
    /// After a crash the number may have passed to a process that has nothing to do with it.
    pub(super) fn is_alive(self, data: &Path) -> bool {
        let exists = match test_kill_process(self.pid) {
            Ok(()) => true,
            Err(error) => error == rustix::io::Errno::PERM,
        };
        // Where the system tells a process's folder: a server stands in its data folder.
        match fs::read_link(format!("/proc/{}/cwd", self.pid.as_raw_nonzero())) {
            Ok(folder) => exists && fs::canonicalize(data).is_ok_and(|data| data == folder),
            Err(_) => exists,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let pid = Pid::from_raw(lines.first()?.parse().ok().filter(|pid| *pid > 0)?)?;
        let phase = match lines.get(7).copied().unwrap_or_default() {
            "ready" | "standby" => Phase::Ready,
            "stopping" => Phase::Stopping,
            _ => Phase::Starting,
        };
        let port = lines
            .get(3)
            .and_then(|port| port.parse().ok())
            .unwrap_or_default();
        Some(Self { pid, port, phase })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighth_line_tells_whether_the_server_is_ready() {
        let text = "41\n/data\n1763900000\n5455\n\n127.0.0.1\n  16  2\n";
        let read = |line: &str| PidFile::parse(&format!("{text}{line}")).unwrap();
        assert_eq!(read("").phase, Phase::Starting);
        assert_eq!(read("starting\n").phase, Phase::Starting);
        assert_eq!(read("ready   \n").phase, Phase::Ready);
        assert_eq!(read("stopping\n").phase, Phase::Stopping);
        assert_eq!(read("ready   \n").port, 5455);
    }

    #[test]
    fn a_file_without_a_process_is_no_file() {
        for text in ["", "\n", "0\n", "-41\n", "postgres\n"] {
            assert_eq!(PidFile::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_live_process_elsewhere_is_not_the_server() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(NAME), format!("{}\n", std::process::id())).unwrap();
        let file = PidFile::read(data.path()).unwrap();
        assert_eq!(file.is_alive(data.path()), !cfg!(target_os = "linux"));
    }
}
