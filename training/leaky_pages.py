"""Writes articles as a poor extractor leaves them, with some of the noise around and within the text.

usage: leaky_pages.py DIR

Reads DIR/lines/full.jsonl.gz, the whole bodies of labelled pages, and writes DIR/lines/leaky.jsonl.gz. A good extractor leaves about
two lines of noise per page, which is too little to train on, while a whole body has about a hundred. Each page written here
contains the text of an article, a few lines from directly before it, a run of lines from after it, and none, some or all of the noise
between its paragraphs.
"""

import gzip
import json
import pathlib
import random
import sys

SOURCES = {"aeb", "news4k", "wcxb"}
MIN_CONTENT_LINES = 4
VARIANTS = 3
# The average number of lines kept before and after the text.
BEFORE, AFTER = 3, 10
# The share of noise lines within the text that a variant keeps.
WITHIN = [0, 0.3, 1]
# The probability that the lines after the text directly follow it, and the maximum number of lines skipped otherwise.
NEXT_TO_TEXT, MAX_GAP = 0.6, 30


def geometric(source, mean):
    """Returns a random number with a geometric distribution."""
    count = 0
    while source.random() > 1 / (mean + 1):
        count += 1
    return count


def kept_lines(labels, source):
    """Returns the numbers of the lines that a variant of a page keeps, in ascending order."""
    numbers = sorted(labels)
    content = [number for number in numbers if labels[number]["label"] == "content"]
    first, last = content[0], content[-1]
    share = source.choice(WITHIN)
    within = [
        number
        for number in numbers
        if first <= number <= last and (labels[number]["label"] != "noise" or source.random() < share)
    ]
    before = [number for number in numbers if number < first]
    after = [number for number in numbers if number > last]
    count = geometric(source, BEFORE)
    before = before[len(before) - count :] if count else []
    gap = 0 if source.random() < NEXT_TO_TEXT else source.randrange(max(1, min(MAX_GAP, len(after))))
    return before + within + after[gap : gap + geometric(source, AFTER)]


def variants(page, source):
    """Yields the variants of a page in the format of the labelled pages."""
    labels = {line["n"]: line for line in page["lines"]}
    if sum(line["label"] == "content" for line in page["lines"]) < MIN_CONTENT_LINES:
        return
    text = page["text"].split("\n")
    for variant in range(VARIANTS):
        kept = kept_lines(labels, source)
        lines = [{**labels[number], "n": position} for position, number in enumerate(kept, 1)]
        yield {
            **{key: page[key] for key in ("source", "lang", "domain")},
            "id": f"{page['id']}:{variant}",
            "track": "leaky",
            "text": "\n".join(text[number - 1] for number in kept),
            "lines": lines,
        }


def main():
    folder = pathlib.Path(sys.argv[1]) / "lines"
    source = random.Random(7)
    with gzip.open(folder / "full.jsonl.gz", "rt", encoding="utf-8") as pages, open(folder / "leaky.jsonl.gz", "wb") as file:
        # Without a time, the same input gives the same bytes.
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as target:
            for page in map(json.loads, pages):
                if page["source"] in SOURCES:
                    for variant in variants(page, source):
                        target.write((json.dumps(variant, ensure_ascii=False) + "\n").encode())


if __name__ == "__main__":
    main()
