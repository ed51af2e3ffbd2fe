//! Reads ranges of an object, all from the same version.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::{Error, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStoreExt};

use super::blocks::{BLOCK_BYTES, Blocks, MAX_REQUEST_BLOCKS};
use super::client::block_on;
use super::error::{changed, describe, missing};
use super::store_url::StoreUrl;
use crate::storage::ObjectVersion;

/// An object that is open for reading.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    object: Arc<RemoteObject>,
    position: u64,
}

struct RemoteObject {
    url: StoreUrl,
    metadata: ObjectMeta,
    blocks: Mutex<Blocks>,
}

impl fmt::Debug for RemoteObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store may contain credentials.
        formatter.write_str(self.url.key.as_ref())
    }
}

impl RemoteFile {
    /// Opens an object by reading its first block.
    pub(in crate::storage) fn open(path: &Path) -> io::Result<Self> {
        let url = StoreUrl::parse(path)?;
        if url.is_prefix {
            return Err(missing());
        }
        let options =
            GetOptions { range: Some(GetRange::Bounded(0..BLOCK_BYTES)), ..GetOptions::default() };
        let (metadata, first) = match get(&url, options) {
            Ok(found) => found,
            Err(error @ Error::NotFound { .. }) => return Err(describe(&error)),
            // An empty object has no first byte, and servers respond to that in different ways.
            Err(error) => match block_on(url.store.head(&url.key))? {
                Ok(metadata) if metadata.size == 0 => (metadata, Bytes::new()),
                _ => return Err(describe(&error)),
            },
        };
        let mut blocks = Blocks::Recent(Default::default());
        blocks.insert(0, &first)?;
        let object = RemoteObject { url, metadata, blocks: Mutex::new(blocks) };
        Ok(Self { object: Arc::new(object), position: 0 })
    }

    /// Caches everything that is read in a temporary file.
    pub(in crate::storage) fn keep_blocks(&self) -> io::Result<()> {
        self.object.blocks.lock().unwrap_or_else(PoisonError::into_inner).keep()
    }

    pub(in crate::storage) fn length(&self) -> u64 {
        self.object.metadata.size
    }

    pub(in crate::storage) fn version(&self) -> ObjectVersion {
        let ObjectMeta { e_tag, version, .. } = self.object.metadata.clone();
        ObjectVersion { etag: e_tag, generation: version }
    }

    pub(in crate::storage) fn read_exact_at(
        &self,
        mut buffer: &mut [u8],
        mut offset: u64,
    ) -> io::Result<()> {
        while !buffer.is_empty() {
            let length = self.object.read_at(buffer, offset)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            offset += length as u64;
            buffer = &mut buffer[length..];
        }
        Ok(())
    }
}

impl Read for RemoteFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.object.read_at(buffer, self.position)?;
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for RemoteFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let moved = match position {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = moved.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl RemoteObject {
    /// Reads up to the end of a block.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let size = self.metadata.size;
        if offset >= size || buffer.is_empty() {
            return Ok(0);
        }
        let block = offset / BLOCK_BYTES;
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if !blocks.contains(block) {
            let last = size.min(offset + buffer.len() as u64).div_ceil(BLOCK_BYTES);
            let count = blocks.ahead(block).max(last - block).min(MAX_REQUEST_BLOCKS);
            let end = (block + 1..block + count).find(|next| blocks.contains(*next));
            let end = end.unwrap_or(block + count) * BLOCK_BYTES;
            let bytes = self.fetch(block * BLOCK_BYTES..end.min(size))?;
            blocks.insert(block, &bytes)?;
        }
        let rest = usize::try_from(size - offset).unwrap_or(usize::MAX).min(buffer.len());
        blocks.read(block, offset % BLOCK_BYTES, &mut buffer[..rest])
    }

    /// Reads a range of the version that was opened.
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        /// The store's client retries requests and resumes bodies if it knows the version. This
        /// function handles bodies without one.
        const TRIES: usize = 3;
        let ObjectMeta { e_tag, last_modified, size, .. } = &self.metadata;
        let mut options =
            GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let may_change = !self.url.is_immutable();
        if may_change {
            // Weak tags never match.
            options.if_match = e_tag.clone().filter(|etag| !etag.starts_with("W/"));
            // The time is 0 if the server does not send it.
            let is_dated = options.if_match.is_none() && last_modified.timestamp() > 0;
            options.if_unmodified_since = is_dated.then_some(*last_modified);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match get(&self.url, options.clone()) {
                Ok((metadata, _)) if metadata.size != *size => return Err(changed()),
                Ok((metadata, _)) if may_change && metadata.e_tag != *e_tag => {
                    return Err(changed());
                }
                Ok((_, bytes)) if bytes.len() as u64 == range.end - range.start => {
                    return Ok(bytes);
                }
                Ok(_) if tries < TRIES => {}
                Ok(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
                // The object was replaced by a shorter one or removed.
                Err(Error::NotFound { .. }) => return Err(changed()),
                Err(Error::Generic { .. }) if tries < TRIES => {}
                Err(error) => return Err(describe(&error)),
            }
        }
    }
}

/// Sends a request, and reads the whole response.
fn get(url: &StoreUrl, options: GetOptions) -> Result<(ObjectMeta, Bytes), Error> {
    let request = async {
        let answer: GetResult = url.store.get_opts(&url.key, options).await?;
        let metadata = answer.meta.clone();
        Ok((metadata, answer.bytes().await?))
    };
    block_on(request).map_err(|error| Error::Generic { store: "dechaff", source: error.into() })?
}
