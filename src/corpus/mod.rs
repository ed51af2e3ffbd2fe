//! Files: which to read, and their text. The only part of the library, beside the command line, that does I/O.

mod read;
mod spill;
mod walk;

pub use read::{Files, ReadError, Source, read};
pub use spill::{Spill, free_memory};
pub use walk::{WalkError, walk};
