#!/usr/bin/env python3
"""Generates a corpus of any size from a small one, for measuring.

    python3 benches/grow.py OUT [--from FOLDER] [--megabytes 1000] [--per-file KILOBYTES | --one-line]

The texts of FOLDER (default: the seed articles) are repeated with changes: in lines of eight words or more, one word in four is replaced
with another word of the corpus, so that paragraphs are not copies of each other. Shorter lines, such as headings and page chrome, are
unchanged. The output is deterministic.
"""
import argparse
import os
import random
import sys

ENDINGS = (".txt", ".md", ".markdown")


def texts_of(folder):
    for path, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(ENDINGS):
                with open(os.path.join(path, name), encoding="utf-8", errors="replace", newline="") as file:
                    yield os.path.splitext(name)[1], file.read()


def changed(text, words, chance):
    lines = []
    for line in text.split("\n"):
        parts = line.split(" ")
        if len(parts) >= 8:
            parts = [chance.choice(words) if part.isalpha() and chance.random() < 0.25 else part for part in parts]
        lines.append(" ".join(parts))
    return "\n".join(lines)


def main():
    seeds = os.path.join(os.path.dirname(__file__), "..", "seeds")
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out")
    arguments.add_argument("--from", dest="source", default=seeds)
    arguments.add_argument("--megabytes", type=float, default=1000)
    arguments.add_argument("--per-file", type=float, default=0, help="join texts to files of so many kilobytes")
    arguments.add_argument("--one-line", action="store_true", help="one file of one line")
    given = arguments.parse_args()

    texts = list(texts_of(given.source))
    if not texts:
        sys.exit(f"no texts in {given.source}")
    words = sorted({word for _, text in texts for word in text.split(" ") if word.isalpha()})
    chance = random.Random(1)
    left, number, joined, size = given.megabytes * 1e6, 0, [], 0
    os.makedirs(given.out, exist_ok=True)

    def write(ending, text):
        nonlocal number
        number += 1
        folder = os.path.join(given.out, f"{number // 1000:04}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{number:07}{ending}"), "w", encoding="utf-8", newline="") as file:
            file.write(text)

    repeat = 0
    while left > 0:
        for ending, text in texts:
            text = text if repeat == 0 else changed(text, words, chance)
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
