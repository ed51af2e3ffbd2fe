"""Runs the mixer of the package `dolma` on FOLDER/documents with dechaff's attributes.

    python scripts/dolma_mix.py FOLDER [ATTRIBUTE] [MIN_SCORE]

Deletes the spans of the attribute, and writes FOLDER/mixed/mixed-0000.json.gz. Only the mixer itself is loaded, not the
taggers of the package, so that `pip install --no-deps dolma` is enough.
"""

import importlib.machinery
import importlib.util
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1]).resolve()
attribute = sys.argv[2] if len(sys.argv) > 2 else "dechaff__safe__span"
score = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0

package = pathlib.Path(importlib.util.find_spec("dolma").submodule_search_locations[0])
library = next(package.glob("dolma*.so"))
loader = importlib.machinery.ExtensionFileLoader("dolma", str(library))
mixer = importlib.util.module_from_spec(importlib.util.spec_from_loader("dolma", loader))
loader.exec_module(mixer)

config = {
    "streams": [
        {
            "name": "mixed",
            "documents": [f"{folder}/documents/**/*.json.gz"],
            "attributes": ["dechaff"],
            "span_replacement": [
                {"span": f"$.attributes.{attribute}", "min_score": score, "replacement": ""}
            ],
            "output": {"path": str(folder / "mixed"), "max_size_in_bytes": 1 << 30},
        }
    ],
    "work_dir": {"input": str(folder / "work-in"), "output": str(folder / "work-out")},
    "processes": 1,
}
mixer.mixer_entrypoint(json.dumps(config))
