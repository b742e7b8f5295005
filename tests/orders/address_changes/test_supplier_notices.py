"""Who has it already is written to of another address, once; else staff tell him."""

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


def test_who_does_not_even_answer_orders_is_told_when_he_is_back(people, wish):
    break_line(wish.purchase_order.supplier)
    tasks.tell_addresses()
    assert not people.letters

    Breaker.objects.all().delete()
    tasks.tell_addresses()

    assert people.letters


def test_he_gets_one_letter_with_the_new_address(people, wish):
    for _ in range(2):
        tasks.tell_addresses()
    AddressWish.objects.update(told_by="")  # as of one who died before he wrote it down
    tasks.tell_addresses()

    (plea,) = people.letters.values()
    assert (plea.wanted, plea.ship_to) == (Wanted.READDRESS, THERE)
    assert plea.page_url.endswith(f"/{PurchaseOrder.objects.get().access_key}/")
    assert AddressWish.objects.get().told_by == "letter"


def test_whom_nobody_can_write_to_is_told_by_a_person(people, wish):
    people.has_box = False

    tasks.tell_addresses()

    assert people.letters == {}
    assert AddressWish.objects.get().told_by == "person"


def test_one_who_cannot_be_written_to_now_is_tried_again(people, wish):
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


def test_whom_nobody_can_write_to_takes_nobodys_turn(people, wish, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    other = make_accepted_purchase_order(make_sellable(), email="b@example.org").order
    change_requests.wish(order=other, ship_to=THERE, reason="moved", actor="ann", now=NOON)
    plead = people.plead

    def refuse_the_first(plea):
        if plea.number == wish.purchase_order.number:
            raise PermanentError("he reads no letters")
        plead(plea)

    people.plead = refuse_the_first
    tasks.tell_addresses()

    told = AddressWish.objects.order_by("pk").values_list("told_by", flat=True)
    assert list(told) == ["", "letter"]


def test_one_who_is_not_connected_is_told_by_a_person(people, wish, monkeypatch):
    monkeypatch.setattr(supplier_notices, "adapter_for", factory.adapter_for)
    Connection.objects.all().delete()

    tasks.tell_addresses()

    assert AddressWish.objects.get().told_by == "person"


@pytest.mark.parametrize("status", supplier_notices.UNHEARD)
def test_who_may_not_have_it_is_not_written_to(people, wish, status):
    PurchaseOrder.objects.update(request_status=status)

    tasks.tell_addresses()

    assert people.letters == {}
    assert AddressWish.objects.get().told_by == ""


def test_what_he_answered_meanwhile_is_not_asked(people, wish):
    change_requests.answer(wish=wish, is_yes=True, actor="ben", now=NOON)

    tasks.tell_addresses()

    assert people.letters == {}
