"""Lines that are too heavy together for the most profitable source ship from another one."""

import pytest

from catalog.models import Variant
from orders.enums import Criterion
from orders.routing import rules
from shipping.availability import availability
from shipping.rates import quotes
from storefront.web.cart.summary import summarize
from suppliers.models import ShippingService
from tests.factories.backorders import also_at
from tests.factories.catalog import make_channel
from tests.factories.orders import make_cart, make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def heavy():
    """Two lights: their profitable source ships either per parcel, another source both."""
    made = rules.create_draft(
        channel=make_channel(), criteria=(Criterion.DAYS, Criterion.COST), actor="ada", now=NOON
    )
    rules.activate(rules=made, actor="ada", now=NOON)
    quotes.clear_cache()
    lights = [make_sellable(quantity=9, cost="10.00") for _ in range(2)]
    Variant.objects.update(packed_weight_g=1200)
    make_service(min_days=9, max_days=20, countries=["DE"])
    dear = also_at(lights[0], "dear", quantity=9, cost="34.00")
    offer = make_offer(lights[1].variant, supplier=dear.offer.supplier, cost="34.00")
    make_level(offer, 9, dear.location)
    ShippingService.objects.filter(location=dear.location).update(max_weight_g=9000)
    return lights, dear.location


def places(plan):
    return [parcel.location_id for parcel in plan.parcels]


def test_lines_too_heavy_together_ship_from_a_source_that_takes_both(
    heavy, django_assert_num_queries
):
    lights, dear = heavy
    alone = availability.check_cart(cart=make_cart(lights[0]), country="DE", now=NOON)
    cart = make_cart(*lights)

    with django_assert_num_queries(2):  # the cart, and the stock, as for one line
        both = availability.check_cart(cart=cart, country="DE", now=NOON)

    assert places(alone.plan) == [lights[0].level.location_id]
    assert places(both.plan) == [dear.pk]
    assert both.plan.rules.min_margin_rate is not None
    assert summarize(cart=cart, country="DE", now=NOON).quotes


def test_lines_no_source_takes_together_stay_at_the_profitable_one(heavy):
    lights, _ = heavy
    ShippingService.objects.update(max_weight_g=2000)

    both = availability.check_cart(cart=make_cart(*lights), country="DE", now=NOON)

    assert places(both.plan) == [lights[0].level.location_id]
