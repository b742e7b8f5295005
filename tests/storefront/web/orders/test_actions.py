"""Order actions: the entries of "What you can do now" in each state of an order, and why not."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from tests.factories.orders import ask_to_stop, make_order, make_paid_order
from tests.factories.returns import declare, make_delivered, make_shipped_order
from tests.factories.shipping import make_accepted_purchase_order
from tests.storefront.web.page_parser import page_of

pytestmark = pytest.mark.django_db

REPORT = "Report a problem with a parcel"
PACKED = "Everything is packed or has shipped. You can return it after delivery."
LATER = "You can do this after delivery."


def actions_of(client, order):
    """Return the open entries, and the reasons of the closed ones by label."""
    text = client.get(page_of(order)).content.decode()
    section = text.partition('<section class="panel stack" id="actions"')[2]
    section = section.partition("</section>")[0]
    links = r'<li><a href="[^"]*">([^<]*)</a>|<summary>([^<]*)</summary>\s*<form'
    found = re.findall(rf'{links}|<button class="button">([^<]*)<', section)
    closed = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", section)
    return ["".join(names) for names in found], dict(closed)


def test_order_that_has_not_shipped_can_be_changed_or_canceled(client, light):
    opened, closed = actions_of(client, make_accepted_purchase_order(light).order)

    assert opened == ["Change delivery address", "Cancel order", "Write to us"]
    assert closed == {
        REPORT: "You can do this when a parcel is on its way.",
        "Return faulty or wrong items": LATER,
        "Withdraw from the contract": "Nothing has shipped yet. Cancel the order instead.",
        "Download invoice": "Your invoice follows when your items ship.",
    }


def test_request_to_cancel_closes_other_changes(client, light):
    order = make_accepted_purchase_order(light).order
    ask_to_stop(order)

    opened, closed = actions_of(client, order)

    waiting = "You asked to cancel it, and the supplier has not answered yet."
    assert opened == ["Write to us"]
    assert closed["Cancel order"] == closed["Change delivery address"] == waiting
    assert closed["Withdraw from the contract"] == "You can do this when it has shipped."


def test_shipped_order_can_be_withdrawn_from(client, light):
    order = make_shipped_order(light)

    opened, closed = actions_of(client, order)
    declare(order, 3)
    returned = actions_of(client, order)[1]

    assert opened == [REPORT, "Withdraw from the contract", "Write to us"]
    assert closed["Cancel order"] == PACKED
    assert closed["Return faulty or wrong items"] == LATER
    assert returned["Withdraw from the contract"] == "You have already returned it."


def test_delivered_order_can_be_returned_and_bought_again(client, light):
    order = make_delivered(light)

    opened, closed = actions_of(client, order)
    chosen = client.get(page_of(order, "return/?kind=withdrawal")).content.decode()
    declare(order, 3, kind="defect")
    returned = actions_of(client, order)[1]

    assert opened == [
        "Buy again",
        REPORT,
        "Return faulty or wrong items",
        "Withdraw from the contract",
        "Write to us",
    ]
    assert list(closed) == ["Change delivery address", "Cancel order", "Download invoice"]
    assert 'value="withdrawal" checked' in chosen
    assert returned["Return faulty or wrong items"].startswith("You have returned it")


def test_withdrawal_period_ends_on_a_day_that_is_named(client, light, time_machine):
    order = make_delivered(light)
    time_machine.move_to(timezone.now() + timedelta(days=40))

    opened, closed = actions_of(client, order)

    assert opened == ["Buy again", REPORT, "Return faulty or wrong items", "Write to us"]
    assert closed["Withdraw from the contract"] == "The withdrawal period ended on 8 Dec."


def test_withdrawal_period_ends_without_a_delivery_event(client, light, time_machine):
    order = make_shipped_order(light)
    time_machine.move_to(timezone.now() + timedelta(days=400))

    closed = actions_of(client, order)[1]

    assert closed["Withdraw from the contract"] == "The withdrawal period is over."


@pytest.mark.parametrize(
    ("status", "opened"),
    [
        ("pending_payment", ["Write to us"]),
        ("expired", ["Put items back into cart", "Write to us"]),
        ("canceled", ["Buy again", "Write to us"]),
    ],
)
def test_unpaid_or_ended_order_has_nothing_to_change(client, light, status, opened):
    order = make_order(light)
    Order.objects.filter(pk=order.pk).update(status=status)

    assert actions_of(client, order) == (opened, {})


def test_paid_order_without_purchase_orders_can_be_canceled(client, light):
    opened = actions_of(client, make_paid_order(light))[0]

    assert opened == ["Change delivery address", "Cancel order", "Write to us"]
