#!/usr/bin/env python3
"""Runs the filters of a reference implementation on pages, for `cargo xtask conformance`.

    conformance.py REFERENCE PAGES.jsonl RESULTS.jsonl SETS.json [SOURCE]

REFERENCE is datatrove, dolma, nemo-curator or redpajama. Each line of PAGES is an object with `text`
and `lang`. SETS has the parameters of the sets by name. RESULTS gets one line per page: for
each set of measures, the first threshold that fails (or null) and the values that the implementation
exposes. The last line has the seconds of processor time that each set took. The script runs the installed package or
the checkout in SOURCE, and reimplements nothing; only thresholds from a configuration are repeated
here.
"""

import importlib.util
import json
import sys
import time
import types

# dechaff's thresholds by datatrove's reasons.
REASONS = {
    "gopher_short_doc": "min-words",
    "gopher_long_doc": "max-words",
    "gopher_below_avg_threshold": "min-mean-word-length",
    "gopher_above_avg_threshold": "max-mean-word-length",
    "gopher_too_many_hashes": "max-hashes-per-word",
    "gopher_too_many_ellipsis": "max-ellipses-per-word",
    "gopher_too_many_bullets": "max-bullet-lines",
    "gopher_too_many_end_ellipsis": "max-ellipsis-lines",
    "gopher_below_alpha_threshold": "min-alphabetic-words",
    "gopher_enough_stop_words": "min-stop-words",
    "dup_para_frac": "max-repeated-paragraphs",
    "dup_para_char_frac": "max-repeated-paragraph-characters",
    "dup_line_frac": "max-repeated-lines",
    "dup_line_char_frac": "max-repeated-line-characters",
    "line_punct_ratio": "min-punctuated-lines",
    "short_line_ratio": "max-short-lines",
    "char_dup_ratio": "max-repeated-line-characters",
    "list_ratio": "max-line-feeds-per-word",
    "lorem_ipsum": "max-lorem-ipsum-lines",
    "curly_bracket": "max-brace-lines",
    "too_few_sentences": "min-sentences",
}
for size in (2, 3, 4):
    REASONS[f"top_{size}_gram"] = f"max-top-{size}-gram"
for size in range(5, 11):
    REASONS[f"duplicated_{size}_n_grams"] = f"max-repeated-{size}-grams"
EMPTY = {"fineweb@datatrove": "min-lines", "gopher-repetition@datatrove": "min-characters"}


# datatrove's names of the languages of the sets `fineweb2@…`.
LANGUAGES = {
    "de": "deu_Latn",
    "el": "ell_Grek",
    "es": "spa_Latn",
    "fr": "fra_Latn",
    "pl": "pol_Latn",
    "ru": "rus_Cyrl",
}


def datatrove(sets, _):
    """Returns a function from a text to the outcome of each set of datatrove."""
    sets = {name: own for name, own in sets.items() if name.startswith("fineweb2@")}
    from datatrove.data import Document
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.pipeline.filters.gopher_repetition_filter import (
        find_all_duplicate,
        find_duplicates,
        find_top_duplicate,
        get_n_grams,
    )
    from datatrove.utils.text import split_into_parts, split_into_words

    filters = {
        "gopher-quality@datatrove": [GopherQualityFilter()],
        "gopher-repetition@datatrove": [GopherRepetitionFilter()],
        "c4-page@datatrove": [C4QualityFilter()],
        "fineweb@datatrove": [FineWebQualityFilter()],
    }
    for name, own in sets.items():
        # As in the pipeline of FineWeb-2.
        language = LANGUAGES[name.partition("@")[2]]
        filters[name] = [
            GopherRepetitionFilter(
                dup_para_frac=0,
                dup_line_char_frac=0,
                dup_para_char_frac=0,
                dup_line_frac=own["max-repeated-lines"],
                top_n_grams=[(n, own[f"max-top-{n}-gram"]) for n in (2, 3, 4)],
                dup_n_grams=[(n, own[f"max-repeated-{n}-grams"]) for n in range(5, 11)],
                language=language,
            ),
            FineWebQualityFilter(
                short_line_thr=999,
                char_duplicates_ratio=own["max-repeated-line-characters"],
                line_punct_thr=own.get("min-punctuated-lines", 0),
                new_line_ratio=own["max-line-feeds-per-word"],
                language=language,
            ),
            GopherQualityFilter(
                max_avg_word_length=own["max-mean-word-length"],
                min_avg_word_length=own.get("min-mean-word-length", 0),
                stop_words=own["stop-words"],
                max_non_alpha_words_ratio=own["min-alphabetic-words"],
                min_stop_words=own["min-stop-words"],
                language=language,
            ),
        ]

    def values(name, text):
        words = split_into_words(text)
        if name == "gopher-quality@datatrove":
            alphabetic = sum(any(c.isalpha() for c in word) for word in words)
            return {"alphabetic-words": alphabetic / len(words)} if words else {}
        if name == "fineweb@datatrove":
            return {"line-feeds-per-word": text.count("\n") / len(words)} if words else {}
        if name == "gopher-repetition@datatrove" and text:
            result = {f"repeated-{n}-grams": find_all_duplicate(words, n) / len(text) for n in range(5, 11)}
            for n in (2, 3, 4):
                if grams := get_n_grams(words, n):
                    result[f"top-{n}-gram"] = find_top_duplicate(grams) / len(text)
            result["repeated-line-characters"] = (
                find_duplicates(filters[name][0]._line_splitter.split(text))[1] / len(text)
            )
            return result
        return {}

    def outcome(text, language, seconds):
        results = {}
        for name, steps in filters.items():
            if name in sets and language != name.partition("@")[2]:
                continue
            # The time of each set includes its words.
            split_into_parts.cache_clear()
            start = time.process_time()
            result = True
            for step in steps:
                result = step.filter(Document(text=text, id="0"))
                if result is not True:
                    break
            seconds[name] = seconds.get(name, 0) + time.process_time() - start
            reason = None if result is True else result[1]
            reason = EMPTY.get(name, "min-lines") if reason == "empty" else REASONS.get(reason, reason)
            results[name] = {"failed": reason, "values": values(name, text)}
        return results

    return outcome


