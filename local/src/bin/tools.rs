//! `cargo xtask seed | grant-admin EMAIL | rotate-keys | demo [NETWORK…] | openapi [--check] | postman [--check]`.

use std::path::{Path, PathBuf};

use domain::Platform;
use local::{Failure, Variables, demo, house::House, keys, openapi, postman, seed};

const PASSWORD: &str = "picture-harbour-quartz-lantern";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["openapi"] => openapi::write(&document("openapi.json"), false),
        ["openapi", "--check"] => openapi::write(&document("openapi.json"), true),
        ["postman"] => collect(false),
        ["postman", "--check"] => collect(true),
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
        ["rotate-keys"] => {
            let house = House::open(&Variables::read()?).await?;
            let rotated = keys::rotate(&house.publisher()?, &house.pool, say).await;
            house.close().await?;
            rotated
        }
        ["demo"] => demo::run(&Variables::read()?, &Platform::ALL, say).await,
        ["demo", networks @ ..] => {
            let networks: Result<Vec<Platform>, _> =
                networks.iter().map(|name| name.parse()).collect();
            demo::run(&Variables::read()?, &networks?, say).await
        }
        _ => Err(
            "use seed, grant-admin EMAIL, rotate-keys, demo [NETWORK…], openapi [--check] or postman [--check]"
                .into(),
        ),
    }
}

fn collect(check: bool) -> Result<(), Failure> {
    let collection = document("picscripter.postman_collection.json");
    postman::write(&document("openapi.json"), &collection, check)
}

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn say(line: &str) {
    println!("{line}");
}
