"""Writes texts that are all content, to teach the line model what not to flag.

usage: clean_texts.py DIR

Reads DIR/lines/residue-txt.jsonl.gz and writes DIR/lines/clean.jsonl.gz. The labelled pages are articles, and pages of seven
kinds, all extracted from HTML. Other texts are full of short lines that are content: letters, subtitles, contracts, poems,
recipes, transcripts, glossaries. Each text is made from the content of one labelled page. It keeps the
page's web site, so that both are in the same fold.
"""

import gzip
import json
import pathlib
import random
import re
import sys

SOURCES = {"aeb", "news4k", "wcxb"}
MIN_PARAGRAPHS = 4
NAMES = (
    "Anna Ben Carla David Elif Farid Greta Hugo Ines Jonas Karin Liam Maya Nils Olga Pavel Rosa Samir Tara Ulla Victor Wanda Yusuf Zoe"
).split()
SURNAMES = "Abel Brandt Costa Diaz Eriksen Fischer Gupta Hall Ito Jensen Khan Lopez Meyer Novak Okoye Park Quinn Rossi Silva Tran".split()
MONTHS = "January February March April May June July August September October November December".split()
PLACES = "Aldham Brook Carrow Dunmore Eastwick Ferring Glenby Harrow Ilford Kelby Lowick Marsden Norham".split()


class Text:
    """A text under construction, and the parts of the page that it is made from."""

    def __init__(self, page, seed):
        self.random = random.Random(seed)
        labels = {line["n"]: line["label"] for line in page["lines"]}
        lines = [line.strip() for number, line in enumerate(page["text"].split("\n"), 1) if labels.get(number) == "content"]
        self.paragraphs = [line for line in lines if len(line) > 120]
        self.sentences = [
            sentence
            for paragraph in self.paragraphs
            for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph)
            if 20 < len(sentence) < 300
        ]

    def is_enough(self):
        return len(self.paragraphs) >= MIN_PARAGRAPHS and len(self.sentences) >= 10

    def pick(self, *choices):
        return self.random.choice(choices)

    def sentence(self):
        return self.random.choice(self.sentences)

    def words(self, first, last):
        """Returns some consecutive words of a sentence, without its end."""
        words = re.sub(r"[^\w\s'-]", "", self.sentence()).split()
        count = self.random.randint(first, last)
        start = self.random.randrange(max(1, len(words) - count))
        return " ".join(words[start : start + count]) or "Water"

    def phrase(self, first=1, last=4):
        words = self.words(first, last)
        return self.pick(words.capitalize(), words.title(), words[:1].upper() + words[1:])

    def name(self):
        return f"{self.random.choice(NAMES)} {self.random.choice(SURNAMES)}"

    def date(self):
        day, month, year = self.random.randint(1, 28), self.random.choice(MONTHS), self.random.randint(1890, 2030)
        return self.pick(f"{day} {month} {year}", f"{month} {day}, {year}", f"{day}/{self.random.randint(1, 12)}/{year}", f"{year}")

    def clock(self):
        return f"{self.random.randint(0, 23):02}:{self.random.randint(0, 59):02}"

    def some(self, first, last, make):
        return [make() for _ in range(self.random.randint(first, last))]

    def body(self, first=1, last=4):
        start = self.random.randrange(len(self.paragraphs))
        return self.paragraphs[start : start + self.random.randint(first, last)]

    def heading(self, text=None):
        mark = self.pick("", "", "## ", "### ", "**")
        return mark + (text or self.phrase(1, 6)) + ("**" if mark == "**" else "")

    def blocks(self, blocks):
        """Joins blocks with blank lines, or only with line ends."""
        return self.pick("\n\n", "\n\n", "\n").join(blocks)

    def items(self, items):
        mark = self.pick("- ", "* ", "", "• ")
        return self.pick("\n", "\n\n").join(mark + item for item in items)


def letter(text):
    head = self_address(text) if text.random.random() < 0.4 else []
    greeting = text.pick("Dear {},", "Hello {},", "My dear {},", "Dear Mr {},", "Hi {}", "To {}:").format(text.name())
    close = text.pick(
        "Yours sincerely,", "With love,", "Best wishes", "Kind regards,", "Yours,", "Until soon,", "Your friend", "Respectfully,",
        "All the best from all of us,", "Warmly,", "Sincerely yours,", "Cheers,",
    )
    after = [text.name()] + ([text.phrase(1, 3)] if text.random.random() < 0.3 else [])
    if text.random.random() < 0.3:
        after.append("P.S. " + text.sentence())
    return text.blocks([*head, greeting, *text.body(2, 5), close, *after])


def self_address(text):
    street = f"{text.random.randint(1, 99)} {text.random.choice(PLACES)} {text.pick('Street', 'Lane', 'Road')}"
    return [street, text.random.choice(PLACES), text.date()]


