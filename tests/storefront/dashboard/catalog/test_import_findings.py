"""Findings of a supplier's file after its dry run: the list, its limit, the CSV download."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.records import ImportIssue
from suppliers.catalog_files import findings
from suppliers.models import CatalogImport
from tests.factories.accounts import make_staff
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
FOUND = {"row": "row 9", "number": None, "code": "list-unreadable", "message": "Bad."}
CANDELA = FOUND | {"row": "L-2", "number": 3, "cells": [["Candela", "5000000"]]}
TWO_CELLS = FOUND | {"cells": [["Lumen", "many"], ["IP", "wet"]]}
NO_CELLS = FOUND | {"cells": []}


def page_with(*issues, total):
    """Return the page of an import whose dry run stored these findings."""
    row = CatalogImport.objects.create(
        supplier=make_supplier(),
        file_name="list.csv",
        status="ready",
        status_since=NOON,
        created_at=NOON,
        size_bytes=1,
        report={"finding_counts": {"list-unreadable": total}, "findings": issues},
    )
    return reverse("supply:import", args=[row.pk])


def test_findings_are_listed_and_downloaded_by_row_column_and_value(staff):
    page = page_with(CANDELA, TWO_CELLS, NO_CELLS, total=3)

    text = staff.get(page).content.decode()
    table = staff.get(f"{page}findings.csv").getvalue().decode().splitlines()

    assert "L-2 <small>row 3</small></th><td>Candela</td><td>5000000</td>" in text
    assert "<td>Lumen<br>IP</td><td>many<br>wet</td>" in text
    assert "row 9</th><td>–</td><td>–</td>" in text
    assert "findings are shown" not in text
    assert table[1] == "3,L-2,Candela,5000000,A listed row cannot be read,Bad."
    assert len(table) == 1 + 4  # a line per cell


@pytest.mark.parametrize(
    ("total", "rest"),
    [
        (3, "The download has all."),
        (4, "The download has the first 3. Correct these, then repeat the dry run."),
    ],
)
def test_a_long_list_of_findings_says_what_it_leaves_out(staff, monkeypatch, total, rest):
    monkeypatch.setattr(findings, "MAX_SHOWN", 2)
    page = page_with(CANDELA, TWO_CELLS, NO_CELLS, total=total)

    text = staff.get(page).content.decode()

    assert f"The first 2 of {total} findings are shown. {rest}" in text


def test_a_finding_keeps_a_bounded_part_of_its_row():
    raw = {f"{number:0500}": "x" * 500 for number in range(99)}
    issue = ImportIssue(row="L-1", code="list-unreadable", message="x" * 5_000, raw=raw)

    found = findings.to_finding(issue)

    assert len(found["cells"]) == findings.MAX_CELLS
    assert len(str(found)) < 4_000


def test_the_list_of_imports_does_not_read_their_reports(staff):
    page_with(CANDELA, total=1)

    with CaptureQueriesContext(connection) as queries:
        page = staff.get(reverse("admin:suppliers_catalogimport_changelist"))

    assert "list.csv" in page.content.decode()
    assert [query["sql"] for query in queries if '"report"' in query["sql"]] == []


def test_the_findings_need_the_rights_of_their_pages(client):
    page = page_with(CANDELA, total=1)
    supplier = CatalogImport.objects.get().supplier
    of_setup = reverse("supply:setup_findings", args=[supplier.pk])

    client.force_login(make_staff("imports", "view_catalogimport"))
    of_viewer = [client.get(f"{page}findings.csv"), client.get(of_setup)]
    client.force_login(make_staff("suppliers", "change_supplier"))
    of_buyer = [client.get(f"{page}findings.csv"), client.get(of_setup)]

    assert [answer.status_code for answer in of_viewer] == [200, 403]
    assert [answer.status_code for answer in of_buyer] == [403, 200]


def test_a_downloaded_formula_is_text(staff):
    page = page_with(CANDELA | {"cells": [["=cmd", "@SUM(A1)"]]}, total=1)

    table = staff.get(f"{page}findings.csv").getvalue().decode()

    assert "3,L-2,'=cmd,'@SUM(A1)," in table
