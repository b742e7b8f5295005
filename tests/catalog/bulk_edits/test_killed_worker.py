"""Bulk edits whose process is killed: the next run continues, and each row is done once."""

from collections import Counter

import pytest

from catalog.bulk_edits import application
from catalog.models import BulkEdit, FieldChange, Product, Spec
from catalog.products import spec_edits
from tests.factories.bulk_edits import create, make_light, operation, run
from tests.factories.catalog import NOON
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)
LIGHTS = 5


def output_changes():
    return Counter(
        FieldChange.objects.filter(field="output_lm").values_list("product", "old", "new")
    )


@pytest.mark.parametrize("is_done", [False, True], ids=["before the write", "after the write"])
def test_rows_are_applied_and_undone_once(monkeypatch, is_done):
    products = [make_light(number).pk for number in range(LIGHTS)]
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    monkeypatch.setattr(application, "BATCH", 2)
    FieldChange.objects.all().delete()

    def die_in_second_batch():
        killed(
            lambda: application.continue_edit(edit.pk, now=NOON),
            module=spec_edits,
            at="edit_specs",
            after=1,
            is_done=is_done,
        )

    application.start(edit, actor="mia", now=NOON)
    die_in_second_batch()
    assert Spec.objects.filter(output_lm=900).count() == 2
    assert run(edit).status == BulkEdit.Status.APPLIED
    applied = {(product, 400, 900): 1 for product in products}
    assert output_changes() == applied

    application.start_undo(edit, actor="leo", now=NOON)
    die_in_second_batch()
    assert Spec.objects.filter(output_lm=900).count() == LIGHTS - 2
    assert run(edit).status == BulkEdit.Status.UNDONE
    undone = {(product, 900, 400): 1 for product in products}
    assert output_changes() == {**applied, **undone}
    assert {*edit.rows.values_list("outcome", flat=True)} == {"restored"}
