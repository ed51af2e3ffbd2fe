"""Checking and fixing single texts."""

import copy
import pickle
import subprocess
import sys

import pytest

import dechaff
from dechaff import ConfigError, Error, Linter

TEXT = "A short text about the harbour 😀 and the “old” bridge.\n\nLeave a Comment\n\n東京 is far away from here, they said.\n"


def test_positions_count_code_points(linter):
    (finding,) = linter.check(TEXT)
    assert TEXT[finding.start : finding.end] == finding.text == "Leave a Comment"
    start, end = finding.span_bytes
    assert TEXT.encode()[start:end] == b"Leave a Comment"
    assert (finding.line, finding.column) == (3, 1)
    (edit,) = finding.fix.edits
    assert TEXT[: edit.start] + edit.content + TEXT[edit.end :] == linter.fix(TEXT).text


def test_all_positions_are_right(linter, pages):
    found = 0
    for page in pages:
        data = page.encode()
        for finding in linter.check(page):
            found += 1
            assert page[finding.start : finding.end] == finding.text
            places = [finding, *finding.labels, *(finding.fix.edits if finding.fix else ())]
            for place in places:
                start, end = place.span_bytes
                assert page[place.start : place.end] == data[start:end].decode()
    assert found > 100


def test_long_line_has_right_positions(linter):
    page = "é" * 5_000 + " x.\n\n" + TEXT
    (finding,) = [finding for finding in linter.check(page) if finding.code == "BP001"]
    assert page[finding.start : finding.end] == "Leave a Comment"


def test_fix_can_be_undone(linter, pages):
    changed = 0
    for page in pages:
        fixed = linter.fix(page, unsafe_fixes=True)
        changed += fixed.is_changed
        assert fixed.undo() == page
        for change in fixed.changes:
            assert page[change.start : change.end] == change.removed
        assert linter.fix(fixed.text, unsafe_fixes=True).text == fixed.text
    assert changed > 20


def test_undo_refuses_another_text(linter):
    page = "# Title\n\nSome text here.\n| Key | Value |\n|---|---|\n| a | b |\nAnd some more text here.\n"
    fixed = linter.fix(page)
    assert any(change.inserted for change in fixed.changes)
    with pytest.raises(Error, match="not what the fixes left"):
        dechaff.undo("x", fixed.changes)


def test_repetitions_within_a_text_are_found(linter):
    paragraph = "The harbour master opened the old gate early in the morning, and twelve boats left at once. "
    page = f"{paragraph * 2}They came back late.\n\nA storm kept them out.\n\n{paragraph * 2}They came back late.\n"
    assert any(finding.code.startswith("ND") for finding in linter.check(page))
    assert len(linter.fix(page, unsafe_fixes=True).text) < len(page)


def test_unsafe_fixes_are_off_unless_asked_for(pages):
    page = "\n".join(pages)
    default, configured = Linter(), Linter(config={"unsafe-fixes": True})
    assert default.fix(page) == default.fix(page, unsafe_fixes=False)
    assert configured.fix(page) == default.fix(page, unsafe_fixes=True) != default.fix(page)
    assert configured.fix(page, unsafe_fixes=False) == default.fix(page)


def test_refusal_says_why(linter):
    page = "Only this.\n\nLeave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n\nLeave a Comment\n"
    fixed = Linter(config={"max-removed": 0.1}).fix(page)
    assert fixed.text == page and not fixed.is_changed
    assert "would remove" in fixed.refusal


def test_selection(pages):
    codes = {finding.code for page in pages for finding in Linter(select=["BP"]).check(page)}
    assert codes and all(code.startswith("BP") for code in codes)
    ignoring = {finding.code for page in pages for finding in Linter(ignore=["BP"]).check(page)}
    assert not any(code.startswith("BP") for code in ignoring)
    left_out = {rule.code[:2] for rule in Linter(extend_select=["ALL"]).rules() if not rule.is_selected}
    assert left_out == {"QM"}
    assert all(rule.is_selected for rule in Linter(extend_select=["ALL", "QM"]).rules())


