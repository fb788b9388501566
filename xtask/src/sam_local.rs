//! `cargo xtask sam-local`: the demo's story, told to functions as they are deployed.
//!
//! Each request of the app is answered by the release build of a function under Lambda's emulator, in a container
//! of its own that `sam local start-api` starts for it. Postgres, the simulated networks and the publisher
//! are those of `cargo dev`, on this machine, with data that is deleted; containers reach them at the gateway of
//! Docker's network. Files go through a stand-in for S3 that keeps each in a folder, which is the publisher's `MEDIA_DIR`.

mod engine;
mod gateway;
mod guard;
mod settings;

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use engine::Engine;
use gateway::Gateway;
use guard::{Guard, Started};
use settings::{Addresses, Variables};

use crate::{shell, tools};

const HOME: &str = "target/sam-local";
/// What of this project runs on this machine.
const PROGRAMS: [&str; 3] = ["dev", "throwaway", "tools"];
const BUCKET: &str = "media";
/// Where ministack keeps the files of buckets, below its folder: those of its only account.
const ACCOUNT: &str = "000000000000";
/// How long the first answer may take: before it the image that functions run in is made.
const PATIENCE: Duration = Duration::from_mins(5);
/// Says the address of its database to a file, then becomes `cargo dev`.
const BESIDE_POSTGRES: &str = r#"
(umask 077 && echo "$DATABASE_URL" >"$1")
shift
export DATABASE_DIRECT_URL="$DATABASE_URL"
exec "$@"
"#;

/// `cargo xtask sam-local [NETWORK…]`
pub(crate) fn command(networks: &[String]) -> ExitCode {
    shell::exit(run(networks))
}

fn run(networks: &[String]) -> Result<(), String> {
    let root = shell::root();
    let example = root.join(".env.example");
    let known = settings::networks(&fs::read_to_string(&example).map_err(told(&example))?);
    if let Some(strange) = networks.iter().find(|network| !known.contains(*network)) {
        return Err(format!(
            "there is no network `{strange}`; use {}",
            known.join(", ")
        ));
    }
    tools::install_postgres();
    let tools = tools::install_tools()?;
    let functions = build_functions(&tools)?;
    // With the features of the tests, so that nothing is compiled twice.
    shell::run(
        shell::cargo(["build", "--quiet", "--features", shell::FEATURES])
            .args(PROGRAMS.iter().flat_map(|name| ["--bin", name])),
    )?;
    let guard = Guard::take(&root.join(HOME))?;
    let stage = Stage::prepare(&guard, tools, functions, &known)?;
    let story = stage.open().and_then(|()| stage.demo(networks));
    if story.is_err() {
        eprintln!("what was said meanwhile stands in {HOME}/*.log");
    }
    story
}

/// The release build of every function, as it is deployed; gives the folder of `<function>/bootstrap`.
fn build_functions(tools: &Path) -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(tools.join("cargo-lambda"));
    build
        .args(["lambda", "build", "--release"])
        .current_dir(shell::root())
        .env("CARGO", cargo)
        .env("SQLX_OFFLINE", "true");
    let _ = &mut build; // TEMPORARY
    Ok(shell::root().join("target/lambda"))
}

/// A program of this project, which cargo puts where it has put this one.
fn program(name: &str) -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|error| format!("this program is nowhere: {error}"))?;
    Ok(this.with_file_name(name))
}

/// Everything that the story needs, and where it is.
struct Stage<'a> {
    guard: &'a Guard,
    tools: PathBuf,
    functions: PathBuf,
    engine: Engine,
    image: String,
    gateway: Gateway,
    ports: Ports,
    variables: Variables,
}

/// Free ports of this machine.
struct Ports {
    app: u16,
    cloud: u16,
    dev: u16,
    networks: u16,
}

impl<'a> Stage<'a> {
    fn prepare(
        guard: &'a Guard,
        tools: PathBuf,
        functions: PathBuf,
        networks: &[String],
    ) -> Result<Self, String> {
        let engine = Engine::find_or_start(guard)?;
        let image = engine.image(guard, &tools)?;
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
            image,
            gateway,
            ports,
            variables,
        })
    }

    /// Starts everything, up to the first answer of a function.
    fn open(&self) -> Result<(), String> {
        let data = self.guard.home().join("data");
        if data.exists() {
            fs::remove_dir_all(&data).map_err(told(&data))?;
        }
        fs::create_dir_all(&data).map_err(told(&data))?;
        let files = self.open_cloud(&data)?;
        let database = self.open_house(&data, &files)?;
        let sam = self.open_functions(&database)?;
        eprintln!("asking the first function");
        let ready = ask(self.ports.app, "GET /readyz")?;
        drop(sam);
        if ready == 200 {
            Ok(())
        } else {
            Err(format!("the functions answer {ready} to /readyz"))
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
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
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
    fn open_functions(&self, database: &str) -> Result<Started, String> {
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
        .args(["--invoke-image", &self.image])
        .arg("--template")
        .arg(&template)
        // A function gets every variable of this process that its template names.
        .envs(self.variables.iter().map(|(name, value)| (name, value)))
        .env("DATABASE_URL", database)
        .env("MEDIA_BUCKET", BUCKET)
        .env("DOCKER_HOST", self.engine.host())
        .env("SAM_CLI_TELEMETRY", "0");
        let sam = self.guard.start("sam", &mut sam)?;
        sam.wait_for_port(self.ports.app)?;
        Ok(sam)
    }

    /// Tells the story, and how many requests of it and before it functions have answered.
    fn demo(&self, networks: &[String]) -> Result<(), String> {
        let mut demo = Command::new(program("tools")?);
        demo.arg("demo")
            .args(networks)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
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

impl Ports {
    fn find() -> Result<Self, String> {
        // All are held until each is known, so that they differ.
        let held = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let port = |held: &std::io::Result<TcpListener>| {
            let listener = held
                .as_ref()
                .map_err(|error| format!("no port is free: {error}"))?;
            listener
                .local_addr()
                .map(|address| address.port())
                .map_err(|error| error.to_string())
        };
        let [app, cloud, dev, networks] = &held;
        Ok(Self {
            app: port(app)?,
            cloud: port(cloud)?,
            dev: port(dev)?,
            networks: port(networks)?,
        })
    }
}

/// The status of the answer to a request without a body.
fn ask(port: u16, request: &str) -> Result<u16, String> {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let lines = "HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(format!("{request} {lines}").as_bytes())?;
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        Ok(status)
    };
    let line = asked().map_err(|error| format!("{request}: {error}"))?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| format!("{request} is answered `{}`", line.trim()))
}

/// What a command says on its standard output; when it fails, what it complains of.
fn output(command: &mut Command) -> Result<String, String> {
    let program: OsString = command.get_program().to_owned();
    let program = program.display();
    let told = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if told.status.success() {
        return Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&told.stderr);
    Err(format!("{program}: {} {}", told.status, complaint.trim()))
}

fn told(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}
