//! Everything that is done with a file between its author and the network.

use std::{io, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use aws_types::SdkConfig;
use bytes::Bytes;
use domain::{ImageRules, MediaFacts, MediaKind, Violation};
use futures_util::{StreamExt as _, stream::BoxStream};
use guard::{Beside, Guard, SystemResolver};
use settings::{ObjectPlace, ObjectSettings};
use time::OffsetDateTime;
use tokio::{fs, sync::Semaphore};
use url::Url;

use crate::{
    Bucket, FetchError, Fetcher, Folder, ObjectError, ObjectStore,
    fetch::Want,
    fit,
    probe::{self, ProbeError},
};

/// The largest file that is read whole while its author waits.
const AT_ONCE: u64 = 64 * 1024 * 1024;
/// How many pictures one process makes fit at once.
const PICTURES: usize = 4;
/// How long its author waits for a file at most.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a publisher waits for one at most.
pub const LONG_PATIENCE: Duration = Duration::from_secs(200);

/// Fetches, probes, converts and keeps files. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    fetcher: Fetcher,
    objects: ObjectStore,
    scratch: PathBuf,
    /// Room for pictures that are made to fit: each may take hundreds of megabytes while it is.
    pictures: Arc<Semaphore>,
}

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// Its key in the object store.
    pub object_key: String,
    /// What it is.
    pub facts: MediaFacts,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// What a first look at a file came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Looked {
    /// It was small enough to be taken in at once.
    In(Intake),
    /// It is a large video or document that begins as one should; the rest is read when the post is prepared.
    /// What it is, where its beginning tells that.
    Later(Option<MediaFacts>),
}

/// Why a file could not be read or kept although nothing is wrong with it; trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The scratch folder failed.
    #[error("the scratch folder failed")]
    Scratch(#[source] io::Error),
    /// The object store failed.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The blocking pool is going down.
    #[error("the process is ending")]
    Ending,
}

/// Why there can be no library as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A bucket is named where nothing reaches AWS.
    #[error("MEDIA_BUCKET is of no use here: this program does not reach AWS; set MEDIA_DIR")]
    NoCloud,
    /// TLS has no usable defaults.
    #[error("the client that fetches media could not be made")]
    Tls(#[from] rustls::Error),
}

impl Library {
    /// A library that keeps half-read files in `scratch`.
    pub fn new(fetcher: Fetcher, objects: ObjectStore, scratch: PathBuf) -> Self {
        Self {
            fetcher,
            objects,
            scratch,
            pictures: Arc::new(Semaphore::new(PICTURES)),
        }
    }

