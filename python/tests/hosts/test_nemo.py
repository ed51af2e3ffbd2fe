import pytest

pytest.importorskip("nemo_curator", reason="NeMo Curator is not installed")

from dechaff.nemo import DechaffFilter, DechaffModifier


def test_modifier(many, reference):
    modifier = DechaffModifier(ignore=["ND"])
    assert [modifier.modify_document(page) for page in many] == reference.fixed


def test_filter():
    noise = "Only this.\n\nLeave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    filter = DechaffFilter(max_score=0.1)
    assert not filter.keep_document(filter.score_document(noise))
    assert filter.keep_document(filter.score_document("Plain text about a harbour."))
    assert filter.score_document("") == 0