def first_failure(own, values, order):
    """Returns the key of the first threshold, in the order of measures, that `values` fail."""
    for name in order:
        value = values.get(name)
        if value is not None and value < own.get(f"min-{name}", value):
            return f"min-{name}"
        if value is not None and value > own.get(f"max-{name}", value):
            return f"max-{name}"
    return None


def nemo_curator(sets, _):
    """Returns a function from a text to the outcome of the filters of NeMo Curator.

    The packages around the filters import GPU libraries, so only the modules of the filters are
    loaded.
    """
    root = importlib.util.find_spec("nemo_curator").submodule_search_locations[0]
    for part in ("", ".stages", ".stages.text", ".stages.text.filters"):
        package = types.ModuleType(f"nemo_curator{part}")
        package.__path__ = [root + part.replace(".", "/")]
        sys.modules[package.__name__] = package
    from nemo_curator.stages.text.filters.heuristic import repetition, string

    name = "heuristics@nemo-curator"
    own = sets[name]
    # The measure, the filter, and whether it is 1 minus the score.
    filters = [
        ("other-characters", string.NonAlphaNumericFilter(), False),
        ("symbol-words", string.SymbolsToWordsFilter(), False),
        ("digits", string.NumbersFilter(), False),
        ("url-characters", string.UrlsFilter(), False),
        ("space", string.WhiteSpaceFilter(), False),
        ("parentheses", string.ParenthesesFilter(), False),
        ("boilerplate-paragraphs", string.BoilerPlateStringFilter(), False),
        ("repeated-lines", repetition.RepeatedLinesFilter(), True),
        ("repeated-paragraphs", repetition.RepeatedParagraphsFilter(), True),
        ("repeated-line-characters", repetition.RepeatedLinesByCharFilter(), True),
        ("repeated-paragraph-characters", repetition.RepeatedParagraphsByCharFilter(), True),
        ("words", string.WordCountFilter(), False),
        ("unpunctuated-lines", string.PunctuationFilter(), False),
        ("alphabetic-words", string.WordsWithoutAlphabetsFilter(), False),
        ("stop-words", string.CommonEnglishWordsFilter(stop_at_false=False), False),
        ("mean-word-length", string.MeanWordLengthFilter(), False),
        ("longest-word", string.LongWordFilter(), False),
        ("ellipsis-lines", string.EllipsisFilter(), False),
    ]
    for n in (2, 3, 4):
        top = repetition.RepeatingTopNGramsFilter(n, own[f"max-top-{n}-gram"])
        filters.append((f"top-{n}-gram", top, False))
    for n in range(5, 11):
        repeated = repetition.RepeatingDuplicateNGramsFilter(n, own[f"max-repeated-{n}-grams"])
        filters.append((f"repeated-{n}-grams", repeated, False))
    filters.append(("bullet-lines", string.BulletsFilter(), False))

    def outcome(text, _, seconds):
        start = time.process_time()
        failed, values = None, {}
        for measure, step, is_complement in filters:
            score = step.score_document(text)
            values[measure] = 1 - score if is_complement else score
            if failed is None and not step.keep_document(score):
                failed = measure
        seconds[name] = seconds.get(name, 0) + time.process_time() - start
        if failed is not None:
            is_low = values[failed] < own.get(f"min-{failed}", 0)
            failed = f"{'min' if is_low else 'max'}-{failed}"
        return {name: {"failed": failed, "values": values}}

    return outcome


