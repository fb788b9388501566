//! What takes back what was started, whatever way this process ends.

use std::{
    fmt::Display,
    fs::{self, File, TryLockError},
    io::{self, Write},
    net::{Ipv4Addr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc, Weak,
        mpsc::{self, Receiver, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a program may take to listen: the first start of some compiles their own sources.
const PATIENCE: Duration = Duration::from_mins(2);
const GLANCE: Duration = Duration::from_millis(100);

/// Reads lines until whoever writes them lets go or is gone, then runs them, the last first.
///
/// `stop` asks the leader of a group of processes to end, and after 20 seconds ends the whole group; `ended`
/// says that its number may be somebody else's.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
gone=
ended() {
    gone="$gone $1 "
}
stop() {
    case $gone in *" $1 "*) return ;; esac
    kill -TERM "$1"
    glances=0
    while kill -0 "-$1" 2>/dev/null && [ $glances -lt 200 ]; do
        glances=$((glances + 1))
        sleep 0.1
    done
    kill -KILL "-$1" 2>/dev/null
}
later=
while IFS= read -r line; do
    later="$line
$later"
done
eval "$later"
"#;

/// Starts programs, and ends them when it is dropped or this process is gone: after success, after a
/// failure, after Ctrl-C and even after a kill.
///
/// It is a shell that reads what is to be done at the end from this process, in a group of its own that a
/// terminal's Ctrl-C does not reach. It holds a lock until it is done, so that the next run waits for it.
#[derive(Debug)]
pub(super) struct Guard {
    home: PathBuf,
    shell: Child,
    lines: Option<Arc<ChildStdin>>,
}

impl Guard {
    /// Waits for the guard of an earlier run over the same folder, and takes its place.
    pub(super) fn take(home: &Path) -> Result<Self, String> {
        fs::create_dir_all(home).map_err(told(home.display()))?;
        let lock = lock(&home.join("lock")).map_err(told("the lock"))?;
        let log = File::create(home.join("end.log")).map_err(told("end.log"))?;
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .process_group(0)
            .stdin(Stdio::piped())
            // Whoever holds the open file holds its lock.
            .stdout(lock)
            .stderr(log)
            .spawn()
            .map_err(told("sh"))?;
        Ok(Self {
            home: home.to_owned(),
            lines: shell.stdin.take().map(Arc::new),
            shell,
        })
    }

    /// The folder that it works in.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Has a line of shell run at the end, before those that were said earlier.
    pub(super) fn at_the_end(&self, line: &str) -> Result<(), String> {
        say(self.lines.as_deref(), line).map_err(told("the guard"))
    }

    /// Starts a program whose output goes to `<name>.log`.
    pub(super) fn start(
        &self,
        name: &'static str,
        command: &mut Command,
    ) -> Result<Started, String> {
        let path = self.home.join(format!("{name}.log"));
        let log = File::create(&path).map_err(told(path.display()))?;
        let both = log.try_clone().map_err(told(path.display()))?;
        self.launch(name, command.stdout(both).stderr(log))
    }

    /// Runs a program that speaks for itself to its end.
    pub(super) fn run(&self, name: &'static str, command: &mut Command) -> Result<(), String> {
        self.launch(name, command)?.wait()
    }

    fn launch(&self, name: &'static str, command: &mut Command) -> Result<Started, String> {
        let mut child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{name} could not be started: {error}"))?;
        self.at_the_end(&format!("stop {}", child.id()))?;
        let (tell, ended) = mpsc::channel();
        // What this thread holds must not keep the guard from letting go.
        let lines: Weak<ChildStdin> = self.lines.as_ref().map(Arc::downgrade).unwrap_or_default();
        thread::spawn(move || {
            let status = child.wait();
            // Nobody is left to be told when this process is ending.
            drop(say(
                lines.upgrade().as_deref(),
                &format!("ended {}", child.id()),
            ));
            drop(tell.send(status));
        });
        Ok(Started { name, ended })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Err(error) = self.shell.wait() {
            eprintln!("what was started may still be there: {error}");
        }
    }
}

/// A program that ends by itself, or when the guard ends it.
#[derive(Debug)]
pub(super) struct Started {
    name: &'static str,
    ended: Receiver<io::Result<ExitStatus>>,
}

impl Started {
    /// Waits until it ends.
    pub(super) fn wait(self) -> Result<(), String> {
        let name = self.name;
        match self.ended.recv().map_err(told(name))?.map_err(told(name))? {
            status if status.success() => Ok(()),
            status => Err(format!("{name}: {status}")),
        }
    }

    /// Waits until it takes connections at a port of this machine.
    pub(super) fn wait_for_port(&self, port: u16) -> Result<(), String> {
        self.wait_until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    /// Waits until something holds.
    pub(super) fn wait_until(&self, holds: impl Fn() -> bool) -> Result<(), String> {
        let (name, began) = (self.name, Instant::now());
        while !holds() {
            match self.ended.try_recv() {
                Err(TryRecvError::Empty) if began.elapsed() < PATIENCE => thread::sleep(GLANCE),
                Err(TryRecvError::Empty) => return Err(format!("{name} does not answer")),
                Err(TryRecvError::Disconnected) => return Err(format!("{name} ended")),
                Ok(status) => return Err(format!("{name} ended: {}", status.map_err(told(name))?)),
            }
        }
        Ok(())
    }
}

/// A word of shell that means just this text.
pub(super) fn quoted(text: impl Display) -> String {
    format!("'{}'", text.to_string().replace('\'', r"'\''"))
}

/// One write, so that lines of several threads stay whole.
fn say(lines: Option<&ChildStdin>, line: &str) -> io::Result<()> {
    let mut lines = lines.ok_or(io::ErrorKind::BrokenPipe)?;
    lines.write_all(format!("{line}\n").as_bytes())
}

fn lock(path: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for an earlier run to end");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(file)
}

fn told<E: Display>(what: impl Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_started_last_is_ended_first_and_the_next_guard_waits_for_it() {
        let home = std::env::temp_dir().join(format!("guard-{}", std::process::id()));
        let guard = Guard::take(&home).unwrap();
        let seen = quoted(home.join("seen").display());
        guard.at_the_end(&format!("echo first >>{seen}")).unwrap();
        let mut sleep = Command::new("sleep");
        let sleeping = guard.start("sleep", sleep.arg("600")).unwrap();
        guard
            .at_the_end(&format!("sleep 0.2; echo last >>{seen}"))
            .unwrap();
        drop(guard);
        let status = sleeping.ended.recv().unwrap().unwrap();
        assert!(!status.success(), "it was not left to end by itself");
        drop(Guard::take(&home).unwrap());
        let seen = fs::read_to_string(home.join("seen")).unwrap();
        assert_eq!(seen, "last\nfirst\n");
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_quoted_text_is_one_word_of_shell() {
        let text = "it's a \"$HOME\" `x` \\";
        let line = format!("printf %s {}", quoted(text));
        let told = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(String::from_utf8(told.stdout).unwrap(), text);
    }
}
