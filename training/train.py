"""Trains the page kind estimate and the line model.

usage: train.py DUMP

Run it from the root of the repository after `cargo xtask dump DIR DUMP`. It writes crates/text/src/page/weights.rs and
crates/checks/src/classifier/weights.bin, and to target/folds/ the same trained without one fifth of the web sites each, for
`cargo xtask eval`. The features are computed in Rust; only those that depend on weights are filled in here. docs/model.md describes the model.
"""

import collections
import json
import pathlib
import struct
import sys

import lightgbm
import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

FOLDS = 5
SOURCES = {"aeb", "news4k", "wcxb"}
# Weights of pages: judged pages have the highest; labels of others come from aligning pages with extracts.
# The clean texts are made by `clean_texts.py`, the leaky pages by `leaky_pages.py`.
TRACK_WEIGHTS = {"kinds": 2.0, "residue-txt": 0.6, "residue-md": 0.15, "clean": 0.3, "leaky": 0.15}
# The words of whole pages are learned, too, but not the places of their lines. Each different line of a site counts once.
# Leaky pages have the same lines.
WORDS_ONLY = "full"
WORDS_ONLY_WEIGHT = 0.03
PLACES_ONLY = "leaky"
# The share of pages whose word features are hidden, as if the language were unknown.
FOREIGN_SHARE = 0.12
MIN_DOMAINS = 3
NOT_JUDGED = -9.0
TREES = 200
# The number of forests with different seeds; the model is their mean.
SEEDS = [1, 2]
GROWTH = {
    "objective": "binary",
    "num_leaves": 18,
    "learning_rate": 0.1,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.15,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "lambda_l2": 8,
    "max_bin": 31,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
    "num_threads": 1,
}
STEPS = [-3, -2, -1, 1, 2, 3]
NEAR_FEATURES = 10
NEAR_SCORE = 9


def fold_of(domain):
    """Returns the fold of a web site, as in `xtask/src/judge.rs`."""
    total = 0
    for byte in domain.encode():
        total = (total * 31 + byte) & 0xFFFFFFFF
    return total % 9973 % FOLDS


class Dump:
    """The pages and lines written by `cargo xtask dump`."""

    def __init__(self, folder):
        self.meta = json.loads((folder / "meta.json").read_text())
        self.pages = [json.loads(line) for line in (folder / "pages.jsonl").open()]
        columns = self.meta["columns"]
        units = np.fromfile(folder / "units.i32", dtype="<i4").reshape(-1, len(columns))
        self.unit = {name: units[:, index] for index, name in enumerate(columns)}
        self.whole, self.silenced = (
            np.fromfile(folder / name, dtype="<f4").reshape(-1, self.meta["features"])
            for name in ("whole.f32", "silenced.f32")
        )
        self.buckets = np.fromfile(folder / "buckets.u32", dtype="<u4")
        self.bucket_ends = np.concatenate([[0], np.cumsum(self.unit["grams"] + self.unit["phrases"])])
        self.page_ends = np.concatenate([[0], np.cumsum([page["units"] for page in self.pages])])
        self.page_of_unit = self.unit["page"]
        self.fold = np.array([fold_of(page["domain"]) for page in self.pages])
        self.track = np.array([page["track"] for page in self.pages])
        self.profile = np.array([page["profile"] for page in self.pages], dtype="f8")
        domains = {domain: number for number, domain in enumerate(sorted({page["domain"] for page in self.pages}))}
        self.domain = np.array([domains[page["domain"]] for page in self.pages])
        may_train = np.array([page["source"] in SOURCES and page["track"] in TRACK_WEIGHTS for page in self.pages])
        self.page_weight = np.array([TRACK_WEIGHTS.get(track, 0) for track in self.track]) * may_train
        is_labelled = (self.unit["label"] >= 0) & (self.unit["candidate"] == 1)
        self.weight = self.page_weight[self.page_of_unit] * is_labelled
        track = self.track[self.page_of_unit]
        self.word_weight = np.where(track == PLACES_ONLY, 0, self.weight)
        is_whole = (track == WORDS_ONLY) & is_labelled & may_train[self.page_of_unit]
        self.word_weight[is_whole] = WORDS_ONLY_WEIGHT / self.copies_in_site(np.nonzero(is_whole)[0])

    def copies_in_site(self, units):
        """Returns how many of `units` have the same site and the same buckets as each of them."""
        ends = self.bucket_ends
        keys = [
            (self.domain[self.page_of_unit[unit]], self.buckets[ends[unit] : ends[unit + 1]].tobytes()) for unit in units
        ]
        counts = collections.Counter(keys)
        return np.array([counts[key] for key in keys])

    def fold_of_unit(self):
        return self.fold[self.page_of_unit]

    def bucket_matrix(self):
        """Returns a matrix with a row per line and a column per bucket."""
        counts = np.column_stack([self.unit["grams"], self.unit["phrases"]])
        values = np.repeat(1 / np.sqrt(np.maximum(1, counts.ravel())), counts.ravel()).astype("f4")
        shape = (len(counts), 1 << self.meta["bucket_bits"])
        return scipy.sparse.csr_matrix((values, self.buckets.astype("i4"), self.bucket_ends), shape=shape)


