#!/bin/sh
# Writes docs/images/report.png: the HTML report on the seeds, as a browser shows it.
# Usage: scripts/screenshots.sh [DECHAFF]. Needs chromium.
set -eu
cd "$(dirname "$0")/.."
dechaff=$(realpath "${1:-target/release/dechaff}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$dechaff" check seeds -q --exit-zero --output-format html --output-file "$folder/report.html"
mkdir -p docs/images
chromium --headless --no-sandbox --hide-scrollbars --window-size=1120,1500 \
    --screenshot="$PWD/docs/images/report.png" "file://$folder/report.html"
