#!/usr/bin/env python3
"""Generates a corpus of any size from a small one, for measuring.

    python3 benches/grow.py OUT [--from FOLDER] [--megabytes 1000] [--per-file KILOBYTES | --one-line]
    python3 benches/grow.py OUT --records SHARDS [--from FOLDER] [--megabytes 1000]

The texts of FOLDER (default: the seed articles) are repeated with changes: in lines of eight words or more, one word in four is replaced
with another word of the corpus, so that paragraphs are not copies of each other. Shorter lines, such as headings and page chrome, are
unchanged. With --records, the output is SHARDS files of JSON Lines. 3 % of their documents are copies of earlier ones, 5 % are copies
with one word in fifty replaced, and a third have a paragraph of an earlier one. The output is deterministic.
"""
import argparse
import json
import math
import os
import random
import sys

ENDINGS = (".txt", ".md", ".markdown")
# Number of random numbers to draw. They are reused from different starting points.
DRAWN = 1_000_003
# Number of earlier documents that texts are copied from.
EARLIER = 20_000


def texts_of(folder):
    for path, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(ENDINGS):
                with open(os.path.join(path, name), encoding="utf-8", errors="replace", newline="") as file:
                    yield os.path.splitext(name)[1], file.read()


class Template:
    """A text, split at the words that may be replaced."""

    def __init__(self, text):
        self.parts, self.replaceable = [], []
        for line in text.split("\n"):
            words = line.split(" ")
            if len(words) >= 8:
                first = len(self.parts)
                # The line feed belongs to the last word.
                self.replaceable += [first + at for at, word in enumerate(words[:-1]) if word.isalpha()]
            words[-1] += "\n"
            self.parts += words
        if self.parts:
            self.parts[-1] = self.parts[-1][:-1]


class Changes:
    """Replaces random words."""

    def __init__(self, words, chance):
        self.chance = chance
        self.words = chance.choices(words, k=DRAWN)
        self.gaps = {odds: self.draw_gaps(1 / odds) for odds in (4, 50)}

    def draw_gaps(self, share):
        """Returns distances between replaced words, which are chosen with probability `share`."""
        return [1 + int(math.log(1 - self.chance.random()) / math.log(1 - share)) for _ in range(DRAWN)]

    def changed(self, template, odds):
        """Returns the text with one word in `odds` replaced."""
        parts, replaceable = template.parts.copy(), template.replaceable
        count = len(replaceable)
        gap, word = (self.chance.randrange(max(DRAWN - count, 1)) for _ in range(2))
        at = -1
        for gap, word in zip(self.gaps[odds][gap : gap + count], self.words[word : word + count]):
            at += gap
            if at >= count:
                break
            parts[replaceable[at]] = word
        # A line feed replaces the blank.
        return " ".join(parts).replace("\n ", "\n")


def write_records(out, shards, size, texts, changes):
    """Writes about `size` bytes of JSON Lines."""
    chance = changes.chance
    templates = [Template(text) for _, text in texts]
    files = [open(os.path.join(out, f"{number:04}.jsonl"), "w", encoding="utf-8") for number in range(shards)]
    earlier = []
    left, number = size, 0
    while left > 0:
        template = templates[number % len(templates)]
        drawn = chance.random()
        if earlier and drawn < 0.08:
            text = chance.choice(earlier)
            if drawn >= 0.03:
                text = changes.changed(Template(text), 50)
        else:
            text = changes.changed(template, 4)
            if earlier and chance.random() < 1 / 3:
                paragraphs = chance.choice(earlier).split("\n\n")
                text += "\n\n" + chance.choice(paragraphs)
        if len(earlier) < EARLIER:
            earlier.append(text)
        else:
            earlier[chance.randrange(EARLIER)] = text
        record = json.dumps({"id": number, "text": text}, ensure_ascii=False)
        left -= files[number % shards].write(record) + 1
        files[number % shards].write("\n")
        number += 1
    for file in files:
        file.close()


def main():
    seeds = os.path.join(os.path.dirname(__file__), "..", "seeds")
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out")
    arguments.add_argument("--from", dest="source", default=seeds)
    arguments.add_argument("--megabytes", type=float, default=1000)
    arguments.add_argument("--per-file", type=float, default=0, help="join texts to files of so many kilobytes")
    arguments.add_argument("--one-line", action="store_true", help="one file of one line")
    arguments.add_argument("--records", type=int, metavar="SHARDS", default=0, help="write JSON Lines with copies")
    given = arguments.parse_args()

    texts = list(texts_of(given.source))
    if not texts:
        sys.exit(f"no texts in {given.source}")
    words = sorted({word for _, text in texts for word in text.split(" ") if word.isalpha()})
    changes = Changes(words, random.Random(1))
    os.makedirs(given.out, exist_ok=True)
    if given.records:
        return write_records(given.out, given.records, given.megabytes * 1e6, texts, changes)
    left, number, joined, size = given.megabytes * 1e6, 0, [], 0

    def write(ending, text):
        nonlocal number
        number += 1
        folder = os.path.join(given.out, f"{number // 1000:04}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{number:07}{ending}"), "w", encoding="utf-8", newline="") as file:
            file.write(text)

    repeat = 0
    templates = [(ending, text, Template(text)) for ending, text in texts]
    while left > 0:
        for ending, text, template in templates:
            text = text if repeat == 0 else changes.changed(template, 4)
            bytes_of_text = len(text.encode())
            left -= bytes_of_text
            if given.per_file or given.one_line:
                joined.append(text.replace("\n", " ") if given.one_line else text)
                size += bytes_of_text
                if given.per_file and size >= given.per_file * 1000:
                    write(ending, "\n".join(joined))
                    joined, size = [], 0
            else:
                write(ending, text)
            if left <= 0:
                break
        repeat += 1
    if joined:
        write(".txt", (" " if given.one_line else "\n").join(joined))


if __name__ == "__main__":
    main()
