"""Two clerks at once on one product: bulk edit, merge, save and archiving wait for each other."""

import pytest
from django.db import IntegrityError, transaction

from catalog.bulk_edits import application
from catalog.models import BulkEdit, Product, ProductGuarantee, Spec, Variant
from catalog.products import spec_edits
from catalog.readiness import lifecycle
from catalog.safety import guarantees
from suppliers.matches import merges
from tests.factories.bulk_edits import create, make_light, operation
from tests.factories.catalog import NOON, make_guarantee
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


def merge():
    product, other = (Product.objects.get(slug=f"light-{number}") for number in (1, 2))
    merges.merge_products(
        product=product, other=other, actor="ann", now=NOON, check_orders=lambda **_: None
    )


def archive():
    with transaction.atomic():
        ids = Product.objects.values_list("pk", flat=True)
        lifecycle.change_status(product_ids=[*ids], to="archived", actor="leo", now=NOON)


def save():
    with transaction.atomic():
        product = Product.objects.get(slug="light-2")
        spec_edits.edit_spec(product=product, changes={"output_lm": 700}, actor="leo", now=NOON)


@pytest.mark.parametrize("act", [merge, archive, save])
def test_another_clerk_waits_for_a_bulk_edit(monkeypatch, act):
    make_light(1)
    make_light(2)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    application.start(edit, actor="mia", now=NOON)
    clerk = Rival(act)
    clerk.begin_at(monkeypatch, application.writing, "write_values")

    application.continue_edit(edit.pk, now=NOON)
    clerk.finish()

    assert clerk.failure is None
    edit.refresh_from_db()
    assert edit.status == BulkEdit.Status.APPLIED
    assert {*edit.rows.values_list("outcome", flat=True)} == {"changed"}
    values = dict(Spec.objects.values_list("product__slug", "output_lm"))
    assert values == {"light-1": 900, "light-2": 700 if act is save else 900}


@pytest.mark.parametrize("act", [archive, save])
def test_another_clerk_waits_for_a_merge(monkeypatch, act):
    make_light(1)
    make_light(2)
    clerk = Rival(act)
    clerk.begin_at(monkeypatch, merges, "_move_identifiers")

    merge()
    clerk.finish()

    assert clerk.failure is None
    assert Variant.objects.filter(status="discontinued").count() == 1
    assert Product.objects.get(slug="light-2").status == "archived"


def test_a_guarantee_recorded_during_a_merge_waits_for_it(monkeypatch):
    make_light(1)
    make_light(2)
    kept, merged = (Product.objects.get(slug=f"light-{number}") for number in (1, 2))
    make_guarantee(merged)

    def record():
        new = ProductGuarantee.objects.get()
        new.pk, new.product = None, kept
        with transaction.atomic():
            guarantees.record_guarantee(new, actor="leo", now=NOON)

    clerk = Rival(record)
    clerk.begin_at(monkeypatch, merges, "_move_guarantee")

    merge()
    clerk.finish()

    assert isinstance(clerk.failure, IntegrityError)
    assert ProductGuarantee.objects.get().product == kept
