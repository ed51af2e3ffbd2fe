#!/usr/bin/env python3
"""Precision and recall of dechaff's removals on pages whose lines are labelled, by rule.

usage: accuracy.py DECHAFF LABELS.jsonl[.gz] [--lang en] [--select RULES] [--false]

LABELS holds one document a line: {"id","lang","text","lines":[{"n","label"}]}; n counts the lines of text.split("\\n") from 1,
labels are "content", "noise" and "mixed", of which the last is not scored. A line counts as flagged when the fixes of findings,
safe and unsafe, delete at least 80 % of its characters, blanks aside. --false prints the lines labelled content that are.
Only the standard library is used.
"""
import argparse
import bisect
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile


def rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def findings(dechaff, documents, select):
    """The code and deletions of each finding, by document."""
    with tempfile.TemporaryDirectory() as folder:
        for index, document in enumerate(documents):
            pathlib.Path(folder, f"{index:06}.txt").write_bytes(document["text"].encode())
        command = [dechaff, "check", folder, "--output-format", "json-lines", "--exit-zero"]
        command += ["--select", select] if select else []
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    found = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        finding = json.loads(line)
        if finding["fix"]:
            deletions = [(edit["start"], edit["end"]) for edit in finding["fix"]["edits"] if not edit["content"]]
            found[int(pathlib.Path(finding["path"]).stem)].append((finding["code"], deletions))
    return found


def inked(text):
    return sum(not character.isspace() for character in text.decode(errors="replace"))


def flagged_lines(document, found):
    """For each line with a deletion, the codes that took part, if together they take 80 % of it."""
    lines = document["text"].encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    taken = collections.defaultdict(lambda: collections.defaultdict(int))
    for code, deletions in found:
        for start, end in deletions:
            index = bisect.bisect_right(starts, start) - 1
            while index < len(lines) and starts[index] < end:
                first, last = max(start, starts[index]), min(end, starts[index] + len(lines[index]))
                taken[index + 1][code] += inked(lines[index][first - starts[index]:last - starts[index]])
                index += 1
    for number, codes in taken.items():
        if sum(codes.values()) >= 0.8 * max(1, inked(lines[number - 1])):
            yield number, [code for code, count in codes.items() if count]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dechaff")
    parser.add_argument("labels")
    parser.add_argument("--lang")
    parser.add_argument("--select")
    parser.add_argument("--false", action="store_true", dest="show")
    arguments = parser.parse_args()

    documents = [row for row in rows(arguments.labels) if arguments.lang in (None, row["lang"])]
    found = findings(arguments.dechaff, documents, arguments.select)
    by_code = collections.defaultdict(collections.Counter)
    lines, characters = collections.Counter(), collections.Counter()
    for index, document in enumerate(documents):
        texts = document["text"].split("\n")
        flagged = dict(flagged_lines(document, found[index]))
        for line in document["lines"]:
            label, text = line["label"], texts[line["n"] - 1].strip()
            state = "flagged" if line["n"] in flagged else "left"
            lines[label, state] += 1
            characters[label, state] += len(text)
            for code in flagged.get(line["n"], []):
                by_code[code][label] += 1
                if arguments.show and label == "content":
                    print(f"{code} {document['id']}:{line['n']}: {text[:200]}")

    print("| rule | noise | content | mixed | precision |\n|---|---|---|---|---|")
    for code, count in sorted(by_code.items()):
        total = count["noise"] + count["content"]
        print(f"| {code} | {count['noise']} | {count['content']} | {count['mixed']} | {count['noise'] / max(1, total):.3f} |")
    true, false, missed = lines["noise", "flagged"], lines["content", "flagged"], lines["noise", "left"]
    precision, recall = true / max(1, true + false), true / max(1, true + missed)

    def share(label):
        return 100 * characters[label, "flagged"] / max(1, characters[label, "flagged"] + characters[label, "left"])

    print(
        f"| all | {true} | {false} | {lines['mixed', 'flagged']} | {precision:.3f} |\n\n"
        f"recall {recall:.3f}, F1 {2 * precision * recall / max(1e-9, precision + recall):.3f}; "
        f"characters of content flagged {share('content'):.3f} %, of noise {share('noise'):.1f} %"
    )


if __name__ == "__main__":
    main()