def questions(text):
    blocks = [text.heading()] if text.random.random() < 0.7 else []
    mark = text.pick("## ", "### ", "Q: ", "**", "", "Question: ")
    for _ in range(text.random.randint(3, 8)):
        start = text.pick("How do I", "What is", "Why does", "Can I", "When will", "Who", "Where do", "Is it true that", "Do")
        question = f"{start} {text.words(2, 8)}?"
        blocks.append(mark + question + ("**" if mark == "**" else ""))
        answer = text.pick("", "", "A: ") if mark == "Q: " else ""
        blocks += [answer + text.pick(text.sentence(), *text.body(1, 1))]
    return "\n\n".join(blocks)


def subtitles(text):
    is_numbered = text.random.random() < 0.8
    blocks, seconds = [], 1
    for number, sentence in enumerate(text.sentences[: text.random.randint(8, 30)], 1):
        words = sentence.split()
        for start in range(0, len(words), 12):
            part = words[start : start + 12]
            lines = [" ".join(part[:6]), " ".join(part[6:])]
            time = f"00:{seconds // 60:02}:{seconds % 60:02},000 --> 00:{(seconds + 3) // 60:02}:{(seconds + 3) % 60:02},500"
            blocks.append("\n".join(([str(number), time] if is_numbered else []) + [line for line in lines if line]))
            seconds += 4
    return "\n\n".join(blocks)


def poem(text):
    blocks = [text.heading()]
    for _ in range(text.random.randint(2, 6)):
        blocks.append("\n".join(text.some(3, 6, lambda: text.phrase(4, 8) + text.pick("", ",", ".", ";"))))
    if text.random.random() < 0.4:
        blocks.append(text.name())
    return "\n\n".join(blocks)


def glossary(text):
    blocks = text.body(1, 1)
    for _ in range(text.random.randint(4, 12)):
        blocks += [text.heading(text.phrase(1, 3)), text.sentence()]
    return text.blocks(blocks)


def chapters(text):
    blocks = [text.heading()]
    for paragraph in text.paragraphs[:12]:
        if text.random.random() < 0.5:
            blocks.append(text.heading(text.phrase(1, 5)))
        blocks.append(paragraph)
    return "\n\n".join(blocks)


def results(text):
    blocks = text.body(1, 2)
    rows = [
        f"{place}. {text.name()}" + text.pick("", f", {text.random.choice(PLACES)}") + text.pick("", f" {text.clock()}", f" ({text.random.randint(1, 300)})")
        for place in range(1, text.random.randint(4, 20))
    ]
    return "\n\n".join([*blocks, "\n".join(rows), *text.body(1, 2)])


def transcript(text):
    speakers = [text.pick(name.upper(), name) for name in text.random.sample(NAMES, text.random.randint(2, 4))]
    blocks = text.body(1, 1)
    for _ in range(text.random.randint(6, 20)):
        speaker = text.random.choice(speakers)
        line = text.pick(text.sentence(), text.sentence(), text.words(1, 4).capitalize() + ".")
        blocks.append(text.pick(f"{speaker}: {line}", f"**{speaker}:** {line}", f"{speaker}\n{line}"))
    return text.blocks(blocks)


def specification(text):
    blocks = text.body(1, 3)
    unit = lambda: f"{text.random.randint(1, 2000)} {text.pick('mm', 'kg', 'W', 'V', 'GB', 'l', '%', 'hours')}"
    rows = text.some(4, 14, lambda: f"{text.phrase(1, 3)}{text.pick(': ', ' – ')}{text.pick(unit(), text.words(1, 2))}")
    return "\n\n".join([*blocks, text.heading(), text.items(rows), *text.body(1, 2)])


def cells(text):
    """Returns a table whose cells became lines, with or without tags."""
    tags = text.random.random() < 0.5
    rows = []
    for _ in range(text.random.randint(4, 15)):
        row = [text.phrase(1, 3), str(text.random.randint(0, 2000)), text.pick(text.words(1, 6), str(text.random.randint(0, 20)))]
        rows.append("\n\n".join(f"<td>{cell}</td>" if tags and text.random.random() < 0.5 else cell for cell in row))
    table = ("<tr>\n" if tags else "") + ("\n</tr>\n<tr>\n" if tags else "\n\n").join(rows)
    return "\n\n".join([*text.body(1, 2), table, *text.body(1, 3)])


def recipe(text):
    amount = lambda: text.pick("2 tbsp", "1 cup", "300 g", "1/2 tsp", "3", "½ l", "A pinch of", "2–3") + " " + text.words(1, 3).lower()
    steps = [f"{number}. {text.sentence()}" for number in range(1, text.random.randint(4, 9))]
    lines = [text.heading("Ingredients"), text.items(text.some(4, 12, amount)), text.heading(text.pick("Method", "Directions", "Steps"))]
    serving = text.pick("Serves 4", "Makes 12", "Preparation: 20 minutes", "Cooking time: 1 hour")
    return "\n\n".join([text.heading(), *text.body(1, 2), serving, *lines, "\n".join(steps)])


