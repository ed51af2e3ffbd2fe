//! A failing file system: a library that tests preload into dechaff, even into the release binary.
//!
//! It wraps the libc functions that access the file system, for files below `FAULT_ROOT`.
//! `FAULT=kind:N` injects a fault at the N-th call that the kind counts:
//!
//! | kind | counts | at call N |
//! |---|---|---|
//! | `kill` | changes | the process is killed; a write has written half of its bytes |
//! | `error` | changes | it fails with EIO; a write has written half of its bytes |
//! | `full` | writes, creations | a write is cut short; this call and all later ones fail with ENOSPC |
//! | `gone` | changes | it and all later ones fail with EIO |
//! | `denied` | opening, creating, renaming, removing | it fails with EACCES |
//! | `clash` | creations of new files | it fails with EEXIST |
//! | `unreadable` | reads | it fails with EIO |
//! | `eof` | reads | it returns no bytes, as at the end of a file |
//! | `short` | | every read and write handles a few bytes, and every second is interrupted |
//! | `clock` | | every look at a clock shows an earlier time than the one before |
//! | `count` | changes | nothing goes wrong |
//!
//! "Changes" are writes, creations, renames, removals, truncations, flushes and changes of
//! permissions. If the fault is hit, a byte is appended to the file named by `FAULT_HITS`; `count`
//! appends one per call.

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

const EINTR: c_int = 4;
const EIO: c_int = 5;
const EACCES: c_int = 13;
const EEXIST: c_int = 17;
const ENOSPC: c_int = 28;
const O_WRONLY: c_int = 0o1;
const O_CREAT: c_int = 0o100;
const O_EXCL: c_int = 0o200;
const O_APPEND: c_int = 0o2000;
const RTLD_NEXT: *mut c_void = -1_isize as *mut c_void;
const SIGKILL: c_int = 9;
/// Bytes per call with `short`.
const SHORT: usize = 7;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn getenv(name: *const c_char) -> *const c_char;
    fn getpid() -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn __errno_location() -> *mut c_int;
}

/// Looks up a libc function by name.
macro_rules! next {
    ($name:literal) => {{
        static ADDRESS: AtomicUsize = AtomicUsize::new(0);
        let mut address = ADDRESS.load(Ordering::Relaxed);
        if address == 0 {
            address = find(concat!($name, "\0")) as usize;
            ADDRESS.store(address, Ordering::Relaxed);
        }
        // SAFETY: callers name the type that the C library documents.
        #[allow(unused_unsafe, reason = "some callers are in an unsafe block already")]
        unsafe {
            std::mem::transmute(address as *mut c_void)
        }
    }};
}

fn find(name: &str) -> *mut c_void {
    // SAFETY: the name ends with a zero byte.
    unsafe { dlsym(RTLD_NEXT, name.as_ptr().cast()) }
}

/// The kind of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Write,
    Create {
        is_new: bool,
    },
    Open,
    /// Renames, removals, truncations, and changes of permissions.
    Change {
        is_of_names: bool,
    },
    Flush,
    Read,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Kill,
    Error,
    Full,
    Gone,
    Denied,
    Clash,
    Unreadable,
    Eof,
    Short,
    Clock,
    Count,
}

impl Kind {
    fn counts(self, call: Call) -> bool {
        match self {
            Self::None | Self::Short | Self::Clock => false,
            Self::Kill | Self::Error | Self::Gone | Self::Count => {
                !matches!(call, Call::Open | Call::Read)
            }
            Self::Full => matches!(call, Call::Write | Call::Create { .. }),
            Self::Denied => matches!(
                call,
                Call::Open | Call::Create { .. } | Call::Change { is_of_names: true }
            ),
            Self::Clash => call == Call::Create { is_new: true },
            Self::Unreadable | Self::Eof => call == Call::Read,
        }
    }

    fn lasts(self) -> bool {
        matches!(self, Self::Full | Self::Gone | Self::Count)
    }

