#!/usr/bin/env bash
# Installs the hosts of the Python adapters, which takes some 9 GB, and runs all Python tests with them on 1,000 pages.
# usage: scripts/hosts.sh [DIRECTORY]    for the virtual environments, by default target/hosts; existing ones are brought up to date
# PySpark needs Java 17. Dolma needs a Python before 3.13.
set -euo pipefail
cd "$(dirname "$0")/.."
environments=$(realpath -m "${1:-target/hosts}")
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}" DECHAFF_TEST_PAGES="${DECHAFF_TEST_PAGES:-1000}"

java -version >/dev/null 2>&1 || { echo "PySpark needs Java 17, and no java is on the path" >&2; exit 2; }
python3 -m venv "$environments/tools"
"$environments/tools/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9 maturin==1.16.0
uv=$environments/tools/bin/uv
rm -rf "$environments/wheels"
"$environments/tools/bin/maturin" build --quiet --release --locked --interpreter python3 --out "$environments/wheels"

# run NAME MODULES TESTS PACKAGES...: tests in an environment of its own; MODULES must be importable there.
run() {
    local name=$1 modules=$2 tests=$3 python=$environments/$1/bin/python
    shift 3
    printf '\n== %s\n' "$name"
    test -x "$python" || "$uv" venv --quiet --python '>=3.11,<3.13' "$environments/$name"
    "$uv" pip install --quiet --python "$python" pytest==9.2.0 "$@"
    "$uv" pip install --quiet --python "$python" --reinstall-package dechaff "$environments"/wheels/*.whl
    "$python" -c "import $modules"
    # shellcheck disable=SC2086 # several paths
    "$python" -m pytest -q -rs --durations=5 $tests
}

others="--ignore=python/tests/hosts/test_dolma.py --ignore=python/tests/hosts/test_nemo.py"
run main "datasets, datatrove, pandas, polars, pyspark, ray.data" "python/tests $others" \
    mypy==2.4.1 pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 datasets==5.2.0 'datatrove[io,processing]==0.10.1' pyspark==4.3.0 'ray[data]==2.60.0'
# These need versions of their own of what the others use.
run dolma "dolma" "python/tests/hosts/test_dolma.py python/tests/test_docs.py" pyarrow==21.0.0 dolma==1.2.1
run nemo "nemo_curator" "python/tests/hosts/test_nemo.py python/tests/test_docs.py" pyarrow==26.0.1 nemo-curator==1.4.0
