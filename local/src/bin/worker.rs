//! `cargo worker`: a publisher alone; many may run beside `cargo dev --no-worker`.

use local::{Failure, Variables, house};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    web::telemetry(settings::Stage::Development);
    house::worker(&Variables::read()?).await
}
