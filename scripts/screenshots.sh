#!/bin/sh
# Writes the pictures in docs/images: findings in a terminal, the HTML report and a review, each of the seeds.
# Usage: scripts/screenshots.sh [DECHAFF]. Needs chromium and python3.
set -eu
cd "$(dirname "$0")/.."
dechaff=$(realpath "${1:-target/release/dechaff}")
folder=$(mktemp -d)
review=
trap 'test -z "$review" || kill "$review"; rm -rf "$folder"' EXIT
mkdir -p docs/images
cp -r seeds "$folder/seeds"

# screenshot NAME WIDTH HEIGHT URL
screenshot() {
    chromium --headless --no-sandbox --hide-scrollbars --window-size="$2,$3" \
        --screenshot="$PWD/docs/images/$1.png" "$4"
}

{
    printf '$ \033[1mdechaff check seeds/004* --select BP001,SY001\033[0m\n'
    COLUMNS=100 "$dechaff" check seeds/004* --exit-zero --color always --select BP001,SY001
} | python3 scripts/terminal_page.py >"$folder/terminal.html"
screenshot terminal 900 1160 "file://$folder/terminal.html"

"$dechaff" check seeds -q --exit-zero --output-format html --output-file "$folder/report.html"
screenshot report 1120 1500 "file://$folder/report.html"

(cd "$folder" && exec "$dechaff" review seeds) >"$folder/review.log" &
review=$!
until address=$(grep -o 'http://[^ ]*' "$folder/review.log"); do sleep 0.1; done
screenshot review 1120 900 "$address"
