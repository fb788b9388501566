//! Files in a folder, and the signed addresses under which networks fetch them.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use hmac::{Hmac, Mac as _};
use settings::FolderSettings;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use tokio::{
    fs,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};
use url::Url;

use super::ObjectError;

/// How much of a file is read at once.
const CHUNK: u64 = 256 * 1024;

/// A folder that keeps files by key.
#[derive(Clone)]
pub struct Folder {
    root: PathBuf,
    public_url: Url,
    signing_key: Vec<u8>,
}

/// Why a signed address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Its time is over.
    #[error("the address has expired")]
    Expired,
    /// It is not one that we signed.
    #[error("the address is not signed by us")]
    Unsigned,
}

impl Folder {
    /// The folder that the settings name.
    pub fn from_settings(settings: &FolderSettings) -> Self {
        Self::new(
            settings.folder.clone(),
            settings.public_url.clone(),
            settings.signing_key.expose().to_vec(),
        )
    }

    /// Keeps files below `root`; their addresses begin with `public_url`, which ends in a slash.
    pub const fn new(root: PathBuf, public_url: Url, signing_key: Vec<u8>) -> Self {
        Self {
            root,
            public_url,
            signing_key,
        }
    }

    /// The file that a signed address names: `key` is its path below the public URL, `ends` and
    /// `signature` are its parameters.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn open_signed(
        &self,
        key: &str,
        ends: &str,
        signature: &str,
        now: OffsetDateTime,
    ) -> Result<PathBuf, Denied> {
        let path = self.path(key).map_err(|_| Denied::Unsigned)?;
        let expected = self.signature(key, ends);
        if !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(Denied::Unsigned);
        }
        let ends: i64 = ends.parse().map_err(|_| Denied::Unsigned)?;
        if now.unix_timestamp() >= ends {
            return Err(Denied::Expired);
        }
        Ok(path)
    }

    pub(super) fn public_url(
        &self,
        key: &str,
        ends_at: OffsetDateTime,
    ) -> Result<Url, ObjectError> {
        let path = self.path(key)?;
        drop(path);
        let ends = ends_at.unix_timestamp().to_string();
        let mut url = self
            .public_url
            .join(key)
            .map_err(|_| ObjectError::Key(key.to_owned()))?;
        url.query_pairs_mut()
            .append_pair("ends", &ends)
            .append_pair("signature", &self.signature(key, &ends));
        Ok(url)
    }

    pub(super) async fn read(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        Ok(fs::read(self.path(key)?).await?)
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match fs::remove_file(self.path(key)?).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn signature(&self, key: &str, ends: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.signing_key).map(|mac| {
            mac.chain_update(key.as_bytes())
                .chain_update([0])
                .chain_update(ends.as_bytes())
        });
        // HMAC takes a key of any length, so there is always a signature.
        mac.map(|mac| hex::encode(mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Keys are made by us of lower-case words, digits and slashes; anything else could leave the folder.
    fn path(&self, key: &str) -> Result<PathBuf, ObjectError> {
        let sound = !key.is_empty()
            && key.split('/').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|b| {
                        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-')
                    })
            });
        if sound {
            Ok(self.root.join(key))
        } else {
            Err(ObjectError::Key(key.chars().take(80).collect()))
        }
    }

    pub(super) async fn put_file(&self, key: &str, from: &Path) -> Result<(), ObjectError> {
        let path = self.path(key)?;
        make_room(&path).await?;
        if fs::rename(from, &path).await.is_ok() {
            return Ok(());
        }
        // Another file system: copy beside the target first, so that a half file never has its name.
        let beside = beside(&path);
        fs::copy(from, &beside).await?;
        fs::rename(&beside, &path).await?;
        Ok(())
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), ObjectError> {
        let path = self.path(key)?;
        make_room(&path).await?;
        let beside = beside(&path);
        fs::write(&beside, bytes).await?;
        fs::rename(&beside, &path).await?;
        Ok(())
    }

    pub(super) fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        let path = self
            .path(key)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error));
        let open = async move {
            let mut file = fs::File::open(path?).await?;
            file.seek(io::SeekFrom::Start(range.start)).await?;
            Ok::<_, io::Error>((file, range.end.saturating_sub(range.start)))
        };
        let pieces = async move {
            let (file, left) = match open.await {
                Ok(opened) => opened,
                Err(error) => {
                    return Box::pin(stream::once(std::future::ready(Err(error))))
                        as BoxStream<'static, _>;
                }
            };
            Box::pin(stream::try_unfold(
                (file, left),
                |(mut file, left)| async move {
                    if left == 0 {
                        return Ok(None);
                    }
                    let size = usize::try_from(left.min(CHUNK)).unwrap_or(usize::MAX);
                    let mut piece = vec![0; size];
                    file.read_exact(&mut piece).await?;
                    Ok(Some((Bytes::from(piece), (file, left - size as u64))))
                },
            ))
        };
        Box::pin(futures_util::StreamExt::flatten(stream::once(pieces)))
    }
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

async fn make_room(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).await,
        None => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension(format!("{}.part", domain::MediaId::mint().uuid().simple()))
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn store() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let url = Url::parse("http://127.0.0.1:3000/objects/").unwrap();
        let folder = Folder::new(root.path().to_owned(), url, vec![7; 32]);
        (root, folder)
    }

    #[tokio::test]
    async fn no_key_leaves_the_folder() {
        let (_root, folder) = store();
        for key in [
            "../x",
            "/etc/passwd",
            "a/../../x",
            "",
            "a//b",
            "a/",
            ".",
            "a\\b",
            "a%2f",
            "A",
            "a\0",
        ] {
            assert!(folder.path(key).is_err(), "{key:?}");
        }
    }

    #[tokio::test]
    async fn a_signed_address_opens_its_file_until_it_ends() {
        let (_root, folder) = store();
        let url = folder
            .public_url("media/med_1", NOW + Duration::hours(1))
            .unwrap();
        let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        let (ends, signature) = (&query["ends"], &query["signature"]);
        assert!(
            folder
                .open_signed("media/med_1", ends, signature, NOW)
                .is_ok()
        );
        let later = NOW + Duration::hours(1);
        assert_eq!(
            folder.open_signed("media/med_1", ends, signature, later),
            Err(Denied::Expired)
        );
        assert_eq!(
            folder.open_signed("media/med_2", ends, signature, NOW),
            Err(Denied::Unsigned)
        );
        let longer = "99999999999";
        assert_eq!(
            folder.open_signed("media/med_1", longer, signature, NOW),
            Err(Denied::Unsigned)
        );
    }
}