def train_page_kinds(dump, mask):
    """Returns the weights and biases of a multinomial logistic regression over the profiles of the pages in `mask`."""
    kinds = dump.meta["kinds"]
    label = np.array([kinds.index(page["kind"]) if page["kind"] in kinds else 0 for page in dump.pages])
    is_judged = dump.track == "kinds"
    # The older sets are all articles.
    weight = np.where(is_judged, 1.0, np.where((dump.track == "residue-txt") & (dump.page_weight > 0), 0.1, 0))
    mask = mask & (weight > 0)
    scaler = StandardScaler().fit(dump.profile[mask & is_judged])
    model = LogisticRegression(C=0.2, max_iter=3000)
    model.fit(scaler.transform(dump.profile[mask]), label[mask], sample_weight=weight[mask])
    weights = model.coef_ / scaler.scale_
    return weights, model.intercept_ - (weights * scaler.mean_).sum(axis=1)


def page_kinds(dump, trained):
    weights, biases = trained
    evidence = dump.profile @ weights.T + biases
    evidence = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return evidence / evidence.sum(axis=1, keepdims=True)


def train_words(dump, matrix, mask):
    """Returns the bias, scale and one-byte weights of a logistic regression over hashed grams and phrases."""
    rows = np.nonzero(mask & (dump.word_weight > 0))[0]
    lines = matrix[rows]
    domain = np.repeat(dump.domain[dump.page_of_unit[rows]], np.diff(lines.indptr))
    pairs = np.unique(lines.indices.astype("i8") * len(dump.pages) + domain)
    domains = np.bincount(pairs // len(dump.pages), minlength=lines.shape[1])
    # Features of fewer sites do not generalise.
    kept = np.nonzero(domains >= MIN_DOMAINS)[0]
    model = LogisticRegression(C=1.0, solver="liblinear", max_iter=40, tol=3e-3, random_state=1)
    model.fit(lines[:, kept], dump.unit["label"][rows], sample_weight=dump.word_weight[rows])
    weights = np.zeros(lines.shape[1])
    weights[kept] = model.coef_[0]
    scale = max(np.abs(weights).max() / 127, 1e-6)
    return float(model.intercept_[0]), float(scale), np.round(weights / scale).astype("i1")


def word_scores(dump, matrix, words):
    """Returns the score of each line, and for each page the share of its buckets that have a weight."""
    bias, scale, weights = words
    scores = matrix @ (weights * scale) + bias
    known = np.concatenate([[0], np.cumsum((weights != 0)[matrix.indices])])
    ends = dump.bucket_ends[dump.page_ends]
    return scores, np.diff(known[ends]) / np.maximum(1, np.diff(ends))


def fill(dump, rows, scores, familiar, kinds):
    """Returns `rows` with the features that depend on weights, computed as in `crates/checks/src/classifier/survey/`."""
    names = dump.meta["first_features"]
    rows = rows.copy()
    count, page = len(rows), dump.page_of_unit
    start, end = dump.page_ends[page], dump.page_ends[page + 1]
    scores = np.where(dump.unit["candidate"] == 1, scores, 0)
    sums = np.concatenate([[0], np.cumsum(scores)])
    index = np.arange(count)

    def put(name, values):
        rows[:, names.index(name)] = values

    def mean(first, last):
        return (sums[last] - sums[first]) / (last - first)

    put("WordScore", scores)
    put("NearWordScore", mean(np.maximum(start, index - 3), np.minimum(end, index + 4)))
    run_start = np.minimum(start + dump.unit["run_start"], index)
    put("RunWordScore", mean(run_start, np.maximum(start + dump.unit["run_end"], index + 1)))
    put("HeadingWordScore", scores[start + dump.unit["heading"]])
    put("Familiar", familiar[page])
    first = names.index("Article")
    rows[:, first : first + kinds.shape[1]] = kinds[page]
    for step, distance in enumerate(STEPS):
        other = index + distance
        is_there = (other >= start) & (other < end)
        values = np.where(is_there, scores[np.clip(other, 0, count - 1)], 0)
        rows[:, len(names) + step * NEAR_FEATURES + NEAR_SCORE] = values
    return rows


class Trainer:
    """Trains with or without a held-out fold. Trees are trained on word scores of models that did not see the line's site."""

    def __init__(self, dump):
        self.dump = dump
        matrix = dump.bucket_matrix()
        folds = dump.fold_of_unit()
        self.words, self.page_kinds = {}, {}
        self.kinds = np.zeros((len(dump.pages), len(dump.meta["kinds"])))
        scores, biases = np.zeros(len(folds)), np.zeros(len(folds))
        familiar = np.zeros(len(dump.pages))
        for part in [*range(FOLDS), None]:
            self.words[part] = train_words(dump, matrix, folds != part if part is not None else folds >= 0)
            self.page_kinds[part] = train_page_kinds(dump, dump.fold != part if part is not None else dump.fold >= 0)
            if part is not None:
                here, pages = folds == part, dump.fold == part
                part_scores, part_familiar = word_scores(dump, matrix, self.words[part])
                scores[here], familiar[pages] = part_scores[here], part_familiar[pages]
                biases[here] = self.words[part][0]
                self.kinds[pages] = page_kinds(dump, self.page_kinds[part])[pages]
            print("grams and page kinds without", part, flush=True)
        self.rows = fill(dump, dump.whole, scores, familiar, self.kinds)
        own = fill(dump, dump.silenced, scores, familiar, self.kinds)
        foreign = fill(dump, dump.silenced, biases, np.zeros_like(familiar), self.kinds)
        is_foreign = np.random.RandomState(0).rand(len(dump.pages)) < FOREIGN_SHARE
        self.training_rows = np.where(is_foreign[dump.page_of_unit][:, None], foreign, own)

    def train(self, part):
        """Returns forests trained without the fold `part`."""
        dump = self.dump
        here = (dump.weight > 0) & (dump.fold_of_unit() != part if part is not None else True)
        data = lightgbm.Dataset(self.training_rows[here], dump.unit["label"][here], weight=dump.weight[here])
        return [lightgbm.train({**GROWTH, "seed": seed}, data, TREES) for seed in SEEDS]


def calibrate(scores, dump):
    """Returns the slope and offset that turn scores into log odds, by Platt scaling on judged pages."""
    here = (dump.track[dump.page_of_unit] == "kinds") & (dump.unit["label"] >= 0) & (dump.unit["reportable"] == 1)
    model = LogisticRegression(C=1e3).fit(scores[here].reshape(-1, 1), dump.unit["label"][here])
    return float(model.coef_[0][0]), float(model.intercept_[0])


def encode_tree(tree, slope, nodes):
    """Appends the nodes of a tree; the children of a node are next to each other."""
    root = len(nodes)
    nodes.append(None)
    queue = [(root, tree)]
    for at, node in queue:
        value = node.get("leaf_value", node.get("internal_value")) * slope
        if "leaf_value" in node:
            nodes[at] = (0, 0.0, 0, value)
            continue
        children = len(nodes)
        nodes.extend([None, None])
        # Round down to single precision, which splits the same values.
        threshold = np.float32(node["threshold"])
        if float(threshold) > node["threshold"]:
            threshold = np.nextafter(threshold, np.float32(-np.inf))
        nodes[at] = (node["split_feature"], float(threshold), children - at, value)
        queue += [(children, node["left_child"]), (children + 1, node["right_child"])]
    return root


def predict(forests, rows):
    """Returns the mean of the scores that the forests give."""
    return np.mean([forest.predict(rows, raw_score=True) for forest in forests], axis=0)


def encode(words, forests, slope, offset):
    bias, scale, weights = words
    nodes, roots = [], []
    for forest in forests:
        for tree in forest.dump_model()["tree_info"]:
            roots.append(encode_tree(tree["tree_structure"], slope / len(forests), nodes))
    out = b"dechaff3" + struct.pack("<ff", bias, scale) + weights.tobytes()
    out += struct.pack("<fII", offset, len(roots), len(nodes)) + struct.pack(f"<{len(roots)}I", *roots)
    return out + b"".join(struct.pack("<BfHf", *node) for node in nodes)


def rust(trained):
    """Returns the page kind weights as Rust source."""
    weights, biases = trained
    lines = [
        "//! Weights of the page kind estimate. Written by `training/train.py`; do not edit.",
        "",
        "use super::PageKindWeights;",
        "",
        "#[rustfmt::skip]",
        "pub(super) const WEIGHTS: PageKindWeights = [",
    ]
    for bias, row in zip(biases, weights):
        lines.append(f"    ({bias:.4f}, [")
        numbers = [f"{value:.4f}" for value in row]
        lines += ["        " + ", ".join(numbers[at : at + 10]) + "," for at in range(0, len(numbers), 10)]
        lines.append("    ]),")
    return "\n".join([*lines, "];", ""])


def main():
    dump = Dump(pathlib.Path(sys.argv[1]))
    folder = pathlib.Path("target/folds")
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(dump)
    scores, forests = np.full(len(dump.weight), NOT_JUDGED), {}
    for part in range(FOLDS):
        forests[part] = trainer.train(part)
        here = dump.fold_of_unit() == part
        scores[here] = predict(forests[part], trainer.rows[here])
        print("forests without", part, flush=True)
    slope, offset = calibrate(scores, dump)
    print("slope", slope, "offset", offset)
    np.save(folder / "scores.npy", scores * slope + offset)
    for part in range(FOLDS):
        (folder / f"fold-{part}.bin").write_bytes(encode(trainer.words[part], forests[part], slope, offset))
        weights, biases = trainer.page_kinds[part]
        kinds = np.column_stack([biases, weights]).astype("<f4")
        (folder / f"kinds-{part}.bin").write_bytes(kinds.tobytes())
    weights = encode(trainer.words[None], trainer.train(None), slope, offset)
    pathlib.Path("crates/checks/src/classifier/weights.bin").write_bytes(weights)
    pathlib.Path("crates/text/src/page/weights.rs").write_text(rust(trainer.page_kinds[None]))


if __name__ == "__main__":
    main()
