//! `cargo dev`: everything, until Ctrl-C. `--no-worker` leaves the publisher out.

use local::{Failure, Variables, house};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut with_worker = true;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--no-worker" => with_worker = false,
            other => {
                return Err(format!("`{other}` is not known; use --no-worker or nothing").into());
            }
        }
    }
    web::telemetry(settings::Stage::Development);
    house::live(&Variables::read()?, with_worker).await
}
