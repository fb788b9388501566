//! Docker: the one that runs here, or one that is started for this run alone.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    guard::{Guard, quoted},
    output,
};
use crate::{shell, tools};

const DEBIAN_PACKAGES: [&str; 3] = ["debootstrap", "docker.io", "iproute2"];
/// A network of its own, from the block that is set aside for benchmarks (RFC 2544), so that it meets no other.
const BRIDGE: &str = "picscripter0";
const BRIDGE_ADDRESS: &str = "198.19.231.1/24";
/// Debian under Lambda's emulator where the image of Amazon Linux cannot be had. Its C library is newer than Amazon's.
const STAND_IN: &str = "picscripter/lambda-stand-in:bookworm";

/// A Docker daemon.
pub(super) struct Engine {
    /// As `DOCKER_HOST` says it.
    host: String,
}

impl Engine {
    /// The daemon that runs here. Where there is none, root on Debian gets one that ends with this run.
    pub(super) fn find_or_start(guard: &Guard) -> Result<Self, String> {
        if let Some(engine) = Self::running() {
            return Ok(engine);
        }
        if !tools::can_install() {
            return Err("no Docker daemon answers; start Docker".to_owned());
        }
        if !is_on_path("dockerd") || !is_on_path("ip") {
            tools::install(&DEBIAN_PACKAGES)?;
        }
        // On a Debian with an init system the package has started it.
        Self::running().map_or_else(|| Self::start(guard), Ok)
    }

