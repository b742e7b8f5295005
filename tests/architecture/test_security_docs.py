"""Security documents: every ASVS Level 1 requirement is listed, and every named test exists."""

import re

import pytest

from tests.support.source_files import ROOT

FOLDER = ROOT / "docs" / "security"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
LEVEL_1 = (
    "1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1"
    " 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3"
    " 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2"
    " 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1"
    " 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1"
)


WITHOUT_ROW = 36  # Level 2 requirements about OAuth, WebRTC, GraphQL and WebSockets
STATUSES = ("met", "not applicable", "operator", "open")


def sheets():
    return (FOLDER / "asvs.md").read_text().split("## Level 2")


@pytest.mark.parametrize("name", ["asvs.md", "threat-model.md"])
def test_each_named_test_exists(name):
    named = NAMED.findall((FOLDER / name).read_text())

    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists() or f"def {test}(" not in (ROOT / path).read_text()
    ]
    assert named
    assert missing == []


def test_every_requirement_of_level_1_has_a_row_with_its_evidence():
    rows = ROW.findall(sheets()[0])

    assert [row[0] for row in rows] == LEVEL_1.split()


def test_each_row_has_its_evidence_or_reason():
    for number, words, status, evidence in ROW.findall("".join(sheets())):
        assert words, number
        assert status in STATUSES, number
        is_shown = NAMED.search(evidence) or ".md)" in evidence
        assert is_shown if status == "met" else evidence, number


@pytest.mark.parametrize(("level", "more"), [(0, 0), (1, WITHOUT_ROW)])
def test_the_stated_counts_match_the_rows(level, more):
    sheet = sheets()[level]
    statuses = [row[2] for row in ROW.findall(sheet)]
    met, not_applicable, operator, open_ = (statuses.count(one) for one in STATUSES)

    numbers = [int(each) for each in re.findall(r"\d+", sheet[sheet.index("Of ") :])][:5]
    assert numbers == [len(statuses) + more, met, not_applicable + more, operator, open_]
