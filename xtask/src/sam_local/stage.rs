//! Everything that the story needs: started in order, ended by the guard.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    engine::Engine,
    gateway::Gateway,
    guard::Guard,
    output,
    ports::{Ports, ask},
    settings::{self, Addresses, Variables},
    told,
};
use crate::shell;

const BUCKET: &str = "media";
/// Where ministack keeps the files of buckets, below its folder: those of its only account.
const ACCOUNT: &str = "000000000000";
/// Says the address of its database to a file, then becomes `cargo dev`.
const BESIDE_POSTGRES: &str = r#"
(umask 077 && echo "$DATABASE_URL" >"$1")
shift
export DATABASE_DIRECT_URL="$DATABASE_URL"
exec "$@"
"#;

/// Everything that the story needs, and where it is.
pub(super) struct Stage<'a> {
    guard: &'a Guard,
    tools: PathBuf,
    functions: PathBuf,
    engine: Engine,
    stand_in: Option<&'static str>,
    gateway: Gateway,
    ports: Ports,
    variables: Variables,
}

impl<'a> Stage<'a> {
    /// Chooses Docker, addresses and keys.
    pub(super) fn prepare(
        guard: &'a Guard,
        tools: PathBuf,
        functions: PathBuf,
        networks: &[String],
    ) -> Result<Self, String> {
        let engine = Engine::find_or_start(guard)?;
        let stand_in = engine.stand_in(guard, &tools)?;
        let gateway = Gateway::choose(engine.gateway()?)?;
        let ports = Ports::find()?;
        let at = |port| format!("http://{}:{port}", gateway.host());
        let addresses = Addresses {
            app: format!("http://127.0.0.1:{}", ports.app),
            networks: at(ports.networks),
            cloud: at(ports.cloud),
        };
        let variables = settings::of_all(&addresses, networks)?;
        Ok(Self {
            guard,
            tools,
            functions,
            engine,
            stand_in,
            gateway,
            ports,
            variables,
        })
    }

    /// Starts everything, up to the first answer of a function.
    pub(super) fn open(&self) -> Result<(), String> {
        let data = self.guard.home().join("data");
        if data.exists() {
            fs::remove_dir_all(&data).map_err(told(&data))?;
        }
        fs::create_dir_all(&data).map_err(told(&data))?;
        let files = self.open_cloud(&data)?;
        let database = self.open_house(&data, &files)?;
        self.open_functions(&database)?;
        eprintln!("asking the first function");
        match ask(self.ports.app, "GET /readyz")? {
            200 => Ok(()),
            status => Err(format!("/readyz is answered {status}")),
        }
    }

    /// Starts a stand-in for S3 with one bucket; gives the folder where its files are.
    fn open_cloud(&self, data: &Path) -> Result<PathBuf, String> {
        let port = self.ports.cloud;
        let buckets = data.join("buckets");
        let mut ministack = Command::new(self.tools.join("ministack"));
        ministack
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("IOT_MTLS_ENABLED", "0")
            .env("S3_DATA_DIR", &buckets)
            .env("S3_PERSIST", "1")
            // It would remove containers of others that call themselves ministack's.
            .env("DOCKER_HOST", "unix:///dev/null");
        self.guard
            .start("ministack", &mut ministack)?
            .wait_for_port(port)?;
        match ask(port, &format!("PUT /{BUCKET}"))? {
            200 => self.gateway.open(port)?,
            status => return Err(format!("the bucket could not be made: {status}")),
        }
        Ok(buckets.join(ACCOUNT).join(BUCKET))
    }

    /// Starts Postgres, the simulated networks and the publisher; gives the address of the database.
    fn open_house(&self, data: &Path, files: &Path) -> Result<String, String> {
        let told_in = data.join("database-url");
        let mut house = Command::new(program("throwaway")?);
        house
            .current_dir(shell::root())
            .args(["sh", "-c", BESIDE_POSTGRES, "sh"])
            .args([&told_in, &program("dev")?])
            .envs(self.variables.clone())
            .env("MEDIA_DIR", files)
            .env("PICSCRIPTER_DATA_DIR", data)
            .env("PORT", self.ports.dev.to_string())
            .env("SIMULATOR_PORT", self.ports.networks.to_string());
        self.guard
            .start("dev", &mut house)?
            .wait_for_port(self.ports.networks)?;
        self.gateway.open(self.ports.networks)?;
        let here = fs::read_to_string(&told_in).map_err(told(&told_in))?;
        let (database, port) = settings::moved(here.trim(), self.gateway.host())
            .ok_or("the database is not on this machine")?;
        self.gateway.open(port)?;
        Ok(database)
    }

    /// Starts `sam local start-api`, as it is told in a template made from the one that is deployed.
    fn open_functions(&self, database: &str) -> Result<(), String> {
        let root = shell::root();
        let template = self.guard.home().join("template.json");
        let mut make = Command::new(self.tools.join("python"));
        make.arg(root.join("tests/deploy/sam_local.py"))
            .args([root.join("template.yaml"), root.join(".env.example")])
            .arg(&self.functions)
            .arg("AWS_ENDPOINT_URL");
        fs::write(&template, output(&mut make)?).map_err(told(&template))?;
        for function in fs::read_dir(&self.functions).map_err(told(&self.functions))? {
            let folder = function.map_err(told(&self.functions))?.path();
            self.engine.remove_at_the_end(self.guard, &folder)?;
        }
        let mut sam = Command::new(self.tools.join("sam"));
        sam.args([
            "local",
            "start-api",
            "--skip-pull-image",
            "--host",
            "127.0.0.1",
        ])
        .args(["--port", &self.ports.app.to_string()])
        .args(
            self.stand_in
                .into_iter()
                .flat_map(|image| ["--invoke-image", image]),
        )
        .arg("--template")
        .arg(&template)
        // A function gets every variable of this process that its template names.
        .envs(self.variables.clone())
        .env("DATABASE_URL", database)
        .env("MEDIA_BUCKET", BUCKET)
        .env("DOCKER_HOST", self.engine.host())
        .env("SAM_CLI_TELEMETRY", "0");
        self.guard
            .start("sam", &mut sam)?
            .wait_for_port(self.ports.app)
    }

    /// Tells the story, and how many requests of it and before it functions have answered.
    pub(super) fn demo(&self, networks: &[String]) -> Result<(), String> {
        let mut demo = Command::new(program("tools")?);
        demo.arg("demo").args(networks).envs(self.variables.clone());
        self.guard.run("the demo", &mut demo)?;
        let log = self.guard.home().join("sam.log");
        let said = fs::read(&log).map_err(told(&log))?;
        let said = String::from_utf8_lossy(&said);
        eprintln!(
            "{} requests were answered, each by a function in a container of its own",
            said.matches("REPORT RequestId").count()
        );
        Ok(())
    }
}

/// A program of this project, which cargo puts where it has put this one.
fn program(name: &str) -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|error| format!("this program is nowhere: {error}"))?;
    Ok(this.with_file_name(name))
}