    fn error(self) -> c_int {
        match self {
            Self::Full => ENOSPC,
            Self::Denied => EACCES,
            Self::Clash => EEXIST,
            _ => EIO,
        }
    }
}

struct Fault {
    kind: Kind,
    at: u64,
    root: Vec<u8>,
}

static FAULT: OnceLock<Fault> = OnceLock::new();
static CALLS: AtomicU64 = AtomicU64::new(0);

fn variable(name: &CStr) -> &'static [u8] {
    // SAFETY: the environment is not changed while the process runs.
    let value = unsafe { getenv(name.as_ptr()) };
    if value.is_null() { b"" } else { unsafe { CStr::from_ptr(value) }.to_bytes() }
}

fn fault() -> &'static Fault {
    FAULT.get_or_init(|| {
        let text = std::str::from_utf8(variable(c"FAULT")).unwrap_or_default();
        let (kind, at) = text.split_once(':').unwrap_or((text, "0"));
        let kind = match kind {
            "kill" => Kind::Kill,
            "error" => Kind::Error,
            "full" => Kind::Full,
            "gone" => Kind::Gone,
            "denied" => Kind::Denied,
            "clash" => Kind::Clash,
            "unreadable" => Kind::Unreadable,
            "eof" => Kind::Eof,
            "short" => Kind::Short,
            "clock" => Kind::Clock,
            "count" => Kind::Count,
            _ => Kind::None,
        };
        Fault { kind, at: at.parse().unwrap_or(0), root: variable(c"FAULT_ROOT").to_vec() }
    })
}

/// Returns the fault that affects this call, if any, and whether it is the first time.
fn hit(call: Call) -> Option<(Kind, bool)> {
    let fault = fault();
    if !fault.kind.counts(call) {
        return None;
    }
    let number = CALLS.fetch_add(1, Ordering::SeqCst) + 1;
    let is_due = number == fault.at || fault.kind.lasts() && number > fault.at;
    if !is_due {
        return None;
    }
    note_hit();
    match fault.kind {
        Kind::Count => None,
        kind => Some((kind, number == fault.at)),
    }
}

fn note_hit() {
    let name = variable(c"FAULT_HITS");
    if name.is_empty() {
        return;
    }
    let mut path = name.to_vec();
    path.push(0);
    // SAFETY: the real functions, with a path that ends with a zero byte.
    unsafe {
        let open: unsafe extern "C" fn(*const c_char, c_int, c_uint) -> c_int = next!("open64");
        let write: unsafe extern "C" fn(c_int, *const c_void, usize) -> isize = next!("write");
        let close: unsafe extern "C" fn(c_int) -> c_int = next!("close");
        let file = open(path.as_ptr().cast(), O_WRONLY | O_CREAT | O_APPEND, 0o644);
        if file >= 0 {
            write(file, b".".as_ptr().cast(), 1);
            close(file);
        }
    }
}

fn die() -> ! {
    // SAFETY: sends a signal to this process.
    unsafe { kill(getpid(), SIGKILL) };
    loop {}
}

fn fail<T: From<i8>>(error: c_int) -> T {
    // SAFETY: the place of this thread's `errno`.
    unsafe { *__errno_location() = error };
    T::from(-1)
}

/// Ends the process, or returns the error that a call fails with.
fn outcome(call: Call) -> Option<c_int> {
    match hit(call)? {
        (Kind::Kill, _) => die(),
        (kind, _) => Some(kind.error()),
    }
}

/// The open files below the root.
static WATCHED: [AtomicBool; 4096] = [const { AtomicBool::new(false) }; 4096];

fn watch(file: c_int, is_watched: bool) {
    if let Some(flag) = usize::try_from(file).ok().and_then(|file| WATCHED.get(file)) {
        flag.store(is_watched, Ordering::SeqCst);
    }
}

fn is_watched(file: c_int) -> bool {
    usize::try_from(file)
        .ok()
        .and_then(|file| WATCHED.get(file))
        .is_some_and(|flag| flag.load(Ordering::SeqCst))
}

