#!/usr/bin/env python3
"""MinHash-LSH in Python packages on the lines of a file, beside the exact pairs that the bench prints.

    python3 -m venv peers && peers/bin/pip install datasketch==2.0.0 rensa==0.5.0 "datatrove[processing]==0.10.1"
    cargo bench --bench duplicates -- --text FILE --pairs > exact.tsv
    peers/bin/python benches/peers.py FILE exact.tsv

Times are processor time of this process. Shingling is Python's own and told apart; the packages get the same runs of five words.
"""
import re
import sys
import time

WORD = re.compile(r"[^\W_]+")
THRESHOLD, PERMUTATIONS = 0.8, 128


def shingles(line):
    words = WORD.findall(line.lower())
    return {" ".join(words[at:at + 5]) for at in range(len(words) - 4)}


def rensa_pairs(sets):
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    pairs = set()
    for number, members in enumerate(sets):
        if members:
            sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
            sketch.update(list(members))
            pairs.update((other, number) for other in index.query(sketch))
            index.insert(number, sketch)
    return pairs


def datasketch_pairs(sets):
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pairs = set()
    for number, members in enumerate(sets):
        if members:
            sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
            sketch.update_batch([member.encode() for member in members])
            pairs.update((other, number) for other in index.query(sketch))
            index.insert(number, sketch)
    return pairs


def datatrove_pairs(lines):
    """datatrove's own stages, with its defaults (14 buckets of 8 hashes, 5-grams); words as here, since its tokeniser wants models
    that it downloads."""
    import glob
    import struct
    import tempfile

    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashConfig, MinhashDedupBuckets, MinhashDedupSignature

    class Words:
        def word_tokenize(self, text):
            return WORD.findall(text)

    class Signature(MinhashDedupSignature):
        word_tokenizer = Words()

    folder, config = tempfile.mkdtemp(), MinhashConfig()
    signature = Signature(output_folder=folder + "/signatures", config=config)
    documents = (Document(text=line, id=str(number)) for number, line in enumerate(lines))
    signature.run(documents, rank=0, world_size=1)
    for bucket in range(config.num_buckets):
        buckets = MinhashDedupBuckets(folder + "/signatures", folder + "/buckets", config=config)
        buckets.run(rank=bucket, world_size=config.num_buckets)
    pairs = set()
    for path in glob.glob(folder + "/buckets/*.dups"):
        for _, first, _, second in struct.iter_unpack("<4I", open(path, "rb").read()):
            pairs.add((min(first, second), max(first, second)))
    return pairs


def main():
    lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
    size = sum(len(line.encode()) for line in lines) / 1e6
    exact = {tuple(map(int, line.split("\t")[:2])) for line in open(sys.argv[2])}
    start = time.process_time()
    sets = [shingles(line) for line in lines]
    print(f"{len(lines)} lines, {size:.1f} MB, {len(exact)} pairs; shingling {time.process_time() - start:.2f} s")
    for name, pairs_of, given in [
        ("rensa", rensa_pairs, sets),
        ("datasketch", datasketch_pairs, sets),
        ("datatrove", datatrove_pairs, lines),
    ]:
        start = time.process_time()
        try:
            pairs = pairs_of(given)
        except ImportError as error:
            print(f"{name}: skipped, not installed: {error}")
            continue
        took = time.process_time() - start
        print(f"{name:<12}{took:8.2f} s {size / took:8.1f} MB/s  {len(pairs & exact)} of {len(exact)} pairs found, "
              f"{len(pairs - exact)} others reported")


if __name__ == "__main__":
    main()
