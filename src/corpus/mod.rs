//! Files: which to read, and their text. The only part of the library, beside the command line, that does I/O.

mod read;
mod spill;
mod trail;
mod walk;
mod write;
mod written;

pub use read::{ReadError, Source, read};
pub use spill::{Spill, free_memory};
pub use trail::{Broken, Entry, Step, Trail, UndoError, entries, hash, read_trail, rewrite_trail};
pub use walk::{Choice, WalkError, folders, walk};
pub use write::{NewFile, WriteError, create, replace};
pub use written::{CONFIGURATIONS, read_written, rule_files};
