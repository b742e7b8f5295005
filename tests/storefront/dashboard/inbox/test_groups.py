"""Inbox groups: one row per rule, with a named cost; people who wait come first."""

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import ExchangeRate, Listing
from orders.models import Order, PurchaseOrder
from storefront.accounts.models import User
from storefront.dashboard.inbox import groups
from storefront.dashboard.inbox.losses import LOSSES, Loss
from storefront.lib.money import Money
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO, ITEMS, write_to_staff
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "shared_world")]


@pytest.fixture
def user():
    return User.objects.create_superuser("boss@fara.example", "a password")


def codes(user):
    return [group.cause.code for group in groups.load(user=user, now=NOON).groups]


def group_of(user, code):
    (found,) = [one for one in groups.load(user=user, now=NOON).groups if one.cause.code == code]
    return found


def test_people_come_before_money_and_money_before_age(user):
    ITEMS["purchase_order_on_hold"]()
    ITEMS["payment_disputed"]()
    ITEMS["images_not_downloaded"]()
    write_to_staff()

    order = codes(user)

    assert order[0] == "order_message_waiting"
    money = [code for code in order if LOSSES[code].is_money]
    assert set(money) == {"purchase_order_on_hold", "payment_disputed"}
    assert order[1:3] == money
    assert "images_not_downloaded" in order[3:]


def test_costs_in_another_currency_are_compared_by_the_exchange_rate(user):
    PurchaseOrder.objects.filter(pk=PurchaseOrder.objects.first().pk).update(
        status="on_hold",
        status_since=AGO,
        hold_reasons=[],
        currency="JPY",
        customer_charge_amount=Decimal(1000),
    )
    ExchangeRate.objects.create(base="JPY", quote="EUR", rate="0.006", source="test", as_of=NOON)

    group = group_of(user, "purchase_order_on_hold")

    assert group.amounts == [Money(Decimal("1000.00"), "JPY")]
    assert group.cost == Decimal(6)


def test_only_money_at_risk_is_summed(user):
    """A late order is a broken promise, a price below the floor a margin per unit."""
    ITEMS["price_below_minimum"]()
    Order.objects.filter(status="processing").update(arrives_to=AGO.date())
    inbox = groups.load(user=user, now=NOON)
    below, late = group_of(user, "price_below_minimum"), group_of(user, "order_late")

    assert inbox.at_risk == []
    assert (below.loss, late.loss) == (Loss.MARGIN, Loss.PROMISE)
    lowest = min(Listing.objects.filter(is_published=True).values_list("price_amount", flat=True))
    assert [amount.amount for amount in below.amounts] == [999 - lowest], "the highest of one unit"
    assert late.count > 1
    assert late.amounts[0].amount == sum(
        Order.objects.filter(status="processing").values_list("total_amount", flat=True)
    )


def test_blocked_price_costs_sales_and_no_amount(user):
    ITEMS["price_blocked"]()

    group = group_of(user, "price_blocked")

    assert (group.loss, group.amounts, group.cost) == (Loss.SALES, [], 0)


def test_start_page_has_one_row_per_cause_with_its_actions(staff, client_factory):
    ITEMS["submission_failed"]()
    page = staff.get(reverse("admin:index")).content.decode()
    url = reverse("supply:waiting", args=["submission_failed"])

    assert page.count(f'href="{url}"') == 1
    assert f'href="{url}resubmit/?all=1"' in page
    assert "Order value to refund" in page
    viewer = client_factory()
    viewer.force_login(make_staff("eve", "view_purchaseorder"))
    shown = viewer.get(reverse("admin:index")).content.decode()
    assert f'href="{url}"' in shown
    assert f"{url}resubmit/" not in shown


def test_groups_need_permission(user):
    assert groups.load(user=make_staff("nothing"), now=NOON).groups == ()
    assert {group.cause.code for group in groups.load(user=user, now=NOON).groups} == {
        "feed_issues",
        "webhook_failed",
    }
