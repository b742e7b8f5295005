import random
from collections import Counter

import pytest

from catalog.models import Variant
from orders.routing.candidates import QuantityRefusal
from orders.routing.engine import Drawback
from shipping.availability import availability, source_comparison
from shipping.availability.source_comparison import RouteStatus
from suppliers.inventory.availability import UnavailableReason
from tests.factories.catalog import make_channel
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.shipping.availability.test_availability import quoted, scatter
from tests.support.matrices import thinned

pytestmark = pytest.mark.django_db


def compare(listing, quantity=1, country="DE"):
    listing.variant.refresh_from_db()
    return source_comparison.compare_sources(
        variant=listing.variant,
        quantity=quantity,
        country=country,
        channel=make_channel(),
        now=NOON,
    )


def verdicts(found):
    return {one.row.level.location.code: one.verdict for one in found}


@pytest.mark.parametrize("seed", thinned(range(12), step=4))
def test_the_comparison_chooses_the_source_that_checkout_chooses(seed):
    listing = scatter(random.Random(seed))
    for quantity in range(1, 12):
        found = compare(listing, quantity)

        taken = [one.row.level.pk for one in found if one.verdict == RouteStatus.SELECTED]
        lines = [
            line.candidate.level_id
            for quote in quoted(listing, quantity)[:1]
            for parcel in quote.parcels
            for line in parcel.parcel.lines
        ]
        assert taken == lines
        assert len(found) == listing.variant.offers.values("levels").count()


def test_each_other_row_has_its_reason():
    listing = make_sellable(quantity=9, cost="8.00")
    Variant.objects.update(packed_weight_g=300)
    make_service(max_weight_g=3000)
    for code, cost, quantity, terms in (
        ("dear", "9.00", 9, {}),
        ("few", "8.00", 2, {}),
        ("least", "8.00", 9, {"min_order_units": 5}),
        ("packs", "8.00", 9, {"pack_size": 2}),
        ("held", "8.00", 9, {"status": "on_hold"}),
        ("far", "8.00", 9, {}),
        ("heavy", "8.00", 9, {}),
    ):
        offer = make_offer(listing.variant, supplier=make_supplier(code), cost=cost)
        type(offer).objects.filter(pk=offer.pk).update(**terms)
        level = make_level(offer, quantity, make_location(offer.supplier, code=code))
        if code != "far":
            make_service(level.location, max_weight_g=500 if code == "heavy" else 3000)

    found = compare(listing, 3)

    assert verdicts(found) == {
        "DE": RouteStatus.SELECTED,
        "dear": Drawback.HIGHER_COST,
        "few": QuantityRefusal.TOO_FEW,
        "least": QuantityRefusal.BELOW_MINIMUM,
        "packs": QuantityRefusal.NOT_WHOLE_PACKS,
        "held": UnavailableReason.ON_HOLD,
        "far": RouteStatus.NOT_CARRIED,
        "heavy": RouteStatus.PARCEL_TOO_SMALL,
    }
    assert found[0].verdict == RouteStatus.SELECTED
    assert Counter(bool(one.sentence) for one in found)[True] == 1


def test_stock_below_the_minimum_order_is_not_reported_as_undeliverable():
    listing = make_sellable(quantity=3)
    make_service()
    listing.variant.offers.update(min_order_units=5)

    assert verdicts(compare(listing)) == {"DE": QuantityRefusal.BELOW_MINIMUM}
    assert (
        availability.check_variants(
            variant_ids=[listing.variant_id], country="DE", channel=make_channel(), now=NOON
        )[listing.variant_id].most
        == 0
    )
