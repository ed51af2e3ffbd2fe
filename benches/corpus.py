"""Generates a corpus shard of any size, for measuring time and memory.

    python benches/corpus.py SIZE FILE      # 10MB, 2GB; FILE ends in .jsonl, .jsonl.gz, .jsonl.zst or .parquet

Documents have one to twenty paragraphs of random words from the seed articles. Every third document has noise from a small set, and
one paragraph in fifty is a duplicate. After 32 MB, the paragraphs are repeated with a different permutation of letters each time, so
that the words are new. SIZE is in bytes of JSON Lines. The output is deterministic. `.zst` and `.parquet` need pyarrow.
"""

import gzip
import json
import pathlib
import random
import re
import sys

UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
NOISE = ["Leave a Comment", "Share this post", "Read more: ten places to see this summer", "Subscribe to our newsletter",
         "| a | b |\n|---|---|\n| 1 |", "All rights reserved."]

size, path = sys.argv[1], pathlib.Path(sys.argv[2])
size = int(size[:-2]) * UNITS[size[-2:].upper()]
seeds = pathlib.Path(__file__).parent.parent / "seeds"
words = sorted({word for seed in seeds.glob("*.txt") for word in re.findall(r"[A-Za-z]{2,12}", seed.read_text())})
random.seed(7)


def paragraphs():
    earlier = []
    while True:
        drawn = random.choices(words, k=120_000)
        at = 0
        while at + 120 < len(drawn):
            length = random.randrange(20, 110)
            text = " ".join(drawn[at : at + length]).capitalize() + "."
            at += length
            yield text
            if random.random() < 0.02 and earlier:
                yield random.choice(earlier)
            if len(earlier) < 5_000:
                earlier.append(text)


def texts():
    """Yields lists of paragraphs, one per document."""
    pool, drawn, held = paragraphs(), [], 0
    while held < 32 << 20:
        drawn.append([next(pool) for _ in range(random.randrange(1, 21))])
        held += sum(map(len, drawn[-1]))
        yield drawn[-1]
    letters = "abcdefghijklmnopqrstuvwxyz"
    while True:
        exchanged = "".join(random.sample(letters, len(letters)))
        table = str.maketrans(letters + letters.upper(), exchanged + exchanged.upper())
        for document in drawn:
            yield [paragraph.translate(table) for paragraph in document]


def records():
    written = 0
    for index, parts in enumerate(texts()):
        if written >= size:
            return
        if index % 3 == 0:
            parts = [*parts, random.choice(NOISE)]
        record = {"id": f"doc-{index}", "text": "\n\n".join(parts), "source": "generated", "score": index / 7}
        line = json.dumps(record) + "\n"
        written += len(line)
        yield record, line


def lines(output):
    for _, line in records():
        output.write(line.encode())


if path.suffix == ".parquet":
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([("id", pyarrow.string()), ("text", pyarrow.string()), ("source", pyarrow.string()),
                             ("score", pyarrow.float64())])
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        batch = []
        for record, _ in records():
            batch.append(record)
            if len(batch) == 10_000:
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pyarrow.Table.from_pylist(batch, schema))
elif path.suffix == ".zst":
    import pyarrow

    with pyarrow.CompressedOutputStream(str(path), "zstd") as output:
        lines(output)
elif path.suffix == ".gz":
    with gzip.open(path, "wb", compresslevel=6) as output:
        lines(output)
else:
    with open(path, "wb") as output:
        lines(output)
