//! Files in a bucket of S3.

use std::{error::Error, io, ops::Range, path::Path, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    presigning::PresigningConfig,
    primitives::{ByteStream, Length},
    types::{CompletedMultipartUpload, CompletedPart},
};
use aws_types::SdkConfig;
use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{fs, io::AsyncReadExt as _};
use tokio_util::io::ReaderStream;
use url::Url;

use super::ObjectError;
use crate::probe;

/// Larger files go up in parts of this size, one after the other.
const PART: u64 = 16 * 1024 * 1024;
/// How long one call may take: a part, or the first byte of an answer.
const TRY: Duration = Duration::from_mins(1);
const CALL: Duration = Duration::from_mins(3);
/// The longest life of a signed address, which S3 sets.
const LONGEST: Duration = Duration::from_hours(24 * 7);
const UNKNOWN: &str = "application/octet-stream";

/// A bucket that keeps files by key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of that name. Where the address of the service is named, as for stand-ins, the bucket
    /// is in the path.
    pub fn new(config: &SdkConfig, name: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(TRY)
            .operation_timeout(CALL)
            .build();
        let config = Builder::from(config)
            .force_path_style(config.endpoint_url().is_some())
            .timeout_config(timeouts)
            .build();
        Self {
            client: Client::from_conf(config),
            name,
        }
    }

    pub(super) async fn put_file(&self, key: &str, path: &Path) -> Result<(), ObjectError> {
        let (size, content_type) = look(path).await?;
        if size <= PART {
            let body = ByteStream::from_path(path).await.map_err(failed)?;
            self.put_body(key, body, content_type).await?;
        } else {
            self.put_parts(key, path, size, content_type).await?;
        }
        Ok(fs::remove_file(path).await?)
    }

    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        let content_type = probe::content_type(&bytes).unwrap_or(UNKNOWN);
        self.put_body(key, bytes.into(), content_type).await
    }

    pub(super) async fn read(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let object = self.client.get_object().bucket(&self.name).key(key);
        let object = object.send().await.map_err(failed)?;
        let whole = object.body.collect().await.map_err(failed)?;
        Ok(whole.into_bytes().into())
    }

    pub(super) fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        let wanted = range.end.saturating_sub(range.start);
        if wanted == 0 {
            return stream::empty().boxed();
        }
        let asked = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .range(format!("bytes={}-{}", range.start, range.end - 1));
        let pieces = async move {
            let object = asked.send().await.map_err(io::Error::other)?;
            let told = object
                .content_length()
                .and_then(|size| u64::try_from(size).ok());
            if told != Some(wanted) {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            Ok(ReaderStream::new(object.body.into_async_read()))
        };
        stream::once(pieces)
            .flat_map(|opened| match opened {
                Ok(pieces) => pieces.boxed(),
                Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
            })
            .boxed()
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let delete = self.client.delete_object().bucket(&self.name).key(key);
        delete.send().await.map(drop).map_err(failed)
    }

    pub(super) async fn public_url(
        &self,
        key: &str,
        life: time::Duration,
    ) -> Result<Url, ObjectError> {
        let life = Duration::try_from(life).unwrap_or_default().min(LONGEST);
        let signing = PresigningConfig::expires_in(life).map_err(failed)?;
        let get = self.client.get_object().bucket(&self.name).key(key);
        let signed = get.presigned(signing).await.map_err(failed)?;
        Url::parse(signed.uri()).map_err(failed)
    }

    async fn put_body(
        &self,
        key: &str,
        body: ByteStream,
        content_type: &str,
    ) -> Result<(), ObjectError> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .body(body)
            .send()
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn put_parts(
        &self,
        key: &str,
        path: &Path,
        size: u64,
        content_type: &str,
    ) -> Result<(), ObjectError> {
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .send()
            .await
            .map_err(failed)?;
        let upload = begun.upload_id().unwrap_or_default();
        let whole = match self.parts(key, path, size, upload).await {
            Ok(whole) => whole,
            Err(error) => {
                self.give_up(key, upload).await;
                return Err(error);
            }
        };
        self.client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(key)
            .upload_id(upload)
            .multipart_upload(whole)
            .send()
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn parts(
        &self,
        key: &str,
        path: &Path,
        size: u64,
        upload: &str,
    ) -> Result<CompletedMultipartUpload, ObjectError> {
        let mut whole = CompletedMultipartUpload::builder();
        for (number, start) in
            (1..).zip((0..size).step_by(usize::try_from(PART).unwrap_or(usize::MAX)))
        {
            let body = ByteStream::read_from()
                .path(path)
                .offset(start)
                .length(Length::Exact(PART.min(size - start)))
                .build()
                .await
                .map_err(failed)?;
            let part = self
                .client
                .upload_part()
                .bucket(&self.name)
                .key(key)
                .upload_id(upload)
                .part_number(number)
                .body(body)
                .send()
                .await
                .map_err(failed)?;
            whole = whole.parts(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(part.e_tag)
                    .set_checksum_crc32(part.checksum_crc32)
                    .build(),
            );
        }
        Ok(whole.build())
    }

    /// Parts that stay behind cost room; the bucket's own rule removes them.
    async fn give_up(&self, key: &str, upload: &str) {
        let abort = self.client.abort_multipart_upload();
        let abort = abort.bucket(&self.name).key(key).upload_id(upload);
        if let Err(error) = abort.send().await {
            tracing::warn!(
                error = &error as &dyn Error,
                "an upload in parts could not be given up"
            );
        }
    }
}

/// The size of a file and what it begins as.
async fn look(path: &Path) -> Result<(u64, &'static str), ObjectError> {
    let mut file = fs::File::open(path).await?;
    let size = file.metadata().await?.len();
    let mut head = [0; 16];
    let read = file.read(&mut head).await?;
    Ok((size, probe::content_type(&head[..read]).unwrap_or(UNKNOWN)))
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> ObjectError {
    ObjectError::Bucket(error.into())
}