    /// A Docker command.
    pub(super) fn docker<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", &self.host);
        command
    }

    /// As `DOCKER_HOST` says it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Where containers find this machine.
    pub(super) fn gateway(&self) -> Result<Ipv4Addr, String> {
        let format = "{{with index .IPAM.Config 0}}{{or .Gateway .Subnet}}{{end}}";
        let told = output(&mut self.docker(["network", "inspect", "--format", format, "bridge"]))?;
        gateway(&told).ok_or_else(|| format!("`{told}` is no network of Docker's"))
    }

    /// Sees to it that this daemon has the image that SAM runs functions in; gives another one in its place where it
    /// cannot be had.
    pub(super) fn stand_in(
        &self,
        guard: &Guard,
        tools: &Path,
    ) -> Result<Option<&'static str>, String> {
        let repository = "from samcli.local.docker.lambda_image import LambdaImage as image; \
                          print(image._INVOKE_REPO_PREFIX)";
        let repository = output(Command::new(tools.join("python")).args(["-c", repository]))?;
        let real = format!("{repository}/provided:al2023-x86_64");
        if self.has_image(&real) || shell::run(&mut self.docker(["pull", &real])).is_ok() {
            return Ok(None);
        }
        if !self.has_image(STAND_IN) {
            if !tools::can_install() {
                return Err(format!("{real} cannot be pulled"));
            }
            self.make_stand_in(guard)?;
        }
        eprintln!("{real} cannot be pulled; functions run in a Debian that stands in for it");
        Ok(Some(STAND_IN))
    }

    /// Has what is left of containers over a folder removed at the end.
    pub(super) fn remove_at_the_end(&self, guard: &Guard, folder: &Path) -> Result<(), String> {
        let docker = format!("DOCKER_HOST={} docker", quoted(&self.host));
        let over = quoted(format_args!("volume={}", folder.display()));
        guard.at_the_end(&format!(
            "{docker} ps --all --quiet --filter {over} | while read -r id; do {docker} rm --force \"$id\"; done"
        ))
    }

    fn running() -> Option<Self> {
        let format = "{{.Endpoints.docker.Host}}";
        let context = ["context", "inspect", "--format", format];
        let host = output(Command::new("docker").args(context)).ok()?;
        let engine = Self { host };
        engine.answers().then_some(engine)
    }

    fn answers(&self) -> bool {
        output(&mut self.docker(["version", "--format", "{{.Server.Version}}"])).is_ok()
    }

    /// A daemon with data, sockets and a network of its own; it touches no rule of the firewall.
    fn start(guard: &Guard) -> Result<Self, String> {
        let home = guard.home().join("docker");
        let ip = |arguments: &[&str]| output(Command::new("ip").args(arguments));
        // One that a lost machine left.
        drop(ip(&["link", "delete", BRIDGE]));
        guard.at_the_end(&format!("ip link delete {BRIDGE}"))?;
        ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        ip(&["address", "add", BRIDGE_ADDRESS, "dev", BRIDGE])?;
        ip(&["link", "set", BRIDGE, "up"])?;
        let host = format!("unix://{}", home.join("socket").display());
        let mut dockerd = Command::new("dockerd");
        dockerd.args(["--host", &host, "--bridge", BRIDGE]);
        // Containers speak with this machine alone, through addresses of the bridge and Docker's own proxy.
        dockerd.args(["--iptables=false", "--ip-masq=false", "--ip-forward=false"]);
        for (option, name) in [
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "pid"),
        ] {
            dockerd.arg(option).arg(home.join(name));
        }
        let engine = Self { host };
        guard
            .start("dockerd", &mut dockerd)?
            .wait_until(|| engine.answers())?;
        Ok(engine)
    }

    fn has_image(&self, name: &str) -> bool {
        output(&mut self.docker(["image", "inspect", "--format", "{{.Id}}", name])).is_ok()
    }

    fn make_stand_in(&self, guard: &Guard) -> Result<(), String> {
        if !is_on_path("debootstrap") {
            tools::install(&DEBIAN_PACKAGES)?;
        }
        eprintln!(
            "making a Debian that stands in for Lambda's image; this takes a few minutes, once"
        );
        let (root, packed) = (
            guard.home().join("stand-in"),
            guard.home().join("stand-in.tar"),
        );
        // An earlier run may have been interrupted, and with it debootstrap.
        let sweep = format!(
            "umount {root}/dev/pts {root}/dev {root}/proc {root}/sys; rm -rf --one-file-system {root} {}",
            quoted(packed.display()),
            root = quoted(root.display()),
        );
        drop(output(Command::new("sh").args(["-c", &sweep])));
        guard.at_the_end(&sweep)?;
        let mut debootstrap = Command::new("debootstrap");
        let minimal = ["--variant=minbase", "--include=ca-certificates", "bookworm"];
        debootstrap.args(minimal).arg(&root);
        guard.start("debootstrap", &mut debootstrap)?.wait()?;
        for folder in ["opt", "var/rapid", "var/runtime", "var/task"] {
            let folder = root.join(folder);
            fs::create_dir_all(&folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let mut tar = Command::new("tar");
        guard.run(
            "tar",
            tar.arg("-C").arg(&root).arg("-cf").arg(&packed).arg("."),
        )?;
        let mut import = self.docker(["import"]);
        for change in [
            "WORKDIR /var/task",
            "ENV LAMBDA_TASK_ROOT=/var/task",
            "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
        ] {
            import.args(["--change", change]);
        }
        guard.run("docker import", import.arg(&packed).arg(STAND_IN))
    }
}

/// The gateway itself, or the first address of its network: a young daemon does not tell more.
fn gateway(told: &str) -> Option<Ipv4Addr> {
    match told.split_once('/') {
        Some((network, _)) => Some(Ipv4Addr::from_bits(
            network.parse::<Ipv4Addr>().ok()?.to_bits() + 1,
        )),
        None => told.parse().ok(),
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|folder: PathBuf| folder.join(program));
    files.any(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_told_or_is_the_first_address_of_the_network() {
        let gateway_at = Some(Ipv4Addr::new(172, 17, 0, 1));
        assert_eq!(gateway("172.17.0.1"), gateway_at);
        assert_eq!(gateway("172.17.0.0/16"), gateway_at);
        assert_eq!(gateway(""), None);
    }
}
