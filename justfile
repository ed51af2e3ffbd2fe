# Everyday commands; `just` lists them. See https://just.systems.

# List the commands.
default:
    @just --list

# Check texts with a debug build: `just check seeds`.
check *arguments:
    cargo run --quiet -- check {{arguments}}

# Test the rules and their examples, which takes seconds.
rules *filter:
    cargo test --test rules {{filter}}

# Run one module of the integration tests: `just test undo::`.
test filter="":
    cargo test --test it {{filter}}

# Run everything that continuous integration runs.
ci:
    .ci/run

# Format all sources, including modules that macros declare.
format:
    rustfmt --edition 2024 $(git ls-files '*.rs')

# Lint all targets with warnings denied.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Regenerate docs, the configuration schema, the golden summary and command transcripts. Read the diff.
update:
    UPDATE_DOCS=1 cargo test --test it docs::
    UPDATE_DOCS=1 cargo test --test it readme::
    UPDATE_SCHEMA=1 cargo test --test it gate::
    UPDATE_GOLDEN=1 cargo test --test it golden::
    TRYCMD=overwrite cargo test --test it cli::

# Measure speed on the seed articles.
bench *arguments:
    cargo bench --bench check {{arguments}}

# Measure what safe fixes delete from clean text.
harm *arguments:
    cargo xtask harm {{arguments}}

# Run one fuzz target for a minute: `just fuzz documents`. `cargo xtask fuzz MINUTES` runs all of them.
fuzz target="documents":
    DECHAFF_SEEDS=fuzz/corpus/{{target}} cargo +nightly fuzz run -s none --debug-assertions {{target}} -- -max_total_time=60

# Build the Python module in a virtual environment and test it.
python *arguments:
    python3 -m venv target/python
    target/python/bin/pip install --quiet maturin mypy pyarrow pytest
    CARGO_TARGET_DIR=target VIRTUAL_ENV="$PWD/target/python" target/python/bin/maturin develop --quiet --locked --profile dev
    target/python/bin/python -m pytest python/tests {{arguments}}

# Install the hosts of the Python adapters (several GB), and run all Python tests on 1,000 pages.
hosts *directory:
    scripts/hosts.sh {{directory}}

# Test the HTML report and `dechaff review` in Chromium; screenshots go to target/browser.
browser:
    cargo build
    npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
    npm test --prefix tests/browser

# Check licences, advisories and sources of dependencies.
deny:
    cargo deny check

# Build the binary for release.
dist:
    cargo build --profile dist --features full --locked