    /// A library as the settings say.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn from_settings(
        settings: &ObjectSettings,
        config: Option<&SdkConfig>,
    ) -> Result<Self, SetUpError> {
        let origins = settings.local_origins.iter();
        let origins = origins.filter_map(|origin| Some(Url::parse(origin).ok()?.origin()));
        let beside = Beside::Origins(origins.collect());
        let fetcher = Fetcher::new(Guard::new(beside, Arc::new(SystemResolver))?);
        let (objects, scratch) = match &settings.place {
            ObjectPlace::Bucket(name) => {
                let config = config.ok_or(SetUpError::NoCloud)?;
                let bucket = Bucket::new(config, name.clone());
                (ObjectStore::Bucket(bucket), std::env::temp_dir())
            }
            ObjectPlace::Folder(place) => {
                let folder = Folder::from_settings(place);
                (ObjectStore::Folder(folder), place.folder.join("scratch"))
            }
        };
        Ok(Self::new(fetcher, objects, scratch))
    }

    /// Looks at a file while its author waits: a picture and whatever is small is taken in at once, a
    /// large video or document is only held to be one.
    ///
    /// The inner error is for the file's author; its field is `media` and may be renamed.
    ///
    /// # Errors
    /// [`LibraryError`] when it was our fault.
    pub async fn look(
        &self,
        url: &str,
        kind: MediaKind,
        id: &str,
        most: u64,
    ) -> Result<Result<Looked, Violation>, LibraryError> {
        let want = match kind {
            MediaKind::Image => Want::Whole(AT_ONCE),
            MediaKind::Document | MediaKind::Video => Want::Prefix(AT_ONCE),
        };
        let (path, fetched) = match self.fetch(url, want, PATIENCE).await? {
            Ok(fetched) => fetched,
            Err(broken) => return Ok(Err(broken)),
        };
        let too_large = fetched
            .total_bytes
            .filter(|total| *total > most && kind != MediaKind::Image);
        let looked = if let Some(total) = too_large {
            Err(larger(total, most))
        } else if fetched.complete {
            self.take(&path, kind, id, fetched.sha256)
                .await?
                .map(Looked::In)
        } else {
            begins_well(&path, kind, fetched.total_bytes)
                .await?
                .map(Looked::Later)
        };
        discard(&path).await;
        Ok(looked)
    }

    /// Takes a file in whole, of at most `most` bytes.
    ///
    /// # Errors
    /// As for [`look`](Self::look).
    pub async fn take_in_whole(
        &self,
        url: &str,
        kind: MediaKind,
        id: &str,
        most: u64,
    ) -> Result<Result<Intake, Violation>, LibraryError> {
        let (path, fetched) = match self.fetch(url, Want::Whole(most), LONG_PATIENCE).await? {
            Ok(fetched) => fetched,
            Err(broken) => return Ok(Err(broken)),
        };
        let taken = self.take(&path, kind, id, fetched.sha256).await?;
        discard(&path).await;
        Ok(taken)
    }

    /// Makes a kept picture fit a network, and keeps what came of it under `to`.
    ///
    /// # Errors
    /// [`LibraryError`]; the inner error is the broken rule.
    pub async fn fit(
        &self,
        from: &str,
        facts: &MediaFacts,
        rules: ImageRules,
        network: &'static str,
        field: &str,
        to: &str,
    ) -> Result<Result<MediaFacts, Violation>, LibraryError> {
        // Never closed.
        let _place = self.pictures.acquire().await;
        let bytes = self.objects.read(from).await?;
        let (facts, field) = (facts.clone(), field.to_owned());
        let fitted = blocking(move || fit(&bytes, &facts, &rules, network, &field)).await?;
        match fitted {
            Ok(fitted) => {
                self.objects.put(to, fitted.bytes).await?;
                Ok(Ok(fitted.facts))
            }
            Err(broken) => Ok(Err(broken)),
        }
    }

    /// Some bytes of a kept file.
    pub fn stream(&self, key: &str, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        self.objects.stream(key, range)
    }

    /// Whether a kept file can be read just now.
    ///
    /// # Errors
    /// [`LibraryError`] when it cannot.
    pub async fn reach(&self, key: &str) -> Result<(), LibraryError> {
        match self.objects.stream(key, 0..1).next().await {
            Some(Err(error)) => Err(LibraryError::Objects(error.into())),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// An address under which a network can fetch a kept file until `ends_at`.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub async fn public_url(
        &self,
        key: &str,
        now: OffsetDateTime,
        ends_at: OffsetDateTime,
    ) -> Result<Url, LibraryError> {
        Ok(self.objects.public_url(key, now, ends_at).await?)
    }

    /// Deletes a kept file.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub async fn forget(&self, key: &str) -> Result<(), LibraryError> {
        Ok(self.objects.delete(key).await?)
    }

    async fn fetch(
        &self,
        url: &str,
        want: Want,
        patience: Duration,
    ) -> Result<Result<(PathBuf, crate::Fetched), Violation>, LibraryError> {
        fs::create_dir_all(&self.scratch)
            .await
            .map_err(LibraryError::Scratch)?;
        let path = self.scratch.join(domain::MediaId::mint().to_string());
        let mut file = fs::File::create(&path)
            .await
            .map_err(LibraryError::Scratch)?;
        match self.fetcher.fetch(url, want, patience, &mut file).await {
            Ok(fetched) => Ok(Ok((path, fetched))),
            Err(error) => {
                discard(&path).await;
                if let FetchError::Sink(error) = error {
                    Err(LibraryError::Scratch(error))
                } else {
                    Ok(Err(told(&error)))
                }
            }
        }
    }

    async fn take(
        &self,
        path: &std::path::Path,
        kind: MediaKind,
        id: &str,
        sha256: [u8; 32],
    ) -> Result<Result<Intake, Violation>, LibraryError> {
        let probed = path.to_owned();
        let facts = match blocking(move || probe::probe(&probed)).await? {
            Ok(facts) if facts.kind() == kind => facts,
            Ok(facts) => return Ok(Err(other_kind(kind, facts.kind()))),
            Err(ProbeError::Io(error)) => return Err(LibraryError::Scratch(error)),
            Err(error) => return Ok(Err(not_taken(&error))),
        };
        let object_key = format!("media/{id}");
        self.objects.put_file(&object_key, path).await?;
        Ok(Ok(Intake {
            object_key,
            facts,
            sha256: sha256.to_vec(),
        }))
    }
}

