"""Supplier files: read real files with the suggested mapping, compare with ``expected.json``.

``expected.json`` has for each file its header row, the data of each SKU, and the issues.
"""

import json
from pathlib import Path

import pytest

from catalog.attributes.normalization import normalize
from catalog.records import ImportIssue
from suppliers.connectors.feed.formats.data_file import open_file
from suppliers.connectors.feed.reader import FeedFileReader
from suppliers.connectors.feed.rows import product_pages
from suppliers.connectors.feed.rows.converter import Converter
from suppliers.feed_mapping.suggestions import suggest_mapping

FILES = Path(__file__).parent / "supplier_files"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
NAMES = sorted(path.name for path in FILES.iterdir() if path.name != "expected.json")
# Attributes that come from a title or from a battery format alone are left out.
ATTRIBUTES = frozenset(
    {"output_lm", "output_min_lm", "intensity_cd", "runtime_high_min", "runtime_max_min"}
    | {"weight_g", "length_mm", "head_mm", "ip_rating", "impact_m", "battery_format"}
    | {"battery_included", "battery_energy_wh"}
)


def read(path, work):
    file = open_file(path, work=work)
    rows = [row for row in file.sample(20) if not isinstance(row, ImportIssue)]
    mapping = suggest_mapping(file.detected.headers, rows)
    file_reader = FeedFileReader(file, mapping, currency="EUR", work=work)
    skus, issues = {}, []
    try:
        for page in file_reader.pages():
            if isinstance(page, ImportIssue):
                issues.append(f"{page.row}: {page.code}")
                continue
            enriched = normalize(page.record, source="feed")
            found = [*page.problems, *([enriched] if isinstance(enriched, ImportIssue) else [])]
            spec = {} if isinstance(enriched, ImportIssue) else enriched.spec
            found += () if isinstance(enriched, ImportIssue) else enriched.issues
            issues += [f"{each.row}: {each.code}" for each in found]
            for variant in page.record.variants:
                stock = [row for row in page.stock or () if row.sku == variant.sku]
                skus[variant.sku] = {
                    "title": getattr(enriched, "title", page.record.title)[:60],
                    "cost": str(variant.cost) if variant.cost else None,
                    "stock": {row.location: row.quantity for row in stock},
                    "packed_g": variant.packed_weight_g,
                    **{name: str(spec[name]) for name in sorted(ATTRIBUTES & spec.keys())},
                }
        newest = file_reader.profile().newest
    finally:
        file_reader.close()
    return {
        **({"newest": newest.isoformat()} if newest else {}),
        "header_row": file.detected.header_row,
        "skus": skus,
        "issues": sorted(issues),
    }


@pytest.mark.parametrize("name", NAMES)
def test_supplier_file_is_read_as_expected(name, tmp_path):
    assert read(FILES / name, tmp_path) == EXPECTED[name]


def test_the_source_of_a_value_is_the_column_of_the_file(tmp_path):
    path = tmp_path / "lights.csv"
    path.write_text("SKU;Title;Lichtstrom [lm]\nA;Headlamp;400\n")
    file = open_file(path, work=tmp_path)
    mapping = suggest_mapping(file.detected.headers)
    file_reader = FeedFileReader(file, mapping, currency="EUR", work=tmp_path)

    (page,) = file_reader.pages()
    file_reader.close()

    source = normalize(page.record, source="feed").sources["output_lm"]
    assert source == {"supplier": "feed", "label": "Lichtstrom [lm]", "raw": "400 lm"}


def test_each_of_forty_files_has_an_expectation():
    assert len(NAMES) >= 40
    assert set(NAMES) == set(EXPECTED)


@pytest.mark.parametrize(
    ("place", "name"), [(product_pages, "build_detail"), (Converter, "whole")], ids=["page", "row"]
)
def test_a_row_with_an_unexpected_error_is_an_issue_and_others_are_read(
    monkeypatch, tmp_path, caplog, place, name
):
    path = tmp_path / "lights.csv"
    path.write_text("SKU,Name,Price\nA-1,Lamp one,9.10\nA-2,Lamp two,9.20\n", encoding="utf-8")
    original = getattr(place, name)

    def fail(*args, **known):
        if "A-1" in repr(args):
            raise KeyError("unexpected")
        return original(*args, **known)

    monkeypatch.setattr(place, name, fail)
    file = open_file(path, work=tmp_path)
    mapping = suggest_mapping(file.detected.headers, [*file.sample(20)])
    first, second = FeedFileReader(file, mapping, currency="EUR", work=tmp_path).pages()

    (issue,) = [first] if isinstance(first, ImportIssue) else first.problems
    assert (issue.is_fatal, "KeyError: 'unexpected'" in issue.message) == (True, True)
    assert second.record.title == "Lamp two"
    assert any(record.exc_info for record in caplog.records)
