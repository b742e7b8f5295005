"""Live check: an unreadable answer counts as no answer."""

from datetime import timedelta

import pytest

from catalog.records import ImportIssue
from suppliers.connectors.records import MISSING_SKU
from suppliers.models import StockLevel, Supplier
from suppliers.sync import live_check
from tests.factories.feeds import NOON, stock_world, sync

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=2)
RED = "P1-Red"
UNREADABLE = ImportIssue(row=RED, code="stock-unreadable", message="'about 5' is not a quantity.")
WITHOUT_SKU = ImportIssue(row="?", code=MISSING_SKU, message="A stock row has no SKU.")


def level_of(sku):
    return StockLevel.objects.get(offer__supplier_sku=sku, location__code="DE")


@pytest.mark.parametrize("bad", [UNREADABLE, WITHOUT_SKU])
@pytest.mark.parametrize(("policy", "is_refused"), [("believe", False), ("refuse", True)])
def test_an_unreadable_figure_is_no_answer(supplier, world, bad, policy, is_refused):
    stock_world(world, 1, colors=("Black", "Red"))
    sync(supplier)
    Supplier.objects.update(live_check_fallback=policy)
    world.unreadable[RED] = bad
    red, black = level_of(RED), level_of("P1-Black")

    refused = live_check.unsellable_levels(wanted={red.pk: 1, black.pk: 1}, now=LATER)

    assert refused == ({red.pk} if is_refused else frozenset())
    assert (level_of(RED).reported_quantity, level_of(RED).as_of) == (20, red.as_of)
    assert level_of("P1-Black").as_of == LATER