/// What the beginning of a large file tells of it.
async fn begins_well(
    path: &std::path::Path,
    kind: MediaKind,
    total: Option<u64>,
) -> Result<Result<Option<MediaFacts>, Violation>, LibraryError> {
    let path = path.to_owned();
    let probed = blocking(move || {
        let found = probe::kind(&path)?;
        let facts = match probe::probe_prefix(&path, total.unwrap_or(u64::MAX)) {
            Err(ProbeError::Incomplete) => None,
            facts => Some(facts?),
        };
        Ok((found, facts))
    });
    Ok(match probed.await? {
        Ok((found, _)) if found != kind => Err(other_kind(kind, found)),
        // A file whose size nobody tells is measured when it is taken in.
        Ok((_, facts)) => Ok(facts.filter(|_| total.is_some())),
        Err(ProbeError::Io(error)) => return Err(LibraryError::Scratch(error)),
        Err(error) => Err(not_taken(&error)),
    })
}

fn other_kind(said: MediaKind, found: MediaKind) -> Violation {
    Violation::new(
        "media.type",
        "media_type_differs",
        format!("says {said}, but the file is a {found}"),
        format!("Give its type as {found}."),
    )
}

fn not_taken(error: &ProbeError) -> Violation {
    Violation::new(
        "media.url",
        "media_not_taken",
        error.to_string(),
        "Use a JPEG, PNG, GIF or WebP picture, an MP4, MOV or WebM video, or a PDF, DOCX, PPTX, DOC or PPT document.",
    )
}

fn told(error: &FetchError) -> Violation {
    let (rule, remedy) = match error {
        FetchError::BadUrl(_) => (
            "media_url_invalid",
            "Use a public https:// address of the file itself.",
        ),
        FetchError::Forbidden => (
            "media_url_private",
            "Put the file where anybody can reach it.",
        ),
        FetchError::Status(_) => (
            "media_unreachable",
            "Check that the address works without signing in.",
        ),
        FetchError::TooLarge(_) => ("media_too_large", "Use a smaller file."),
        FetchError::TooManyRedirects => (
            "media_url_invalid",
            "Use the address that the last redirect leads to.",
        ),
        FetchError::TimedOut | FetchError::Unreachable | FetchError::Sink(_) => (
            "media_unreachable",
            "Check the address and that its server answers quickly.",
        ),
    };
    Violation::new("media.url", rule, error.to_string(), remedy)
}

fn larger(total: u64, most: u64) -> Violation {
    Violation::new(
        "media.url",
        "media_too_large",
        format!("is {total} bytes large; the network takes {most}"),
        "Use a smaller file.",
    )
}

/// A scratch file that stays behind costs room and nothing else.
async fn discard(path: &std::path::Path) {
    if let Err(error) = fs::remove_file(path).await
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a scratch file could not be removed"
        );
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LibraryError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| LibraryError::Ending)
}

#[cfg(test)]
mod tests;
