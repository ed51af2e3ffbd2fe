"""Generates pages with boilerplate, duplicates, broken tables and text outside ASCII."""

from __future__ import annotations

import random
from pathlib import Path

ROOT = Path(__file__).parents[2]

WORDS = (
    "river council harbour engine market winter village teacher garden bridge station window letter "
    "captain morning forest doctor journey evening question summer mountain kitchen minister factory "
    "measured announced repaired painted discussed opened visited described planned carried finished "
    "quietly slowly twice often together nearby recently carefully almost never between across against"
).split()
ODD = ["“quoted”", "naïve", "東京", "😀👍🏽", "e\u0301tude", "Zürich", "Ω", "\u200bhidden"]
NOISE = [
    "Leave a Comment",
    "Share on Facebook",
    "Subscribe to our newsletter",
    "All rights reserved.",
    "Accept all cookies",
    "Read more",
    "Skip to main content",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt.",
    "| Name | Year |\n|---|---|\n| Bridge | 1902 | extra |\n| Harbour |",
    "**Unclosed emphasis in a line of text",
]


def sentence(chance: random.Random) -> str:
    words = [chance.choice(WORDS) for _ in range(chance.randint(6, 18))]
    if chance.random() < 0.3:
        words.insert(chance.randrange(len(words)), chance.choice(ODD))
    return " ".join(words).capitalize() + "."


def pages(count: int, seed: int = 1) -> list[str]:
    """Returns pages, some of which share paragraphs or nearly do."""
    chance = random.Random(seed)
    pool = [" ".join(sentence(chance) for _ in range(chance.randint(2, 6))) for _ in range(count)]
    texts = []
    for number in range(count):
        parts = [f"# {sentence(chance)[:-1]}"]
        for _ in range(chance.randint(2, 7)):
            kind = chance.random()
            if kind < 0.25:
                parts.append(chance.choice(NOISE))
            elif kind < 0.5:
                paragraph = chance.choice(pool)
                parts.append(paragraph if chance.random() < 0.6 else paragraph.replace(chance.choice(WORDS), "other", 1))
            else:
                parts.append(" ".join(sentence(chance) for _ in range(chance.randint(2, 6))))
        if number % 5 == 0:
            parts.append(parts[-1])
        texts.append("\n\n".join(parts) + "\n")
    return texts


def corpus_pages(count: int, seed: int = 1) -> list[str]:
    """Returns pages in 24 languages: the seeds and the golden corpus, then pages made of their parts.

    Some pages share paragraphs or nearly do.
    """
    files = [*sorted(ROOT.glob("seeds/*.txt")), *sorted(ROOT.glob("tests/golden/*/*"))]
    texts = [path.read_bytes().decode() for path in files]
    parts = [text.split("\n\n") for text in texts]
    chance = random.Random(seed)
    while len(texts) < count:
        page = []
        for document in chance.choices(parts, k=chance.randint(1, 3)):
            start = chance.randrange(len(document))
            page += document[start : start + chance.randint(1, 6)]
        for _ in range(chance.randint(0, 2)):
            page.insert(chance.randint(0, len(page)), chance.choice(NOISE))
        if chance.random() < 0.3:
            near = chance.choice(page).split(" ")
            near[chance.randrange(len(near))] = chance.choice(ODD)
            page.insert(chance.randint(0, len(page)), " ".join(near))
        texts.append("\n\n".join(page).strip("\n") + "\n")
    return texts[:count]
