from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from suppliers.inventory import history
from suppliers.models import CostChange, StockMovement
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.storefront.dashboard.suppliers.test_scorecards import make_card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

A_DAY = timedelta(days=1)


@pytest.fixture
def light():
    """A light at two suppliers: 10.00 in Germany, and 8.00 in China with a duty of 3.00."""
    listing = make_sellable(quantity=5)
    make_terms(channel=make_channel(), duty_amount=None, handling_amount="0.50")
    make_service()
    offer = make_offer(listing.variant, supplier=make_supplier("across"), cost="8.00")
    listing.across = make_level(offer, 30, make_location(offer.supplier, "CN", "CN"))
    make_service(listing.across.location)
    return listing


def page(client, listing, **asked):
    return client.get(reverse("supply:offers", args=[listing.variant_id]), asked)


def test_page_shows_the_chosen_offer_and_why_others_are_not(staff, light):
    answer = page(staff, light)
    first, second = answer.context["rows"]

    assert (first.is_selected, first.why) == (True, "Selected")
    assert (second.is_selected, second.why) == (False, "Landed cost is higher by €1.00 in total")
    assert "Selected source: 1 to Germany from Lumen, DE." in answer.content.decode()
    assert dict(second.parts) == {
        "Wholesale cost": "€8.00",
        "Duty": "€3.00",
        "Handling": "€0.50",
        "Landed cost": "€11.50",
    }


def test_requested_quantity_and_country_apply(staff, light):
    many = page(staff, light, quantity=5)
    nowhere = page(staff, light, quantity=99)

    assert "Selected source: 5 to Germany from Across, CN." in many.content.decode()
    assert sorted(row.why for row in nowhere.context["rows"]) == [
        "Only 30 available",
        "Only 5 available",
    ]
    assert "No supplier can ship 99 to Germany." in nowhere.content.decode()
    assert page(staff, light, quantity="x", country="??").status_code == 200


def test_page_shows_safety_stock_and_supplier_metrics(staff, light):
    make_order(light)
    light.level.safety_stock = 1
    light.level.save(update_fields=["safety_stock"])
    make_card(light.level.offer.supplier, good=9, of=10)

    rows = page(staff, light).context["rows"]

    [row] = [row for row in rows if row.source.row.level == light.level]
    assert row.promised == 3
    assert [units for _, units in row.deductions] == [1, 0, 1, 0, 0]
    assert (row.freshness, [card.value for card in row.scores]) == ("fresh", [Decimal("0.9")])


def test_offer_without_stock_level_and_variant_without_offers_say_so(staff, light):
    make_offer(light.variant, supplier=make_supplier("silent"))
    bare = make_sellable()
    bare.level.movements.all().delete()
    bare.level.delete()
    bare.variant.offers.all().delete()

    silent = "Not selected: the supplier never reported its stock"
    assert silent in page(staff, light).content.decode()
    assert "No offers" in page(staff, bare).content.decode()


def test_page_needs_permission_to_view_offers(client, light):
    for rights, status in (([], 403), (["view_supplieroffer"], 200)):
        client.force_login(make_staff(f"clerk-{status}", *rights))
        assert page(client, light).status_code == status


def test_variant_offer_listing_and_order_link_to_the_page(staff, light):
    order = make_order(light)
    target = reverse("supply:offers", args=[light.variant_id])

    for name, row in (
        ("catalog_variant", light.variant_id),
        ("catalog_listing", light.pk),
        ("suppliers_supplieroffer", light.across.offer_id),
        ("orders_order", order.pk),
        ("orders_orderline", order.lines.get().pk),
    ):
        assert target in staff.get(reverse(f"admin:{name}_change", args=[row])).content.decode()


def test_stock_history_is_computed_backward_from_current_counters(light):
    offer = light.across.offer
    CostChange.objects.create(
        offer=offer, cause="run:2", old_amount=7, new_amount=8, at=NOON - 3 * A_DAY
    )
    StockMovement.objects.update(at=NOON - 9 * A_DAY)
    make_order(light, quantity=5, now=NOON)
    light.across.refresh_from_db()

    costs = history.cost_history([offer], since=NOON - 90 * A_DAY)[offer.pk]
    [moved] = history.stock_history([light.across], since=NOON - 5 * A_DAY).values()
    [all_of_it] = history.stock_history([light.across], since=NOON - 90 * A_DAY).values()

    assert [(one.at, one.amount) for one in costs] == [
        (NOON - 90 * A_DAY, 7),
        (NOON - 3 * A_DAY, 8),
    ]
    assert [(one.reported, one.promised, one.remaining) for one in moved] == [
        (30, 0, 30),
        (30, 5, 25),
    ]
    assert [one.at for one in all_of_it] == [NOON - 9 * A_DAY, NOON]
