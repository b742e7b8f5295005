"""Supplier notices: one e-mail per change request, else staff ask."""

from __future__ import annotations

import dataclasses

import pytest

from orders.address_changes import change_requests, supplier_notices, tasks
from orders.models import AddressWish, PurchaseOrder
from storefront.lib.http.errors import PermanentError
from suppliers.connections import factory
from suppliers.connectors.records import Wanted
from suppliers.models import Breaker, Connection
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import HOME, make_sellable
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

THERE = dataclasses.replace(HOME, line1="Neue Straße 2", postcode="20095", city="Hamburg")


@pytest.fixture
def people(monkeypatch):
    return connect(monkeypatch, WrittenTo())


@pytest.fixture
def wish(people):
    order = make_accepted_purchase_order().order
    change_requests.wish(order=order, ship_to=THERE, reason="moved", actor="ann", now=NOON)
    return AddressWish.objects.get()


def test_a_notice_waits_while_the_supplier_is_down(people, wish):
    break_line(wish.purchase_order.supplier)
    tasks.tell_addresses()
    assert not people.letters

    Breaker.objects.all().delete()
    tasks.tell_addresses()

    assert people.letters


def test_one_e_mail_has_the_new_address(people, wish):
    for _ in range(2):
        tasks.tell_addresses()
    AddressWish.objects.update(told_by="")  # as after a crash before the record
    tasks.tell_addresses()

    (plea,) = people.letters.values()
    assert (plea.wanted, plea.ship_to) == (Wanted.READDRESS, THERE)
    assert plea.page_url.endswith(f"/{PurchaseOrder.objects.get().access_key}/")
    assert AddressWish.objects.get().told_by == "letter"


def test_without_an_e_mail_address_staff_notify(people, wish):
    people.has_box = False

    tasks.tell_addresses()

    assert people.letters == {}
    assert AddressWish.objects.get().told_by == "person"


def test_a_failed_e_mail_is_retried(people, wish):
    plead, calls = people.plead, []

    def refuse(plea):
        calls.append(plea)
        raise PermanentError("no letter box")

    people.plead = refuse
    tasks.tell_addresses()
    people.plead = plead
    tasks.tell_addresses()

    assert len(calls) == 1
    assert AddressWish.objects.get().told_by == "letter"


def test_failed_notices_do_not_count_for_the_batch(people, wish, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    other = make_accepted_purchase_order(make_sellable(), email="b@example.org").order
    change_requests.wish(order=other, ship_to=THERE, reason="moved", actor="ann", now=NOON)
    plead = people.plead

    def refuse_the_first(plea):
        if plea.number == wish.purchase_order.number:
            raise PermanentError("mailbox unavailable")
        plead(plea)

    people.plead = refuse_the_first
    tasks.tell_addresses()

    told = AddressWish.objects.order_by("pk").values_list("told_by", flat=True)
    assert list(told) == ["", "letter"]


def test_staff_notify_a_supplier_without_connection(people, wish, monkeypatch):
    monkeypatch.setattr(supplier_notices, "adapter_for", factory.adapter_for)
    Connection.objects.all().delete()

    tasks.tell_addresses()

    assert AddressWish.objects.get().told_by == "person"


@pytest.mark.parametrize("status", supplier_notices.UNHEARD)
def test_no_notice_before_the_supplier_has_the_order(people, wish, status):
    PurchaseOrder.objects.update(request_status=status)

    tasks.tell_addresses()

    assert people.letters == {}
    assert AddressWish.objects.get().told_by == ""


def test_an_answered_request_sends_no_notice(people, wish):
    change_requests.answer(wish=wish, is_yes=True, actor="ben", now=NOON)

    tasks.tell_addresses()

    assert people.letters == {}
