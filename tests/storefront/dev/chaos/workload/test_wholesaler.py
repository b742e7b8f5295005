"""Wholesaler: answer each order on its page, count an order that was mailed twice."""

from email.message import EmailMessage
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from storefront.dev.bench.harness.scripted_load import Answer
from storefront.dev.chaos.workload import browser, wholesaler
from storefront.dev.chaos.workload.wholesaler import ACCEPT, DELIVER, REFUSE, REFUSE_PART, SHIP

PATH = "/en/supplier/FL-7-1/abc-DEF/"
LINES = b"""
<select class="input" id="id_line_4" name="line_4"></select>
<select class="input" id="id_line_5" name="line_5"></select>
<input type="number" min="0" max="3" id="id_some_5" name="some_5" value="">
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shop whose page has two lines, and that accepts forms unless it is down."""
    (tmp_path / "mail").mkdir()
    found = SimpleNamespace(forms=[], is_away=False, page=LINES, mail=tmp_path / "mail")
    found.place = SimpleNamespace(var=tmp_path, ports=SimpleNamespace(web=1))

    def ask_once(ask):
        if found.is_away:
            raise ConnectionResetError
        if ask.form is None:
            return Answer(status=200, body=found.page)
        found.forms.append((ask.path.removeprefix(PATH), ask.form.decode()))
        return Answer(status=303, body=b"")

    monkeypatch.setattr(browser, "ask_once", ask_once)
    return found


def mail(shop, subject="New order FL-7-1"):
    email = EmailMessage()
    email["Subject"] = subject
    email.set_content(f"Answer this order:\nhttp://127.0.0.1:1{PATH}")
    (shop.mail / f"{len(list(shop.mail.glob('*')))}.eml").write_bytes(bytes(email))


@pytest.fixture
def answering(shop, monkeypatch):
    def answer(*steps):
        monkeypatch.setattr(wholesaler, "PLANS", (steps,))
        monkeypatch.setattr(wholesaler, "WEIGHTS", (1,))
        mail(shop)
        staff = wholesaler.FeedSupplierStaff(place=shop.place, rng=Random(1))
        for _ in steps:
            staff.work()
        return staff

    return answer


@pytest.mark.parametrize(
    ("steps", "status", "units"),
    [
        ((ACCEPT,), "UNSHIPPED", 4),
        ((ACCEPT, SHIP), "SHIPPED", 4),
        ((ACCEPT, SHIP, DELIVER), "DELIVERED", 4),
        ((REFUSE,), "CANCELLED", 0),
        ((ACCEPT, REFUSE), "CANCELLED", 0),
        ((ACCEPT, REFUSE_PART, SHIP), "SHIPPED", 3),
    ],
)
def test_answers_are_recorded_as_supplier_orders(answering, steps, status, units):
    staff = answering(*steps)

    (order,) = staff.supplier_orders()
    assert (order.number, order.status, order.units) == ("FL-7-1", status, units)
    assert not staff.is_busy


def test_each_form_is_sent_twice(answering, shop):
    answering(REFUSE_PART)

    assert shop.forms[0] == shop.forms[1]
    path, form = shop.forms[0]
    assert path == "answer/"
    assert "line_4=rejected_other&line_5=ship" in form


def test_one_unit_of_a_single_line_is_refused(answering, shop):
    shop.page = LINES.replace(b'name="line_4"', b"")

    (order,) = answering(REFUSE_PART).supplier_orders()

    assert order.units == 2
    assert "line_5=ship&some_5=2" in shop.forms[0][1]


def test_duplicate_order_email_counts_twice(answering, shop):
    staff = answering(ACCEPT)
    mail(shop)
    mail(shop, subject="Please stop order FL-7-1")
    staff.work()

    assert [one.number for one in staff.supplier_orders()] == ["FL-7-1"] * 2


def test_subject_is_that_of_the_supplier_email():
    emails = Path(__file__).parents[5] / "notifications/templates/notifications/email"

    templates = [
        file.name
        for file in emails.glob("*.txt")
        if f'_("{wholesaler.SUBJECT} %(number)s"' in file.read_text()
    ]

    assert templates == ["purchase_order.txt"]


def test_order_is_answered_when_the_shop_is_back(answering, shop):
    shop.is_away = True
    staff = answering(ACCEPT)
    assert staff.is_busy

    shop.is_away = False
    staff.work()

    assert not staff.is_busy
    assert len(shop.forms) == 2