def redpajama(sets, source):
    """Returns a function from a text to the outcome of the signals of RedPajama-V2."""
    sys.path.insert(0, f"{source}/app/src")
    from core.document import Document
    from core.quality_signals import content, lines, natural_language, repetitions

    name = "redpajama-v2"
    own = sets[name]
    signals = {
        "words": natural_language.RPS_Doc_Word_Count(),
        "mean-word-length": natural_language.RPS_Doc_Mean_Word_Length(),
        "symbols-per-word": natural_language.RPS_Doc_Symbol_To_Word_Ratio(),
        "ellipsis-lines": natural_language.RPS_Doc_Frac_Lines_End_With_Ellipsis(),
        "letterless-words": natural_language.RPS_Doc_Frac_No_Alph_Words(),
        "capital-words": natural_language.RPS_Doc_Frac_All_Caps_Words(),
        "different-words": natural_language.RPS_Doc_Frac_Unique_Words(),
        "word-entropy": natural_language.RPS_Doc_Unigram_Entropy(),
        "sentences": natural_language.RPS_Doc_Num_Sentences(),
        "braces": content.RPS_Doc_Curly_Bracket(),
        "lorem-ipsum": content.RPS_Doc_Lorem_Ipsum(),
    }
    for n in (2, 3, 4):
        signals[f"top-{n}-gram"] = getattr(repetitions, f"RPS_Doc_Frac_Chars_Top_{n}gram")()
    for n in range(5, 11):
        signals[f"repeated-{n}-grams"] = getattr(repetitions, f"RPS_Doc_Frac_Chars_Dupe_{n}Grams")()
    of_lines = {
        "bullet-lines": lines.RPS_Lines_Start_With_Bulletpoint(),
        "punctuated-lines": lines.RPS_Lines_Ending_With_Terminal_Punctution_Mark(),
    }
    javascript = lines.RPS_Lines_Javascript_Counts()

    def outcome(text, _, seconds):
        start = time.process_time()
        document = Document(text, domain=None, precompute_ngrams=True)
        values = {measure: signal(document)[0][2] for measure, signal in signals.items()}
        for measure, signal in of_lines.items():
            scores = [score for _, _, score in signal(document)]
            values[measure] = round(sum(scores) / len(scores), 8) if document.raw_lines else None
        values["javascript-words"] = sum(score for _, _, score in javascript(document))
        values["lines"] = len(document.raw_lines)
        order = ("words", "mean-word-length", "symbols-per-word", "bullet-lines", "top-2-gram")
        failed = first_failure(own, values, order)
        seconds[name] = seconds.get(name, 0) + time.process_time() - start
        values = {measure: value for measure, value in values.items() if value is not None}
        return {name: {"failed": failed, "values": values}}

    return outcome


def dolma(_sets, _source):
    """Returns a function from a text to the outcome of each set of Dolma."""
    from dolma.taggers.gopher import get_attributes

    limits = [
        ("min-words", "word_count", 50),
        ("max-words", "word_count", 100_000),
        ("min-median-word-length", "median_word_length", 3),
        ("max-median-word-length", "median_word_length", 10),
        ("max-symbol-words", "symbol_to_word_ratio", 0.1),
        ("min-alphabetic-words", "fraction_of_words_with_alpha_character", 0.8),
        ("min-required-words", "required_word_count", 2),
        ("max-bullet-lines", "fraction_of_lines_starting_with_bullet_point", 0.9),
        ("max-ellipsis-lines", "fraction_of_lines_ending_with_ellipsis", 0.3),
        ("max-repeated-lines", "fraction_of_duplicate_lines", 0.3),
        ("max-repeated-line-characters", "fraction_of_characters_in_duplicate_lines", 0.3),
    ]
    top = {2: 0.2, 3: 0.18, 4: 0.16}
    repeated = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1}

    def outcome(text, _, seconds):
        results = {}
        for name, ignore_empty_lines in (("gopher@dolma-v1", False), ("gopher@dolma-v2", True)):
            start = time.process_time()
            attributes = get_attributes(text, ignore_empty_lines=ignore_empty_lines)
            seconds[name] = seconds.get(name, 0) + time.process_time() - start
            values = {key[4:]: getattr(attributes, field) for key, field, _ in limits}
            thresholds = [(key, limit) for key, _, limit in limits]
            for n, value in attributes.fraction_of_characters_in_most_common_ngram:
                values[f"top-{n}-gram"] = value
                thresholds.append((f"max-top-{n}-gram", top[n]))
            for n, value in attributes.fraction_of_characters_in_duplicate_ngrams:
                values[f"repeated-{n}-grams"] = value
                thresholds.append((f"max-repeated-{n}-grams", repeated[n]))
            failed = None
            for key, limit in thresholds:
                value = values[key[4:]]
                if value < limit if key.startswith("min-") else value > limit:
                    failed = key
                    break
            results[name] = {"failed": failed, "values": values}
        return results

    return outcome


def main():
    reference, pages, results, sets, *source = sys.argv[1:]
    references = {
        "datatrove": datatrove,
        "dolma": dolma,
        "nemo-curator": nemo_curator,
        "redpajama": redpajama,
    }
    with open(sets, encoding="utf-8") as file:
        outcome = references[reference](json.load(file), source[0] if source else None)
    seconds = {}
    # Trigger lazy loading before timing.
    for language in (*LANGUAGES, "en"):
        outcome("The first page is not timed. It has two sentences.", language, {})
    with open(pages, encoding="utf-8") as lines, open(results, "w", encoding="utf-8") as output:
        for line in lines:
            if line.strip():
                page = json.loads(line)
                print(json.dumps(outcome(page["text"], page["lang"], seconds)), file=output)
        print(json.dumps({"seconds": seconds}), file=output)


if __name__ == "__main__":
    main()
