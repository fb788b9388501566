//! The account Postgres runs as: it refuses to be root.

use std::{
    fs::{self, Metadata},
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::PostgresError;

const PASSWD: &str = "/etc/passwd";
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Who runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// Another user than root's process: root drops to it.
    Dropped { uid: u32, gid: u32 },
    /// Whoever runs this process.
    Own,
}

impl Account {
    /// Takes this process's own account, or for root the first harmless one of the machine.
    pub(super) fn choose() -> Result<Self, PostgresError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let passwd =
            fs::read_to_string(PASSWD).map_err(PostgresError::io("choosing an account", PASSWD))?;
        CANDIDATES
            .iter()
            .find_map(|name| find(&passwd, name))
            .ok_or(PostgresError::NoAccount)
    }

    /// A command that runs under this account, from a folder every account may enter.
    pub(super) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir("/");
        if let Self::Dropped { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(super) fn own(self, path: &Path) -> Result<(), PostgresError> {
        match self {
            Self::Dropped { uid, gid } => chown(path, Some(uid), Some(gid)).map_err(
                PostgresError::io("handing it to the server's account", path),
            ),
            Self::Own => Ok(()),
        }
    }

    /// Whether this account may walk to `path`; a part that does not exist yet is no hindrance.
    pub(super) fn reaches(self, path: &Path) -> bool {
        match self {
            Self::Dropped { uid, gid } => path
                .ancestors()
                .skip(1)
                .filter_map(|folder| fs::metadata(folder).ok())
                .all(|folder| may_enter(&folder, uid, gid)),
            Self::Own => true,
        }
    }

    /// `wanted`, or for an account that cannot walk there a folder of its own in the system's temporary one.
    pub(super) fn reachable(self, wanted: &Path) -> Result<PathBuf, PostgresError> {
        let Self::Dropped { uid, .. } = self else {
            return Ok(wanted.to_path_buf());
        };
        if self.reaches(wanted) {
            return Ok(wanted.to_path_buf());
        }
        let digest = hex::encode(Sha256::digest(wanted.as_os_str().as_encoded_bytes()));
        let instead = std::env::temp_dir().join(format!("picscripter-{}", &digest[..16]));
        // The temporary folder is everyone's: a stranger's folder or link of that name is not to be trusted with data.
        match fs::symlink_metadata(&instead) {
            Ok(found) if !found.is_dir() || ![0, uid].contains(&found.uid()) => {
                Err(PostgresError::Failed {
                    step: "placing the data",
                    detail: format!("{} belongs to somebody else; remove it", instead.display()),
                })
            }
            Ok(_) | Err(_) => {
                tracing::warn!(
                    wanted = %wanted.display(),
                    used = %instead.display(),
                    "the server's account cannot reach the data folder; another one is used"
                );
                Ok(instead)
            }
        }
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut parts = line.split(':');
        if parts.next()? != name {
            return None;
        }
        let uid = parts.nth(1)?.parse().ok()?;
        let gid = parts.next()?.parse().ok()?;
        Some(Account::Dropped { uid, gid })
    })
}

fn may_enter(folder: &Metadata, uid: u32, gid: u32) -> bool {
    let enter = if folder.uid() == uid {
        0o100
    } else if folder.gid() == gid {
        0o010
    } else {
        0o001
    };
    folder.mode() & enter != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const STRANGER: Account = Account::Dropped {
        uid: 54_321,
        gid: 54_321,
    };

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0::/:/bin/sh\npostgresql:x:7:8::/:/bin/sh\nnobody:x:65534:65533::/:/bin/sh\n";
        assert_eq!(find(passwd, "postgres"), None);
        assert_eq!(
            find(passwd, "nobody"),
            Some(Account::Dropped {
                uid: 65_534,
                gid: 65_533
            })
        );
    }

    #[test]
    fn a_folder_behind_a_closed_one_is_replaced_and_always_by_the_same() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let wanted = closed.path().join("data");
        assert!(!STRANGER.reaches(&wanted));
        let instead = STRANGER.reachable(&wanted).unwrap();
        assert!(STRANGER.reaches(&instead), "{}", instead.display());
        assert_eq!(STRANGER.reachable(&wanted).unwrap(), instead);
        assert_ne!(
            STRANGER.reachable(&closed.path().join("other")).unwrap(),
            instead
        );
    }

    #[test]
    fn an_open_folder_is_kept() {
        let open = tempfile::tempdir().unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let wanted = open.path().join("not").join("yet");
        assert_eq!(STRANGER.reachable(&wanted).unwrap(), wanted);
        assert_eq!(Account::Own.reachable(&wanted).unwrap(), wanted);
    }
}
