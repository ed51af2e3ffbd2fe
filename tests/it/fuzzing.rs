//! Runs the fuzz targets in `fuzz/` on fixed inputs: regressions, seeds, and a few mutations of
//! them. `cargo xtask fuzz` runs the same functions with coverage guidance.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use crate::planted::Random;
use targets::{TARGETS, Target};

/// The number of seeds per target that run unchanged. The others are only mutated.
const MAX_SEEDS: usize = 100;

fn folder(kind: &str, target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target.name)
}

/// Returns the files of a directory, sorted by name. A missing directory has none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Runs one input, and names it if the target panics.
fn run(target: &Target, input: &[u8], name: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        let path = std::env::temp_dir().join(format!("fuzz-{}", target.name));
        let kept =
            fs::write(&path, input).map(|()| format!("; the input is in {}", path.display()));
        eprintln!("{}: {name} fails{}", target.name, kept.unwrap_or_default());
        resume_unwind(panic);
    }
}

fn smoke(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    for path in files(&folder("regressions", target)) {
        run(target, &fs::read(&path).unwrap(), &path.to_string_lossy());
    }
    let mut seeds: Vec<Vec<u8>> =
        files(&folder("seeds", target)).iter().map(|path| fs::read(path).unwrap()).collect();
    seeds.extend((target.seeds)());
    assert!(!seeds.is_empty());
    for (number, seed) in seeds.iter().enumerate().step_by(seeds.len().div_ceil(MAX_SEEDS)) {
        run(target, seed, &format!("seed {number}"));
    }
    let mut random = Random(20_261_128);
    for number in 0..target.smoke_inputs {
        run(target, &mutated(&seeds, &mut random), &format!("mutation {number}"));
    }
}

/// Mutates a seed.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    const BYTES: &[u8] = b"\0\n\r \t|-#*>`<&\"\\{}[]=09aZ\xc3\xbc\xe2\x80\x8b\xff";
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(6) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(12)).min(input.len());
        match random.below(6) {
            0 => input.insert(at, BYTES[random.below(BYTES.len())]),
            1 => drop(input.drain(at..end)),
            2 => input.extend_from_within(at..end),
            3 => input.truncate(at.max(1)),
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                input.splice(at..at, other[from..other.len().min(from + 80)].iter().copied());
            }
            _ => {
                input[..].iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8))
            }
        }
    }
    input
}

macro_rules! smoke {
    ($($(#[$feature:meta])* $name:ident),*) => {$(
        $(#[$feature])*
        #[test]
        fn $name() {
            smoke(stringify!($name));
        }
    )*
        /// Every target has a test here and a binary, and no directories are left over.
        #[test]
        fn every_target_runs() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$($(#[$feature])* stringify!($name)),*]);
            let binaries: Vec<String> = files(&root.join("fuzz_targets"))
                .iter()
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            // The target of Arrow needs its feature.
            let has_target = |name: &str| cfg!(feature = "arrow") || name != "arrow";
            let binaries: Vec<&str> =
                binaries.iter().map(String::as_str).filter(|name| has_target(name)).collect();
            assert_eq!(binaries, names);
            for path in files(&root.join("seeds")).into_iter().chain(files(&root.join("regressions"))) {
                let name = path.file_name().unwrap().to_string_lossy();
                assert!(names.contains(&&*name) || !has_target(&name), "{}", path.display());
            }
        }
    };
}

smoke!(
    #[cfg(feature = "arrow")]
    arrow,
    configuration,
    documents,
    duplicates,
    index,
    lists,
    parquet,
    records,
    reports,
    rules,
    text,
    undo,
    undo_log
);
