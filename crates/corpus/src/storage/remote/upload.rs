//! Writes objects, which become visible only once they are complete.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use object_store::{Error, MultipartUpload, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use tokio::task::JoinSet;

use super::client::block_on;
use super::error::describe;
use super::store_url::StoreUrl;
use crate::storage::{ObjectVersion, PutCondition};

/// The size of a part in bytes. Smaller files are sent in one request.
const PART_BYTES: u64 = 8 << 20;
/// The maximum number of parts. S3 takes 10,000.
const MAX_PARTS: u64 = 9_000;
/// The number of concurrent uploads of parts.
const PARALLEL_PARTS: usize = 4;

/// Writes the content of `file` to an object.
pub(in crate::storage) fn upload(file: &mut File, path: &Path) -> io::Result<()> {
    let url = StoreUrl::parse(path)?;
    url.require_writable()?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    if length <= PART_BYTES {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let sent = block_on(url.store.put(&url.key, bytes.into()))?;
        return sent.map(drop).map_err(|error| describe(&error));
    }
    block_on(async {
        let mut upload =
            url.store.put_multipart(&url.key).await.map_err(|error| describe(&error))?;
        let sent = match send_parts(file, length, upload.as_mut()).await {
            Ok(()) => upload.complete().await.map(drop).map_err(|error| describe(&error)),
            Err(error) => Err(error),
        };
        if sent.is_err() {
            // Otherwise, the store would keep the parts, which are invisible but billed.
            let _ = upload.abort().await;
        }
        sent
    })?
}

async fn send_parts(
    file: &mut File,
    length: u64,
    upload: &mut dyn MultipartUpload,
) -> io::Result<()> {
    let part = PART_BYTES.max(length.div_ceil(MAX_PARTS));
    let mut parts = JoinSet::new();
    let mut rest = length;
    while rest > 0 {
        let mut bytes = Vec::new();
        file.by_ref().take(part).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        rest = rest.saturating_sub(bytes.len() as u64);
        parts.spawn(upload.put_part(bytes.into()));
        if parts.len() == PARALLEL_PARTS {
            finish_part(&mut parts).await?;
        }
    }
    while !parts.is_empty() {
        finish_part(&mut parts).await?;
    }
    Ok(())
}

async fn finish_part(parts: &mut JoinSet<Result<(), Error>>) -> io::Result<()> {
    match parts.join_next().await {
        Some(Ok(Err(error))) => Err(describe(&error)),
        Some(Err(error)) => Err(io::Error::other(error)),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

/// Writes a small object if the condition holds. Returns whether it did.
pub(in crate::storage) fn put(
    path: &Path,
    bytes: &[u8],
    condition: &PutCondition,
) -> io::Result<bool> {
    let url = StoreUrl::parse(path)?;
    url.require_writable()?;
    let mode = match condition {
        PutCondition::Absent => PutMode::Create,
        PutCondition::Unchanged(ObjectVersion { etag, generation }) => {
            PutMode::Update(UpdateVersion { e_tag: etag.clone(), version: generation.clone() })
        }
    };
    let content = Bytes::copy_from_slice(bytes);
    let options = PutOptions { mode, ..PutOptions::default() };
    let sent = block_on(url.store.put_opts(&url.key, content.into(), options))?;
    match sent {
        Ok(_) => Ok(true),
        // If the response to the first request was lost, its retry fails.
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
            Ok(crate::storage::read(path).is_ok_and(|found| found == bytes))
        }
        Err(error) => Err(describe(&error)),
    }
}
