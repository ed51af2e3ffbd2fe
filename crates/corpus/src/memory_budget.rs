//! Divides the memory for comparing documents.

/// The memory for comparing documents, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct MemoryBudget {
    /// All of it.
    pub total: usize,
    /// For sketches; later ones go to a temporary file.
    pub sketches: usize,
    /// For comparing the sketches.
    pub comparison: usize,
    /// For documents that are kept for the next pass.
    pub documents: usize,
    /// For texts that cannot be read again; later ones go to a temporary file.
    pub texts: usize,
}

impl MemoryBudget {
    /// Divides `total` bytes, by default a quarter of the free memory.
    pub fn new(total: Option<usize>) -> Self {
        let total = total.unwrap_or_else(default_memory);
        let share = total / 9;
        Self {
            total,
            sketches: 3 * share,
            comparison: 4 * share,
            documents: 2 * share,
            texts: share,
        }
    }
}

/// Returns a quarter of the free memory in bytes.
fn default_memory() -> usize {
    const DEFAULT_MEMORY: usize = 1 << 30;
    free_memory().map_or(DEFAULT_MEMORY, |free| free / 4)
}

/// Returns the free memory in bytes, if the system reports it.
fn free_memory() -> Option<usize> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: usize = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