/// Whether a path is below the root, which is also the working directory.
fn is_below(path: *const c_char) -> bool {
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let root = &fault().root;
    !root.is_empty() && (!path.starts_with(b"/") || path.starts_with(root))
}

macro_rules! opening {
    ($($name:ident $text:literal),*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
            let is_below = is_below(path);
            if is_below {
                let call = match flags & O_CREAT != 0 || flags & 0o20_000_000 != 0 {
                    true => Call::Create { is_new: flags & O_EXCL != 0 },
                    false => Call::Open,
                };
                if let Some(error) = outcome(call) {
                    return fail(error);
                }
            }
            let open: unsafe extern "C" fn(*const c_char, c_int, c_uint) -> c_int = next!($text);
            let file = unsafe { open(path, flags, mode) };
            watch(file, is_below);
            file
        }
    )*};
}
opening!(open "open", open64 "open64");

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opendir(path: *const c_char) -> *mut c_void {
    if is_below(path)
        && let Some(error) = outcome(Call::Open)
    {
        let _: i32 = fail(error);
        return std::ptr::null_mut();
    }
    let opendir: unsafe extern "C" fn(*const c_char) -> *mut c_void = next!("opendir");
    unsafe { opendir(path) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(file: c_int) -> c_int {
    watch(file, false);
    let close: unsafe extern "C" fn(c_int) -> c_int = next!("close");
    unsafe { close(file) }
}

macro_rules! duplicating {
    ($($name:ident $text:literal),*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(file: c_int, command: c_int, argument: usize) -> c_int {
            const DUPLICATE: [c_int; 2] = [0, 1030];
            let fcntl: unsafe extern "C" fn(c_int, c_int, usize) -> c_int = next!($text);
            let result = unsafe { fcntl(file, command, argument) };
            if DUPLICATE.contains(&command) {
                watch(result, is_watched(file));
            }
            result
        }
    )*};
}
duplicating!(fcntl "fcntl", fcntl64 "fcntl64");

/// Interrupts every second call of `short`.
fn is_interrupted() -> bool {
    CALLS.fetch_add(1, Ordering::SeqCst) % 2 == 1
}

macro_rules! reading {
    ($($name:ident $text:literal ($($argument:ident: $type:ty),*)),*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(file: c_int, bytes: *mut c_void, mut length: usize $(, $argument: $type)*) -> isize {
            if is_watched(file) {
                match hit(Call::Read) {
                    None if fault().kind == Kind::Short && is_interrupted() => return fail(EINTR),
                    None if fault().kind == Kind::Short => length = length.min(SHORT),
                    None => {}
                    Some((Kind::Eof, _)) => return 0,
                    Some((kind, _)) => return fail(kind.error()),
                }
            }
            let read: unsafe extern "C" fn(c_int, *mut c_void, usize $(, $type)*) -> isize = next!($text);
            unsafe { read(file, bytes, length $(, $argument)*) }
        }
    )*};
}
reading!(
    read "read" (),
    pread "pread" (offset: i64),
    pread64 "pread64" (offset: i64)
);

macro_rules! writing {
    ($($name:ident $text:literal ($($argument:ident: $type:ty),*)),*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(file: c_int, bytes: *const c_void, mut length: usize $(, $argument: $type)*) -> isize {
            let write: unsafe extern "C" fn(c_int, *const c_void, usize $(, $type)*) -> isize = next!($text);
            if is_watched(file) {
                let hit = hit(Call::Write);
                if matches!(hit, Some((Kind::Kill | Kind::Error | Kind::Full, true))) {
                    let written = unsafe { write(file, bytes, length / 2 $(, $argument)*) };
                    match hit {
                        Some((Kind::Kill, _)) => die(),
                        Some((Kind::Full, _)) if written > 0 => return written,
                        _ => {}
                    }
                }
                match hit {
                    None if fault().kind == Kind::Short && is_interrupted() => return fail(EINTR),
                    None if fault().kind == Kind::Short => length = length.min(SHORT),
                    None => {}
                    Some((kind, _)) => return fail(kind.error()),
                }
            }
            unsafe { write(file, bytes, length $(, $argument)*) }
        }
    )*};
}
writing!(
    write "write" (),
    pwrite "pwrite" (offset: i64),
    pwrite64 "pwrite64" (offset: i64)
);

