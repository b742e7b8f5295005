import pytest
from django.db import transaction

from catalog.models import Listing
from suppliers.inventory import ledger, publication
from suppliers.models import PendingPublication, StockLevel
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON, make_level, make_location, make_offer

pytestmark = pytest.mark.django_db


def shown(level):
    publication.publish_pending(now=NOON)
    return Listing.objects.get(variant=level.offer.variant).available


def test_every_change_of_availability_is_queued_for_publication():
    level = make_sellable(quantity=5).level
    given = {"units": {level.pk: 2}, "cause": "order:FL-1", "now": NOON}
    changes = (
        *(ledger.reserve, ledger.release, ledger.reserve, ledger.allocate, ledger.deallocate),
        *(ledger.reserve, ledger.allocate, ledger.mark_absorbed),
    )

    numbers = []
    for change in changes:
        with transaction.atomic():
            change(**given)
        numbers.append(shown(level))

    assert numbers == [3, 5, 3, 3, 5, 3, 3, 5]


@pytest.mark.parametrize(
    "change",
    [ledger.reserve, ledger.allocate, ledger.release, ledger.deallocate, ledger.mark_absorbed],
)
def test_counter_movement_and_queue_entry_are_one_statement_per_row(
    change, django_assert_num_queries
):
    listing = make_sellable(quantity=5)
    offer = listing.level.offer
    levels = [listing.level, make_level(offer, location=make_location(offer.supplier, "CN", "CN"))]
    StockLevel.objects.update(reserved=1, allocated_outstanding=1)
    PendingPublication.objects.all().delete()

    with transaction.atomic(), django_assert_num_queries(len(levels)):
        change(units={level.pk: 1 for level in levels}, cause="order:FL-1", now=NOON)

    assert set(PendingPublication.objects.values_list("variant_id")) == {(offer.variant_id,)}


def test_an_offer_without_variant_queues_nothing():
    level = make_level(make_offer(None))

    with transaction.atomic():
        ledger.reserve(units={level.pk: 1}, cause="order:FL-1", now=NOON)

    assert not PendingPublication.objects.exists()
