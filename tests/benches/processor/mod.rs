//! The processor's seconds, as Linux tells them.

use std::{fs, path::Path};

/// The processor's seconds that this process used.
pub fn seconds_here() -> f64 {
    Process::read(Path::new("/proc/self")).unwrap().seconds
}

/// The processor's seconds that the servers below this process used, and those that they began.
pub fn seconds_of_servers() -> f64 {
    let folders = fs::read_dir("/proc").unwrap();
    let all: Vec<Process> = folders
        .filter_map(|folder| Process::read(&folder.unwrap().path()))
        .collect();
    let mut family = vec![std::process::id()];
    let mut seconds = 0.0;
    while let Some(parent) = family.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            family.push(child.id);
            seconds += child.seconds + child.seconds_of_children;
        }
    }
    seconds
}

/// What Linux says of a process.
struct Process {
    id: u32,
    parent: u32,
    seconds: f64,
    /// Of those that have ended.
    seconds_of_children: f64,
}

impl Process {
    /// `None` for what is no process, or no longer one.
    fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("stat")).ok()?;
        let id = text.split(' ').next()?.parse().ok()?;
        // The name stands in parentheses, and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |place: usize| -> Option<f64> { fields.get(place)?.parse().ok() };
        // A hundredth of a second on every Linux that we know.
        let seconds = |one: usize| Some((ticks(one)? + ticks(one + 1)?) / 100.0);
        Some(Self {
            id,
            parent: fields.get(1)?.parse().ok()?,
            seconds: seconds(11)?,
            seconds_of_children: seconds(13)?,
        })
    }
}
