//! Programs that have children of their own.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

const LOOK: Duration = Duration::from_millis(50);

/// A program with all that it starts; all of it ends with this value.
#[derive(Debug)]
pub struct Family(Child);

impl Family {
    /// Starts it in a process group of its own.
    pub fn start(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap())
    }

    /// The number of the program itself.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether the program itself still runs.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.id().cast_signed()) {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.0.wait());
    }
}

/// Looks again and again until there is something to see.
///
/// # Panics
/// When there is nothing within `patience`.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let began = Instant::now();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(
            began.elapsed() < patience,
            "{what} took longer than {patience:?}"
        );
    }
}
