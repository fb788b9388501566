//! A wrapping key in AWS KMS.

use std::collections::HashMap;

use aws_sdk_kms::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::DataKeySpec,
};
use domain::DataKeyId;
use zeroize::Zeroizing;

use super::PURPOSE;
use crate::{VaultError, clear_key::ClearKey};

/// Tells what KMS wrapped from what a local key did, without asking KMS.
const FORMAT: u8 = 2;

/// A key of AWS KMS. Nothing is asked of KMS before the first data key is made or unwrapped.
#[derive(Debug, Clone)]
pub struct KmsKey {
    client: Client,
    arn: String,
}

impl KmsKey {
    /// The key of that ARN.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self {
            client,
            arn: arn.into(),
        }
    }

    pub(super) async fn generate(&self, id: DataKeyId) -> Result<(ClearKey, Vec<u8>), VaultError> {
        let made = self
            .client
            .generate_data_key()
            .key_id(&self.arn)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(id)))
            .send()
            .await
            .map_err(|error| refusal(id, error))?;
        let wrapped = made.ciphertext_blob.ok_or_else(short_answer)?;
        let key = clear(made.plaintext)?;
        Ok((key, [&[FORMAT], wrapped.as_ref()].concat()))
    }

    pub(super) async fn unwrap(
        &self,
        id: DataKeyId,
        wrapped: &[u8],
    ) -> Result<ClearKey, VaultError> {
        let Some((&FORMAT, wrapped)) = wrapped.split_first() else {
            return Err(VaultError::WrongWrappingKey(id));
        };
        let opened = self
            .client
            .decrypt()
            .key_id(&self.arn)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(context(id)))
            .send()
            .await
            .map_err(|error| refusal(id, error))?;
        clear(opened.plaintext)
    }
}

/// What KMS binds a data key to. It appears in AWS's audit log, so it names nobody.
fn context(id: DataKeyId) -> HashMap<String, String> {
    HashMap::from([
        ("purpose".to_owned(), PURPOSE.to_owned()),
        ("data_key".to_owned(), id.uuid().to_string()),
    ])
}

/// Takes the key out of an answer. What the client's own buffers held is beyond reach; this copy is wiped.
fn clear(plaintext: Option<Blob>) -> Result<ClearKey, VaultError> {
    plaintext
        .map(|blob| Zeroizing::new(blob.into_inner()))
        .and_then(|bytes| ClearKey::from_bytes(&bytes))
        .ok_or_else(short_answer)
}

fn short_answer() -> VaultError {
    VaultError::KeyServiceDown("the answer of the key service holds no key of 32 bytes".into())
}

/// What an answer of KMS means for whoever waits for the key. An answer that is not known is taken
/// for one that may change: waiting loses nothing.
/// The codes: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors>
/// and `CommonErrors` beside it (read 2026-11-24).
fn refusal<E>(id: DataKeyId, error: SdkError<E>) -> VaultError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.code() {
        Some("IncorrectKeyException" | "InvalidCiphertextException") => {
            VaultError::WrongWrappingKey(id)
        }
        Some(
            "AccessDeniedException"
            | "DisabledException"
            | "IncompleteSignature"
            | "InvalidArnException"
            | "InvalidClientTokenId"
            | "InvalidKeyUsageException"
            | "KMSInvalidStateException"
            | "NotAuthorized"
            | "NotFoundException"
            | "OptInRequired"
            | "UnrecognizedClientException"
            | "ValidationError"
            | "ValidationException",
        ) => VaultError::KeyServiceRefuses(Box::new(error)),
        Some(_) | None => VaultError::KeyServiceDown(Box::new(error)),
    }
}
