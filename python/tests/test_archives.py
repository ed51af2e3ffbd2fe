"""Web archives made by warcio and FastWARC pass through check, report and fix.

Each test is skipped if the package that writes its archive is not installed.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

FERRY = "The ferry to the island leaves at seven, and the last boat back is at nine in the evening.\n"
BRIDGE = "The bridge over the Norde was closed for a week, because two of its cables had rusted through.\n"
PROMPT = "\nLeave a Comment\n"
TEXTS = [FERRY + PROMPT, BRIDGE, "The mill has ground flour since 1711.\n" + PROMPT]
FIXED = [FERRY, BRIDGE, "The mill has ground flour since 1711.\n"]


def write_wet(path: Path) -> None:
    """Writes a WET file, a gzip member per record, with FastWARC."""
    stream_io = pytest.importorskip("fastwarc.stream_io")
    warc = pytest.importorskip("fastwarc.warc")
    content = io.BytesIO()
    for number, text in enumerate(["software: FastWARC\r\n", *TEXTS]):
        record = warc.WarcRecord()
        is_text = number > 0
        kind = warc.WarcRecordType.conversion if is_text else warc.WarcRecordType.warcinfo
        record.init_headers(kind, record_urn=f"uuid:00000000-0000-4000-8000-{number:012}".encode())
        if is_text:
            record.headers["WARC-Target-URI"] = f"https://example.org/{number}"
        record.headers["Content-Type"] = "text/plain" if is_text else "application/warc-fields"
        record.set_bytes_content(text.encode())
        with stream_io.GzipWriter(content) as member:
            record.write(member)
    path.write_bytes(content.getvalue())


def write_warc(path: Path) -> None:
    """Writes a WARC file of responses in plain text, and records without a document, with warcio."""
    writer_module = pytest.importorskip("warcio.warcwriter")
    headers = pytest.importorskip("warcio.statusandheaders").StatusAndHeaders
    with path.open("wb") as file:
        writer = writer_module.WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "warcio"}))
        for number, text in enumerate(TEXTS, 1):
            http = headers("200 OK", [("Content-Type", "text/plain; charset=utf-8")], protocol="HTTP/1.1")
            url = f"https://example.org/{number}"
            request = headers("GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=request))
            writer.write_record(writer.create_warc_record(url, "response", payload=io.BytesIO(text.encode()), http_headers=http))
        missing = headers("404 Not Found", [("Content-Type", "text/plain")], protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record("https://example.org/4", "response", payload=io.BytesIO(b"Gone.\n"), http_headers=missing))


ARCHIVES = {"pages.warc.wet.gz": write_wet, "pages.warc.gz": write_warc}


@pytest.fixture(params=ARCHIVES)
def archive(request, tmp_path) -> Path:
    path = tmp_path / request.param
    ARCHIVES[request.param](path)
    return path


def test_check_report_and_fix(archive, command):
    select = ["--select", "BP001"]
    checked = command("check", archive.name, *select, "--output-format", "json-lines")
    assert checked.returncode == 1, checked.stderr
    found = [json.loads(line) for line in checked.stdout.splitlines()]
    assert [one["code"] for one in found] == ["BP001", "BP001"]
    assert all(one["record"]["id"].startswith("urn:uuid:") for one in found)
    report = command("check", archive.name, *select, "-q", "--output-format", "html", "--output-file", "report.html")
    assert report.returncode == 1, report.stderr
    page = (archive.parent / "report.html").read_text(encoding="utf-8")
    assert "2 findings in 2 of 3 records" in page and "Leave a Comment" in page
    fixed = command("check", archive.name, *select, "--fix", "--output-dir", "fixed")
    assert fixed.returncode == 0, fixed.stderr
    copies = list((archive.parent / "fixed").glob("*.jsonl.gz"))
    assert len(copies) == 1
    with gzip.open(copies[0], "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    assert [record["text"] for record in records] == FIXED
    assert [record["url"] for record in records] == [f"https://example.org/{number}" for number in range(1, 4)]


def test_a_truncated_archive_is_counted(archive, command):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) * 2 // 3])
    checked = command("check", archive.name, "--select", "BP001", "--output-format", "concise")
    assert checked.returncode == 2
    assert "record could not be read" in checked.stdout, checked.stdout
    assert "BP001" in checked.stdout, "the records before the damage are checked"
    fixed = command("check", archive.name, "--select", "BP001", "--fix", "--output-dir", "fixed")
    assert fixed.returncode == 2
    assert not list((archive.parent / "fixed").glob("*.jsonl*")), "half of a file is not written"
