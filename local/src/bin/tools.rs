//! `cargo xtask seed | grant-admin EMAIL | demo [NETWORK…] | openapi [--check]`.

use std::path::Path;

use domain::Platform;
use local::{Failure, Variables, demo, house::House, openapi, seed};

const PASSWORD: &str = "picture-harbour-quartz-lantern";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["openapi"] => openapi::write(&described(), false),
        ["openapi", "--check"] => openapi::write(&described(), true),
        ["seed"] => {
            let base = format!("http://127.0.0.1:{}", Variables::read()?.port);
            let (email, token) = seed::seed(&base, PASSWORD).await?;
            say(&format!(
                "email     {email}\npassword  {PASSWORD}\ntoken     {token}"
            ));
            Ok(())
        }
        ["grant-admin", email] => {
            let house = House::open(&Variables::read()?).await?;
            let granted = store::admin::grant(&house.pool, &email.to_lowercase()).await?;
            house.close().await?;
            if granted {
                Ok(())
            } else {
                Err(format!("there is no user {email}").into())
            }
        }
        ["demo"] => demo::run(&Variables::read()?, &Platform::ALL, say).await,
        ["demo", networks @ ..] => {
            let networks: Result<Vec<Platform>, _> =
                networks.iter().map(|name| name.parse()).collect();
            demo::run(&Variables::read()?, &networks?, say).await
        }
        _ => Err("use seed, grant-admin EMAIL, demo [NETWORK…], or openapi [--check]".into()),
    }
}

fn described() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json")
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn say(line: &str) {
    println!("{line}");
}
