"""Inbox assignments: an item has at most one assignee, whom all staff see."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db.models import F
from django.urls import reverse

from notifications.models import Delivery
from storefront.accounts.models import User
from storefront.dashboard.inbox import assignments, query, sla
from storefront.dashboard.inbox.rules.registry import CAUSES
from storefront.dashboard.models import Taken
from suppliers.models import StockLevel
from tests.factories.full_shop import make_world
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.inbox.test_query import AGO, ITEMS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    """Make all requests of a test at the same time, since staff sessions expire."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def row(monkeypatch):
    make_world(monkeypatch)
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(status="dead", status_since=AGO)
    return waiting()


def waiting():
    (found,) = [one for one in query.find(now=NOON) if one.cause.code == "message_dead"]
    return found


def sign_in(client, name, *permissions):
    user = User.objects.create_user(f"{name}@fara.example", "a password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return str(user)


def post(client, found, what, **more):
    given = {"cause": found.cause.code, "row": found.row, "since": found.since.isoformat()}
    with time_machine.travel(NOON, tick=False):
        return client.post(reverse("supply:take"), {**given, "what": what, **more})


def test_item_is_assigned_shown_to_others_and_reassigned(client, row):
    ann = sign_in(client, "ann", "view_delivery")
    assert post(client, row, "take").url == reverse("admin:index")
    assert waiting().taken_by == ann
    assert "Unassign" in client.get(reverse("admin:index")).content.decode()

    bob = sign_in(client, "bob", "view_delivery")
    post(client, row, "take")  # the page is a minute old
    assert waiting().taken_by == ann
    page = client.get(reverse("admin:index")).content.decode()
    assert ann in page
    assert "Reassign to me" in page

    post(client, row, "take_over")
    assert waiting().taken_by == bob
    sign_in(client, "cy", "view_delivery")
    post(client, row, "give_back")  # from an old page: another user has it
    assert waiting().taken_by == bob
    client.force_login(User.objects.get(email=bob))
    post(client, row, "give_back")
    assert waiting().taken_by == ""


def test_item_that_returns_is_unassigned(client, row):
    sign_in(client, "ann", "view_delivery")
    assignments.take(cause=row.cause.code, row=row.row, since=None, by="bob", now=AGO)
    Delivery.objects.filter(pk=row.row).update(status_since=NOON)

    assert waiting().taken_by == ""
    post(client, waiting(), "take")
    assert waiting().taken_by == "ann@fara.example"


def test_forbidden_or_invalid_assignment_is_refused(client, row):
    sign_in(client, "eve", "view_order")
    assert post(client, row, "take").status_code == 403
    assert not Taken.objects.exists()

    sign_in(client, "ann", "view_delivery")
    assert post(client, row, "take", row="x").status_code == 404
    assert post(client, row, "take", cause="nothing").status_code == 403
    assert post(client, row, "take", since="tomorrow", **{"from": "//evil.example"}).url == (
        reverse("admin:index")
    )
    assert client.get(reverse("supply:take")).status_code == 405


def test_late_item_is_marked(client, row):
    sign_in(client, "ann", "view_delivery")
    with time_machine.travel(row.due + (NOON - AGO), tick=False):
        page = client.get(reverse("admin:index")).content.decode()

    assert "today-late" in page


def test_each_response_time_belongs_to_a_rule():
    assert sla.WITHIN.keys() <= {cause.code for cause in CAUSES}


def test_assignment_of_an_item_with_moving_time_lasts_a_day(monkeypatch):
    make_world(monkeypatch)
    ITEMS["stock_risk"]()
    short = StockLevel.objects.filter(reported_quantity__lt=F("allocated_unseen") + F("reserved"))
    StockLevel.objects.filter(pk__in=short[1:].values("pk")).update(reported_quantity=99)
    level = short.get()
    assignments.take(cause="stock_risk", row=level.pk, since=None, by="ann", now=NOON)

    def taken(now):
        StockLevel.objects.filter(pk=level.pk).update(received_at=now)  # the feed arrived again
        (found,) = [one for one in query.find(now=now) if one.cause.code == "stock_risk"]
        return found.taken_by

    assert taken(NOON + timedelta(hours=5)) == "ann"
    assert taken(NOON + timedelta(hours=25)) == ""