def contract(text):
    blocks = [text.phrase(2, 4).upper(), *text.body(1, 1)]
    for number in range(1, text.random.randint(4, 9)):
        blocks.append(text.pick(f"Section {number}. {text.phrase(1, 3)}", f"§ {number} {text.phrase(1, 2)}", f"{number}. {text.sentence()}"))
        blocks.append(text.sentence())
        if text.random.random() < 0.5:
            blocks += [f"({letter}) {text.words(2, 8)};" for letter in "abc"]
    blocks += text.pick([], [f"{text.random.choice(PLACES)}, {text.date()}", text.name(), text.name()])
    return text.blocks(blocks)


def minutes(text):
    blocks = [text.heading(), f"Present: {', '.join(text.some(3, 6, text.name))}", f"Date: {text.date()}"]
    for number in range(1, text.random.randint(4, 9)):
        blocks += [text.pick(f"{number}. {text.phrase(1, 4)}", f"{text.clock()} {text.phrase(1, 5)}"), text.sentence()]
        if text.random.random() < 0.3:
            blocks.append(f"Action: {text.name()}")
    return text.blocks(blocks)


def timeline(text):
    blocks = text.body(1, 1)
    for _ in range(text.random.randint(5, 14)):
        blocks.append(text.pick(f"{text.date()}: {text.sentence()}", f"{text.date()}\n{text.sentence()}", f"{text.clock()} – {text.words(3, 9)}"))
    return text.blocks(blocks)


def quiz(text):
    blocks = [text.heading()]
    for number in range(1, text.random.randint(4, 9)):
        blocks.append(f"{number}. {text.words(4, 9).capitalize()}?")
        blocks.append("\n".join(f"{letter}) {text.words(1, 4)}" for letter in "ABCD"))
        if text.random.random() < 0.5:
            blocks.append(f"Answer: {text.pick('A', 'B', 'C', 'D')}")
    return "\n\n".join(blocks)


def references(text):
    entry = lambda: f"{text.random.choice(SURNAMES)}, {text.pick('A', 'B', 'K')}. ({text.random.randint(1950, 2024)}). {text.phrase(4, 9)}. {text.phrase(1, 3)}, {text.random.randint(1, 90)}({text.random.randint(1, 9)}), {text.random.randint(1, 400)}."
    return "\n\n".join([*text.body(2, 5), text.heading(text.pick("References", "Sources", "Works cited", "Further reading")), text.items(text.some(3, 12, entry))])


def topics(text):
    """Returns a list of names: of dishes, books, tracks or exhibits."""
    items = text.some(5, 25, lambda: text.phrase(1, 4) + text.pick("", "", f" – {text.name()}", f" ({text.random.randint(1900, 2024)})"))
    return "\n\n".join([text.heading(), *text.body(1, 2), text.items(items), *text.body(0, 2)])


def resume(text):
    blocks = [text.name(), f"{text.random.choice(PLACES)}", text.heading("Experience")]
    for _ in range(text.random.randint(2, 5)):
        blocks += [text.phrase(2, 4), f"{text.random.randint(1990, 2010)} – {text.random.randint(2011, 2025)}", text.items(text.some(2, 4, text.sentence))]
    blocks += [text.heading(text.pick("Education", "Skills", "Languages")), text.items(text.some(2, 6, lambda: text.phrase(1, 3)))]
    return text.blocks(blocks)


def script(text):
    blocks = [text.phrase(1, 3).upper(), f"{text.pick('INT.', 'EXT.')} {text.phrase(1, 2).upper()} - {text.pick('DAY', 'NIGHT')}"]
    for _ in range(text.random.randint(5, 15)):
        blocks.append(text.pick(f"{text.random.choice(NAMES).upper()}\n{text.words(3, 9).capitalize()}.", text.sentence(), f"({text.words(1, 3)})"))
    blocks += text.pick([], ["THE END"], ["Curtain."])
    return "\n\n".join(blocks)


FORMS = [
    letter, letter, questions, questions, subtitles, poem, glossary, chapters, chapters, results, transcript, specification, cells, recipe,
    contract, minutes, timeline, quiz, references, topics, topics, resume, script,
]


def main():
    folder = pathlib.Path(sys.argv[1]) / "lines"
    count = 0
    with gzip.open(folder / "residue-txt.jsonl.gz", "rt", encoding="utf-8") as pages, open(folder / "clean.jsonl.gz", "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as target:
            for page in map(json.loads, pages):
                if page["source"] not in SOURCES:
                    continue
                for copy in range(2):
                    text = Text(page, f"{page['id']}-{copy}")
                    if not text.is_enough():
                        continue
                    form = text.random.choice(FORMS)
                    body = form(text)
                    lines = [
                        {"n": number, "label": "content"} for number, line in enumerate(body.split("\n"), 1) if line.strip()
                    ]
                    record = {key: page[key] for key in ("source", "lang", "domain")}
                    record |= {"id": f"{page['id']}-{form.__name__}-{copy}", "text": body + "\n", "lines": lines}
                    target.write((json.dumps(record) + "\n").encode())
                    count += 1
    print(count, "texts")


if __name__ == "__main__":
    main()
