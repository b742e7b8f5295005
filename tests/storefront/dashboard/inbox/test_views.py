"""Inbox pages: all items are counted, summed once and reachable, however many there are."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from orders.models import Order, PurchaseOrder
from storefront.dashboard.inbox import query, views
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.lib.money import Money
from suppliers.models import StockLevel
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.inbox_items import AGO
from tests.factories.orders import make_order, make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
REASON = [{"code": "x", "sentence": "Too dear.", "subject": "", "amount": "", "currency": ""}]


def hold(purchase_orders, **more):
    PurchaseOrder.objects.filter(pk__in=[one.pk for one in purchase_orders]).update(
        status="on_hold", status_since=AGO, hold_reasons=REASON, **more
    )


def seen(client, url):
    return client.get(url).content.decode()


def test_held_order_beyond_the_limit_is_counted_summed_and_linked(staff, monkeypatch):
    made = [one for _ in range(3) for one in make_purchase_orders(make_sellable(), make_sellable())]
    hold(made)
    monkeypatch.setattr(query, "ITEMS_PER_RULE", 2)
    monkeypatch.setattr(views, "PAGE_SIZE", 2)

    inbox = query.load(now=NOON)
    start = seen(staff, reverse("admin:index"))

    assert inbox.count == len(made) == 3
    assert inbox.at_risk == [Money.total([one.charge for one in made], "EUR")]
    (cut,) = query.truncated_rules(inbox.rows)
    assert (cut.cause.code, cut.shown, cut.count) == ("purchase_order_on_hold", 2, 3)
    assert made[0].number not in start
    url = reverse("supply:waiting", args=["purchase_order_on_hold"])
    assert f'href="{url}"' in start
    first, second = seen(staff, url), seen(staff, f"{url}?page=2")
    assert [one.number in first for one in made] == [True, True, False]
    assert [one.number in second for one in made] == [False, False, True]
    assert "1 to 2 of 3" in first
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert staff.get(f"{url}?page=9").url == url
    assert made[0].number in seen(staff, f"{url}?page=nonsense")


def test_amount_reported_by_several_rules_counts_once():
    (made,) = make_purchase_orders(make_sellable())
    hold([made])
    Order.objects.update(status="on_hold", status_since=AGO, arrives_to=AGO.date())

    inbox = query.load(now=NOON)

    assert {row.cause.code for row in inbox.rows} == {"purchase_order_on_hold", "order_on_hold"}
    assert inbox.at_risk == [Money(made.order.total_amount, "EUR")]


def test_oversold_stock_counts_the_amounts_of_its_orders():
    """An order with its own inbox item counts once; of other orders, the oversold lines count."""
    made = [make_purchase_orders(make_sellable(quantity=9), quantity=2)[0] for _ in range(2)]
    hold(made[:1])
    StockLevel.objects.update(reported_quantity=0)

    inbox = query.load(now=NOON)

    paid = Money(made[1].order.lines.get().line_amount, "EUR")
    assert {row.cause.code for row in inbox.rows} >= {"purchase_order_on_hold", "stock_oversold"}
    assert inbox.at_risk == [made[0].charge + paid]
    risks = tuple(one for one in RULES if one.code == "stock_oversold")
    assert query.load(causes=risks, now=NOON).at_risk == [paid + paid]


def test_stock_that_is_only_reserved_can_be_oversold():
    make_order(make_sellable(quantity=9), quantity=2)
    StockLevel.objects.update(reported_quantity=1)

    assert "stock_oversold" in {row.cause.code for row in query.load(now=NOON).rows}


def test_amounts_of_purchase_orders_and_of_orders_add_up():
    one, two = make_purchase_orders(make_sellable()), make_purchase_orders(make_sellable())
    hold([*one, *two])

    assert query.load(now=NOON).at_risk == [one[0].charge + two[0].charge]
    PurchaseOrder.objects.filter(pk=two[0].pk).update(
        order=one[0].order, round=1, customer_charge_amount=Decimal("1.00")
    )
    assert query.load(now=NOON).at_risk == [one[0].charge + Money(Decimal("1.00"), "EUR")]


def test_rule_page_needs_permission_for_its_table(client):
    make_channel()
    client.force_login(make_staff("bob", "view_message"))

    for code, status in (("message_undeliverable", 200), ("order_on_hold", 403), ("nothing", 404)):
        assert client.get(reverse("supply:waiting", args=[code])).status_code == status


def test_rows_are_filtered_by_assignee_and_lateness(staff):
    first, second = (make_purchase_orders(make_sellable())[0] for _ in range(2))
    hold([first, second])
    PurchaseOrder.objects.filter(pk=second.pk).update(status_since=NOON)
    url = reverse("supply:waiting", args=["purchase_order_on_hold"])
    given = {"cause": "purchase_order_on_hold", "row": second.pk, "since": NOON.isoformat()}
    answer = staff.post(
        reverse("supply:assign"),
        given | {"what": "assign", "from": "waiting", "filters": "owner=none"},
    )

    def numbers(filters):
        shown, start = seen(staff, f"{url}?{filters}"), seen(staff, f"/admin/?{filters}")
        found = [one for one in (first, second) if one.number in shown]
        assert (f'href="{url}' in start) == bool(found), "the start page has the same filters"
        return found

    assert answer.url == f"{url}?page=1&owner=none", "the list keeps its filter"
    assert numbers("owner=me") == [second]
    assert numbers("owner=none") == [first]
    assert numbers("late=1") == [first]
    assert numbers("snoozed=1") == []
    assert numbers("owner=nonsense") == [first, second]
    assert "No items match this filter" in seen(staff, f"{url}?snoozed=1")
    assert "No items match this filter" in seen(staff, "/admin/?snoozed=1")
    evil = given | {"what": "assign", "from": "waiting", "filters": "x=1#y"}
    assert staff.post(reverse("supply:assign"), evil).url == f"{url}?page=1"


def test_rules_have_pages_and_an_action_returns_to_the_page_of_its_rule(staff):
    hold(make_purchase_orders(make_sellable()))
    url = reverse("supply:waiting", args=["purchase_order_on_hold"])

    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', seen(staff, url)))
    answer = staff.post(reverse("supply:assign"), {**form, "what": "assign"})

    assert answer.url == f"{url}?page=1"
    pages = [reverse("supply:waiting", args=[cause.code]) for cause in RULES[::15]]
    assert {staff.get(page).status_code for page in pages} == {200}
