//! The publishers: processes of their own that are killed, stopped and started again.

use std::{
    fs::File,
    io,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rustix::process::{Pid, Signal, kill_process};
use settings::Vars;

/// The publishers, one at each door of the proxy, and those that were stopped.
#[derive(Debug)]
pub(crate) struct Fleet {
    program: PathBuf,
    vars: Vars,
    doors: Vec<Door>,
    aside: Mutex<Vec<Child>>,
    is_closed: AtomicBool,
    logs: PathBuf,
    started: AtomicU64,
}

#[derive(Debug)]
struct Door {
    database: String,
    process: Mutex<Option<Child>>,
}

impl Fleet {
    /// One whose processes are `program` with these variables; each reaches the database by an address of its own.
    pub(crate) fn new(program: PathBuf, vars: Vars, databases: Vec<String>, logs: PathBuf) -> Self {
        let door = |database| Door {
            database,
            process: Mutex::default(),
        };
        Self {
            program,
            vars,
            doors: databases.into_iter().map(door).collect(),
            aside: Mutex::default(),
            is_closed: AtomicBool::new(true),
            logs,
            started: AtomicU64::new(0),
        }
    }

    /// How many doors there are.
    pub(crate) fn doors(&self) -> usize {
        self.doors.len()
    }

    /// How many processes were started so far.
    pub(crate) fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Starts a process at each door where none runs.
    pub(crate) fn start(&self) -> io::Result<()> {
        self.is_closed.store(false, Ordering::SeqCst);
        for door in &self.doors {
            let mut process = lock(&door.process);
            let runs = match process.as_mut() {
                Some(child) => child.try_wait()?.is_none(),
                None => false,
            };
            if !runs {
                *process = Some(self.spawn(&door.database)?);
            }
        }
        Ok(())
    }

    /// Which process is at a door.
    pub(crate) fn at(&self, door: usize) -> Option<u32> {
        lock(&self.doors[door].process).as_ref().map(Child::id)
    }

    /// Kills the process at a door, if it is that one, and starts another; tells whether it did.
    pub(crate) fn kill(&self, door: usize, id: u32) -> io::Result<bool> {
        let door = &self.doors[door];
        let mut process = lock(&door.process);
        if self.is_closed.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let Some(child) = process.as_mut().filter(|child| child.id() == id) else {
            return Ok(false);
        };
        let was_running = child.try_wait()?.is_none();
        end(child)?;
        *process = Some(self.spawn(&door.database)?);
        Ok(was_running)
    }

    /// Stops the process at a door where it stands, if it is that one, and starts another in its place; tells whether
    /// it did.
    pub(crate) fn stop(&self, door: usize, id: u32) -> io::Result<bool> {
        let door = &self.doors[door];
        let mut process = lock(&door.process);
        if self.is_closed.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let Some(child) = process.take_if(|child| child.id() == id) else {
            return Ok(false);
        };
        signal(&child, Signal::STOP)?;
        lock(&self.aside).push(child);
        *process = Some(self.spawn(&door.database)?);
        Ok(true)
    }

    /// Lets the processes that were stopped go on beside the others.
    pub(crate) fn go_on(&self) -> io::Result<()> {
        lock(&self.aside)
            .iter()
            .try_for_each(|child| signal(child, Signal::CONT))
    }

    /// Kills the processes at all doors, and starts none; those that were stopped stay as they are.
    pub(crate) fn close(&self) -> io::Result<usize> {
        self.is_closed.store(true, Ordering::SeqCst);
        let mut killed = 0;
        for door in &self.doors {
            if let Some(mut child) = lock(&door.process).take() {
                killed += usize::from(child.try_wait()?.is_none());
                end(&mut child)?;
            }
        }
        Ok(killed)
    }

    /// Kills those that were stopped, whether they went on or not.
    pub(crate) fn end_aside(&self) -> io::Result<()> {
        lock(&self.aside)
            .drain(..)
            .try_for_each(|mut child| end(&mut child))
    }

    fn spawn(&self, database: &str) -> io::Result<Child> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = File::create(self.logs.join(format!("{number:05}.log")))?;
        Command::new(&self.program)
            .arg(crate::PUBLISHER)
            .env_clear()
            .envs(self.vars.under(""))
            .env("DATABASE_URL", database)
            // It ends when this pipe closes, so it never outlives whoever started it.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure.
        drop(self.close());
        drop(self.end_aside());
    }
}

fn end(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

fn signal(child: &Child, signal: Signal) -> io::Result<()> {
    let id = Pid::from_raw(child.id().cast_signed());
    let id = id.ok_or_else(|| io::Error::other("a process has no number"))?;
    Ok(kill_process(id, signal)?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