/// Bytes copied within the kernel count as written, and are never cut in two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_offset: *mut i64,
    to: c_int,
    to_offset: *mut i64,
    length: usize,
    flags: c_uint,
) -> isize {
    type Function = unsafe extern "C" fn(c_int, *mut i64, c_int, *mut i64, usize, c_uint) -> isize;
    if is_watched(to)
        && let Some(error) = outcome(Call::Write)
    {
        return fail(error);
    }
    let copy: Function = next!("copy_file_range");
    unsafe { copy(from, from_offset, to, to_offset, length, flags) }
}

/// Functions that change something and return 0: `by_file` take an open file, `by_path` a path.
macro_rules! changing {
    ($($by:ident $name:ident $text:literal ($place:ident: $type:ty $(, $argument:ident: $other:ty)*) $call:expr;)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($place: $type $(, $argument: $other)*) -> c_int {
            if changing!(@$by $place)
                && let Some(error) = outcome($call)
            {
                return fail(error);
            }
            let real: unsafe extern "C" fn($type $(, $other)*) -> c_int = next!($text);
            unsafe { real($place $(, $argument)*) }
        }
    )*};
    (@by_file $file:ident) => { is_watched($file) };
    (@by_path $path:ident) => { is_below($path) };
}

const NAMES: Call = Call::Change { is_of_names: true };
const CONTENT: Call = Call::Change { is_of_names: false };

changing!(
    by_file ftruncate "ftruncate" (file: c_int, length: i64) CONTENT;
    by_file ftruncate64 "ftruncate64" (file: c_int, length: i64) CONTENT;
    by_file fchmod "fchmod" (file: c_int, mode: c_uint) CONTENT;
    by_path chown "chown" (path: *const c_char, user: c_uint, group: c_uint) CONTENT;
    by_path mkdir "mkdir" (path: *const c_char, mode: c_uint) Call::Create { is_new: false };
    by_path unlink "unlink" (path: *const c_char) NAMES;
    by_path rename "rename" (from: *const c_char, to: *const c_char) NAMES;
    by_path link "link" (from: *const c_char, to: *const c_char) NAMES;
);

/// Flushes are counted but skipped: a killed process leaves the same files without them.
macro_rules! flushing {
    ($($name:ident),*) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(file: c_int) -> c_int {
            match is_watched(file).then(|| outcome(Call::Flush)).flatten() {
                Some(error) => fail(error),
                None => 0,
            }
        }
    )*};
}
flushing!(fsync, fdatasync);

#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(
    from: c_int,
    one: *const c_char,
    to: c_int,
    other: *const c_char,
) -> c_int {
    if is_below(one)
        && let Some(error) = outcome(NAMES)
    {
        return fail(error);
    }
    let rename: unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char) -> c_int =
        next!("renameat");
    unsafe { rename(from, one, to, other) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat2(
    from: c_int,
    one: *const c_char,
    to: c_int,
    other: *const c_char,
    flags: c_uint,
) -> c_int {
    type Function =
        unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char, c_uint) -> c_int;
    if is_below(one)
        && let Some(error) = outcome(NAMES)
    {
        return fail(error);
    }
    let rename: Function = next!("renameat2");
    unsafe { rename(from, one, to, other, flags) }
}

/// A point in time, as in libc.
#[repr(C)]
pub struct Time {
    seconds: i64,
    nanoseconds: c_long,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    let read: unsafe extern "C" fn(c_int, *mut Time) -> c_int = next!("clock_gettime");
    let result = unsafe { read(clock, time) };
    if result == 0 && fault().kind == Kind::Clock {
        let back = i64::try_from(CALLS.fetch_add(1, Ordering::SeqCst)).unwrap_or(0);
        // A clock that starts at boot does not go below zero.
        unsafe { (*time).seconds = ((*time).seconds - 10 * back).max(0) };
    }
    result
}