def test_config_file(tmp_path):
    config = tmp_path / "dechaff.toml"
    config.write_text('select = ["BP"]\n[per-file-ignores]\n"quotes/**" = ["BP001"]\n')
    linter = Linter(config=config)
    assert len(linter.check(TEXT)) == 1
    assert linter.check(TEXT, path=tmp_path / "quotes" / "a.md") == []
    config.unlink()
    assert len(pickle.loads(pickle.dumps(linter)).check(TEXT)) == 1


def test_custom_rules(tmp_path):
    rule = tmp_path / "harbour.toml"
    rule.write_text(
        'code = "XX001"\nname = "harbour"\nsummary = "talks about the harbour"\n'
        'why = "Only for this test."\nsince = "1"\n[[find]]\nen = "harbour"\n'
    )
    linter = Linter(select=["XX001"], rules=[rule])
    rule.unlink()
    for one in (linter, pickle.loads(pickle.dumps(linter))):
        assert [finding.text for finding in one.check("harbour\n")] == ["harbour"]
    assert [rule.code for rule in linter.rules() if rule.is_custom] == ["XX001"]


@pytest.mark.parametrize(
    "settings",
    [
        {"select": ["BQ"]},
        {"config": {"max-removed": 3}},
        {"config": {"slect": ["BP"]}},
        {"rules": ["missing"]},
        {"config": "missing.toml"},
        {"ignore": ["ALL"]},
    ],
)
def test_wrong_settings(settings):
    with pytest.raises(ConfigError):
        Linter(**settings)


def test_messages_match_the_command(command, tmp_path):
    (tmp_path / "a.toml").write_text('select = ["BQ"]\n')
    (tmp_path / "a.txt").write_text("a\n")
    printed = command("check", "--config", "a.toml", "a.txt")
    # `--isolated` does not go with a named file.
    assert printed.returncode == 2
    printed = subprocess.run(
        [sys.executable, "-m", "dechaff", "check", "--config", "a.toml", "a.txt"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )
    with pytest.raises(ConfigError) as raised:
        Linter(config=tmp_path / "a.toml")
    assert str(raised.value).replace(f"{tmp_path}/", "") in printed.stderr


def test_wrong_arguments(linter):
    with pytest.raises(TypeError, match="select is a list"):
        Linter(select="BP")
    with pytest.raises(ValueError, match="threads"):
        Linter(threads=0)
    with pytest.raises(TypeError):
        linter.check(b"bytes")
    with pytest.raises(UnicodeEncodeError):
        linter.check("a lone surrogate: \ud800")


def test_equal_settings_are_equal():
    one, same, other = Linter(ignore=["ND"]), Linter(ignore=["ND"]), Linter(ignore=["BP"])
    assert one == same and hash(one) == hash(same) and pickle.dumps(one) == pickle.dumps(same)
    assert one != other and one != Linter(ignore=["ND"], threads=1)
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)).check(TEXT) == one.check(TEXT)


def test_values_pickle_and_convert(linter):
    findings = linter.check(TEXT)
    assert pickle.loads(pickle.dumps(findings)) == findings
    assert findings[0].to_dict()["code"] == "BP001"
    fixed = linter.fix(TEXT)
    assert pickle.loads(pickle.dumps(fixed)) == fixed


def test_html_shows_what_is_removed(linter):
    page = TEXT.replace("harbour", "<b>harbour</b>")
    for html in (linter.check(page)._repr_html_(), linter.fix(page)._repr_html_()):
        assert ">Leave a Comment" in html and "<del" in html
        assert "<b>harbour" not in html


def test_rules():
    rules = dechaff.rules()
    assert len(rules) > 100 and [rule.code for rule in rules] == sorted(rule.code for rule in rules)
    rule = next(rule for rule in rules if rule.code == "BP001")
    assert (rule.name, rule.fix, rule.is_default, rule.is_selected) == ("comment-prompt", "safe", True, True)


def test_library_prints_nothing(linter, pages, capfd):
    linter.fix_batch(pages)
    list(linter.check_corpus(pages))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
