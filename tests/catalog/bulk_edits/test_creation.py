"""Bulk edit creation: the order in which rows are applied."""

from graphlib import TopologicalSorter

import pytest

from catalog.bulk_edits import creation
from catalog.models import BulkEdit, BulkEditRow
from tests.factories.catalog import NOON

pytestmark = pytest.mark.django_db


def test_thousands_of_cycles_are_sorted_at_once(monkeypatch):
    """Sorting again for each cycle took minutes, and the edit was never applied."""
    sorted_groups = []
    monkeypatch.setattr(
        creation,
        "TopologicalSorter",
        lambda graph: sorted_groups.append(graph) or TopologicalSorter(graph),
    )
    edit = BulkEdit.objects.create(kind="variants", created_at=NOON, status_since=NOON)
    for number in range(1, 201):
        other = number + 1 if number % 2 else number - 1
        BulkEditRow.objects.create(
            edit=edit,
            position=number,
            name=f"S-{number}",
            wanted={"variant.replaced_by": f"S-{other}"},
        )

    groups = creation.group_rows(edit.rows.all())

    assert sorted(pk for group in groups for pk in group) == sorted(
        edit.rows.values_list("pk", flat=True)
    )
    assert len(sorted_groups) < 4
