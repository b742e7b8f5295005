"""Inbox assignments: an item has at most one assignee, whom all staff see."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.urls import reverse

from notifications.models import Message
from storefront.accounts.models import User
from storefront.dashboard.inbox import assignments, sla
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import InboxAssignment
from suppliers.models import StockLevel
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import AGO, ITEMS, items_of
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "shared_world")]


@pytest.fixture
def row():
    Message.objects.filter(pk=Message.objects.first().pk).update(status="failed", status_since=AGO)
    return waiting()


def waiting():
    (found,) = items_of("message_undeliverable")
    return found


def sign_in(client, name, *permissions):
    client.force_login(user := make_staff(name, *permissions))
    return str(user)


def page(client):
    url = reverse("supply:waiting", args=["message_undeliverable"])
    return client.get(url).content.decode()


def post(client, found, what, **more):
    given = {"cause": found.cause.code, "row": found.row, "since": found.since.isoformat()}
    return client.post(reverse("supply:assign"), {**given, "what": what, **more})


def test_item_is_assigned_shown_to_others_and_reassigned(client, row):
    ann = sign_in(client, "ann", "view_message")
    assert post(client, row, "assign").url == reverse("admin:index")
    assert waiting().assignee == ann
    assert "Unassign" in page(client)
    assert "1 assigned" in client.get(reverse("admin:index")).content.decode()

    bob = sign_in(client, "bob", "view_message")
    post(client, row, "assign")  # the page is a minute old
    assert waiting().assignee == ann
    shown = page(client)
    assert ann in shown
    assert "Reassign to me" in shown

    post(client, row, "reassign")
    assert waiting().assignee == bob
    sign_in(client, "cy", "view_message")
    post(client, row, "unassign")  # from an old page: another user has it
    assert waiting().assignee == bob
    client.force_login(User.objects.get(email=bob))
    post(client, row, "unassign")
    assert waiting().assignee == ""


def test_item_that_returns_is_unassigned_and_a_late_one_marked(client, row):
    assert sla.RESPONSE_TIMES.keys() <= {cause.code for cause in RULES}
    sign_in(client, "ann", "view_message")
    with time_machine.travel(row.due + (NOON - AGO), tick=False):
        assert "today-late" in client.get(reverse("admin:index")).content.decode()
    assignments.assign(cause=row.cause.code, row=row.row, since=None, actor="bob", now=AGO)
    Message.objects.filter(pk=row.row).update(status_since=NOON)

    assert waiting().assignee == ""
    post(client, waiting(), "assign")
    assert waiting().assignee == "ann@fara.example"


def test_forbidden_or_invalid_assignment_is_refused(client, row):
    sign_in(client, "eve", "view_order")
    assert post(client, row, "assign").status_code == 403
    assert not InboxAssignment.objects.exists()

    sign_in(client, "ann", "view_message")
    assert post(client, row, "assign", row="x").status_code == 404
    assert post(client, row, "assign", cause="nothing").status_code == 404
    assert post(client, row, "assign", since="tomorrow", **{"from": "//evil.example"}).url == (
        reverse("admin:index")
    )
    assert client.get(reverse("supply:assign")).status_code == 405


def test_assignment_of_an_item_whose_start_time_moves_lasts_a_day():
    ITEMS["stock_oversold"]()
    short = StockLevel.objects.filter(
        reported_quantity__lt=F("allocated_outstanding") + F("reserved")
    )
    StockLevel.objects.filter(pk__in=short[1:].values("pk")).update(reported_quantity=99)
    level = short.get()
    assignments.assign(cause="stock_oversold", row=level.pk, since=None, actor="ann", now=NOON)

    def taken(now):
        StockLevel.objects.filter(pk=level.pk).update(received_at=now)  # the feed arrived again
        (found,) = items_of("stock_oversold", now=now)
        return found.assignee

    assert taken(NOON + timedelta(hours=5)) == "ann"
    assert taken(NOON + timedelta(hours=25)) == ""
