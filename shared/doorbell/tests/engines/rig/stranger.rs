//! A receiver in a process of its own, which hears and never answers until it is killed.

use std::process::Stdio;

use doorbell::{Doorbell, Reception, testing::Queues};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use tokio_util::sync::CancellationToken;

use super::VISIBILITY;

/// What such a process runs of this program.
const PART: &str = "rig::stranger::in_a_process_of_its_own";
const HEARD: &str = "heard ";

pub struct Stranger {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Stranger {
    pub fn start(directions: &[(&'static str, String)]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args([
                "--exact",
                PART,
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .envs(directions.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("this program once more");
        let told = child.stdout.take().expect("a pipe");
        Self {
            child,
            lines: BufReader::new(told).lines(),
        }
    }

    /// The row it was rung for.
    pub async fn heard(&mut self) -> String {
        loop {
            let line = self.lines.next_line().await.expect("a pipe");
            let line = line.expect("the stranger ended");
            if let Some((_, subject)) = line.split_once(HEARD) {
                return subject.to_owned();
            }
        }
    }

    /// SIGKILL: nothing of it has time to say anything.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a process");
    }
}

fn direction(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "its parent tells it so")]
    std::env::var(name).ok()
}

#[tokio::test]
#[ignore = "a part that other tests start in a process of its own"]
#[expect(clippy::print_stdout, reason = "this is how it tells its parent")]
async fn in_a_process_of_its_own() {
    let handle = |subject: String| async move {
        println!("{HEARD}{subject}");
        std::future::pending().await
    };
    let stop = CancellationToken::new();
    if let Some(queues) = direction("STRANGER_SQS") {
        Queues::at(&queues).await.poll(1, stop, handle).await;
        return;
    }
    let url = direction("STRANGER_DATABASE").expect("a database");
    let pool = sqlx::PgPool::connect(&url).await.expect("a pool");
    let bell = match direction("STRANGER_REDIS") {
        #[cfg(feature = "redis")]
        Some(url) => Doorbell::redis(doorbell::RedisSettings::at(url), pool),
        #[cfg(not(feature = "redis"))]
        Some(_) => unreachable!("nobody sends to a Redis that is not built in"),
        None => Doorbell::postgres(pool),
    };
    let reception = Reception {
        at_once: 1,
        visibility: VISIBILITY,
    };
    let receiver = bell.receiver(reception).expect("a receiver");
    receiver.run(stop, handle).await;
}
