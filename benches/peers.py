#!/usr/bin/env python3
"""Compares MinHash-LSH in Python packages with the exact pairs that the benchmark prints, on the lines of a file.

    python3 -m venv peers
    peers/bin/pip install datasketch==2.0.0 rensa==0.5.0 "datatrove[processing]==0.10.1" spacy text-dedup==0.4.0
    cargo bench --bench duplicates -- --text FILE --pairs > exact.tsv
    peers/bin/python benches/peers.py FILE exact.tsv

Times are processor time of this process. Shingling in Python is reported separately; rensa and datasketch get the same five-word
shingles, datatrove and text-dedup create their own. The last two report clusters instead of pairs: two lines of a cluster count as a pair.
"""
import itertools
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
    """Runs datatrove's stages with its defaults (14 buckets of 8 hashes, 5-grams), but with the words used here, because its
    tokeniser needs to download models."""
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
    edges = []
    for path in glob.glob(folder + "/buckets/*.dups"):
        for _, first, _, second in struct.iter_unpack("<4I", open(path, "rb").read()):
            edges.append((first, second))
    return clustered(edges)


def text_dedup_pairs(lines):
    """Runs text-dedup's functions with its defaults, except for 128 permutations, 5-grams and no minimum length, in one
    process; its program does the same through a dataset on disk."""
    from collections import defaultdict

    from text_dedup import minhash
    from text_dedup.utils import optimal_param, sha1_hash

    import numpy

    bands, rows = optimal_param(THRESHOLD, PERMUTATIONS, false_positive_weight=0.5, false_negative_weight=0.5)
    ranges = [(band * rows, (band + 1) * rows) for band in range(bands)]
    kind, most, prime = numpy.uint64, numpy.uint32((1 << 32) - 1), numpy.uint64((1 << 61) - 1)
    random = numpy.random.RandomState(1)
    permutations = tuple(random.randint(low, prime, size=(PERMUTATIONS,), dtype=kind) for low in (1, 0))
    tables, edges = [defaultdict(list) for _ in ranges], []
    for number, line in enumerate(lines):
        if len(WORD.findall(line)) < 5:
            continue
        embedded = minhash.embed_func(
            line, number, num_perm=PERMUTATIONS, ngram_size=5, min_length=0, hashranges=ranges, permutations=permutations,
            hash_func=lambda text: sha1_hash(text, d=32), dtype=kind, max_hash=most, modulo_prime=prime)
        for table, band in zip(tables, embedded[minhash.SIGNATURE_COLUMN]):
            table[band].append(number)
    for table in tables:
        for cluster in table.values():
            edges.extend((cluster[0], other) for other in cluster[1:])
    return clustered(edges)


def clustered(edges):
    """Returns all pairs within clusters."""
    root = {}

    def find(one):
        while root.setdefault(one, one) != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for one, other in edges:
        low, high = sorted((find(one), find(other)))
        root[high] = low
    clusters = {}
    for one in root:
        clusters.setdefault(find(one), []).append(one)
    return {pair for members in clusters.values() for pair in itertools.combinations(sorted(members), 2)}


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
        ("text-dedup", text_dedup_pairs, lines),
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
