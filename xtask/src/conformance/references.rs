//! The implementations to compare with, and how to run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

/// An implementation.
pub(super) struct Reference {
    pub(super) name: &'static str,
    /// Its name and version in the report.
    pub(super) version: &'static str,
    /// Values that differ by less are equal.
    pub(super) tolerance: f64,
    /// How to run it.
    kind: Kind,
    /// The folder of its checkout in the sources.
    checkout: &'static str,
    /// The files or folders with its filter tests there.
    tests: &'static [&'static str],
}

enum Kind {
    /// Packages on PyPI; the first ones are installed without dependencies.
    Packages { alone: &'static [&'static str], others: &'static [&'static str] },
    /// The checkout, with packages from PyPI.
    Checkout(&'static [&'static str]),
    /// Not run here: its results are a file in the sources.
    Results,
}

/// The tolerance for values in double precision, and in single precision.
const DOUBLE: f64 = 1e-9;
const SINGLE: f64 = 1e-6;

pub(super) const REFERENCES: [Reference; 5] = [
    Reference {
        name: "datatrove",
        version: "datatrove 0.10.1",
        tolerance: DOUBLE,
        kind: Kind::Packages {
            alone: &[],
            others: &["datatrove==0.10.1", "spacy==3.8.18", "nltk", "fasteners", "numpy"],
        },
        checkout: "datatrove",
        tests: &["tests/pipeline/filters/test_filters.py"],
    },
    Reference {
        name: "dolma",
        version: "dolma 1.2.1",
        tolerance: DOUBLE,
        kind: Kind::Packages { alone: &[], others: &["dolma==1.2.1"] },
        checkout: "dolma",
        tests: &["tests/python/test_gopher.py", "tests/python/test_c4.py"],
    },
    Reference {
        name: "nemo-curator",
        version: "nemo-curator 1.4.0",
        tolerance: DOUBLE,
        // Its dependencies take gigabytes and need a GPU.
        kind: Kind::Packages { alone: &["nemo-curator==1.4.0"], others: &["loguru", "regex"] },
        checkout: "Curator",
        tests: &["tests/stages/text/modules/test_filters.py"],
    },
    Reference {
        name: "redpajama",
        version: "RedPajama-Data, commit 6d2cee9",
        tolerance: DOUBLE,
        kind: Kind::Checkout(&["nltk==3.8.1", "numpy", "msgspec", "typing_extensions"]),
        checkout: "RedPajama-Data",
        tests: &[],
    },
    Reference {
        name: "datamap-rs",
        version: "datamap-rs, commit f771794",
        tolerance: SINGLE,
        kind: Kind::Results,
        checkout: "datamap-rs",
        tests: &["tests/map_fxn_tests"],
    },
];

impl Reference {
    /// Writes the texts in its tests to a file below `target`. Returns the file, or `None` if the
    /// sources do not have its tests.
    pub(super) fn test_texts(
        &self,
        target: &Path,
        sources: Option<&Path>,
    ) -> Result<Option<PathBuf>> {
        let Some(checkout) = sources.map(|sources| sources.join(self.checkout)) else {
            return Ok(None);
        };
        let mut files = Vec::new();
        for test in self.tests {
            let path = checkout.join(test);
            match path.is_dir() {
                true => {
                    for entry in fs::read_dir(path)? {
                        files.push(entry?.path());
                    }
                }
                false if path.exists() => files.push(path),
                false => {}
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        files.sort();
        let output =
            Command::new(interpreter()).arg("scripts/test_texts.py").args(&files).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let texts = target.join(format!("tests-{}.jsonl", self.name));
        fs::write(&texts, output.stdout)?;
        Ok(Some(texts))
    }

    /// Runs the implementation on the pages in a file, installing it if necessary. Returns its
    /// lines, or `None` if the sources lack its checkout or results.
    pub(super) fn run(
        &self,
        target: &Path,
        pages: &Path,
        sources: Option<&Path>,
    ) -> Result<Option<Vec<String>>> {
        let stem = pages.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = sources.map(|sources| sources.join(self.checkout));
        let (results, source) = match (&self.kind, source) {
            (Kind::Packages { alone, others }, _) => {
                self.install(target, alone, others)?;
                (target.join(format!("{}-{stem}.jsonl", self.name)), None)
            }
            (Kind::Checkout(packages), Some(source)) if source.exists() => {
                self.install(target, &[], packages)?;
                (target.join(format!("{}-{stem}.jsonl", self.name)), Some(source))
            }
            (Kind::Results, Some(source)) => {
                let results = source.with_file_name(format!("{}-{stem}.jsonl", self.name));
                if !results.exists() {
                    eprintln!("{} lacks results for {}", results.display(), pages.display());
                    return Ok(None);
                }
                (results, None)
            }
            _ => {
                eprintln!("{} is left out: --sources has no {}", self.name, self.checkout);
                return Ok(None);
            }
        };
        if !matches!(self.kind, Kind::Results) {
            let status = Command::new(self.python(target))
                .args(["scripts/conformance.py", self.name])
                .args([pages, &results, &target.join("sets.json")])
                .args(source)
                .status()?;
            ensure!(status.success(), "scripts/conformance.py fails for {}", self.name);
        }
        let text = fs::read_to_string(&results)?;
        Ok(Some(text.lines().map(str::to_owned).collect()))
    }

    fn python(&self, target: &Path) -> PathBuf {
        target.join(self.name).join("bin").join("python")
    }

    fn install(&self, target: &Path, alone: &[&str], others: &[&str]) -> Result<()> {
        let folder = target.join(self.name);
        let installed = folder.join("installed");
        if installed.exists() {
            return Ok(());
        }
        let interpreter = interpreter();
        let venv = Command::new(&interpreter).args(["-m", "venv"]).arg(&folder).status();
        ensure!(
            venv.is_ok_and(|status| status.success()),
            "{interpreter} cannot create {}; set PYTHON to Python 3.11 with venv",
            folder.display()
        );
        for (packages, options) in [(alone, &["--no-deps"][..]), (others, &[])] {
            if packages.is_empty() {
                continue;
            }
            let pip = Command::new(self.python(target))
                .args(["-m", "pip", "install", "--quiet"])
                .args(options)
                .args(packages)
                .status()?;
            ensure!(pip.success(), "pip cannot install {}", packages.join(" "));
        }
        fs::write(&installed, "")?;
        Ok(())
    }
}

fn interpreter() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3.11".into())
}
