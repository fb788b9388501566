//! The habits of the project as commands: `cargo xtask <command>`.

mod check;
mod forward;
mod lambda;
mod prove;
mod queries;
mod sam_local;
mod shell;
mod suite;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

run
  dev [--no-worker] [--features F] …  everything on one machine; also `cargo dev`
  worker [--features F] …             the publisher alone; also `cargo worker`
  seed                                makes a user to try things with, at a running `cargo dev`
  grant-admin EMAIL                   makes a user an administrator
  rotate-keys                         replaces the data key, and seals anew what lies under older ones
  demo [NETWORK…]                     connects and publishes at a running `cargo dev`, and counts what is live

prove
  check                               format, lints, docs, dependencies, stale files; all are run
  test [FILTER…]                      every test beside a throw-away Postgres, and the doc tests
  prove [--soak TIME] [--seed N]      that no post is lost, doubled or misreported, whatever breaks; see docs/RELIABILITY.md
  lambda [--arm64]                    every function built for release: size, C library, start, memory
  bench [CRATE [FILTER…]]             the benchmarks of a crate
  sam-local [NETWORK…]                the demo, with every function as built for Lambda, in containers under SAM

generate
  sqlx [--check]                      the committed query data of crate `store`
  openapi [--check]                   docs/openapi.json
  postman [--check]                   docs/picscripter.postman_collection.json";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match command.as_str() {
        "bench" => suite::bench(&rest),
        "check" => check::check(),
        "demo" | "grant-admin" | "openapi" | "postman" | "rotate-keys" | "seed" => {
            forward::tool(&command, &rest)
        }
        "dev" | "worker" => forward::server(&command, rest),
        "lambda" => lambda::command(&rest),
        "prove" => prove::command(&rest),
        "sam-local" => sam_local::command(&rest),
        "sqlx" => queries::command(&rest),
        "test" => suite::test(&rest),
        "" | "help" | "--help" | "-h" => {
            eprintln!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("there is no command `{command}`\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}
