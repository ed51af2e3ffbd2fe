"""Turns coloured terminal output on standard input into an HTML page that looks like a terminal.

Knows the escape sequences that dechaff writes: reset, bold, and the sixteen foreground colours.
"""

import html
import re
import sys

COLOURS = ["#1f2328", "#e5534b", "#57ab5a", "#d4a72c", "#539bf5", "#b083f0", "#39c5cf", "#d0d7de"]
BRIGHT = ["#768390", "#ff938a", "#6bc46d", "#e8c468", "#6cb6ff", "#dcbdfb", "#56d4dd", "#ffffff"]
PAGE = """<!DOCTYPE html><meta charset="utf-8" /><style>
body {{ margin: 0; background: #1c2128; color: #d0d7de; }}
pre {{ margin: 0; padding: 20px 24px; font: 14px/1.4 "DejaVu Sans Mono", monospace; }}
</style><pre>{}</pre>
"""


def main():
    style = {}
    parts = []
    for text, codes in re.findall(r"([^\x1b]*)(?:\x1b\[([\d;]*)m)?", sys.stdin.read()):
        css = ";".join(f"{name}:{value}" for name, value in style.items())
        parts.append(f'<span style="{css}">{html.escape(text)}</span>')
        for code in (int(code or 0) for code in codes.split(";")):
            if code == 0:
                style = {}
            elif code == 1:
                style["font-weight"] = "bold"
            elif 30 <= code <= 37:
                style["color"] = COLOURS[code - 30]
            elif 90 <= code <= 97:
                style["color"] = BRIGHT[code - 90]
    print(PAGE.format("".join(parts)))


main()
