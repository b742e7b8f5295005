import re

import pytest
from jinja2 import UndefinedError

from notifications.rendering import render
from notifications.routes import ROUTES
from tests.factories.notifications import PAYLOADS
from tests.notifications import (
    test_account_emails,
    test_backorder_emails,
    test_contact_emails,
    test_order_emails,
    test_parcel_emails,
    test_return_emails,
    test_supplier_emails,
)
from tests.support.emails import Page


def write(name, template, locale="en", **payload):
    return render(template=template, locale=locale, payload={**PAYLOADS[name], **payload})


def test_each_event_with_an_e_mail_has_a_case():
    """Each case causes an e-mail as the shop does, and renders it in both languages."""
    cases = (
        *test_account_emails.CASES,
        *test_backorder_emails.CASES,
        *test_contact_emails.CASES,
        *test_order_emails.CASES,
        *test_parcel_emails.CASES,
        *test_return_emails.CASES,
        *test_supplier_emails.CASES,
    )

    assert {name for name, _cause, _sentences in cases} == set(ROUTES)


def test_money_and_days_follow_the_language():
    english = write("order.placed", "order_placed").text
    azerbaijani = write("order.placed", "order_placed", "az").text

    assert "€147.38" in english
    assert "147,38\xa0€" in azerbaijani
    assert "3–9 Dec" in english
    assert "3–9 dek" in azerbaijani
    assert "Germany" in english
    assert "Almaniya" in azerbaijani


def test_an_e_mail_without_images_has_all_its_text():
    page = Page(write("order.placed", "order_placed").html)
    text = " ".join(page.words)

    assert "Ridge 1800, Black" in text
    assert [picture["alt"] for picture in page.pictures] == ["", "Beam distance: 300 m"]


def test_external_text_is_escaped_in_html_and_stays_on_its_line_in_text():
    letter = write("parcel.shipped", "parcel_shipped", carrier="<b>Camel</b>\nBcc: a@b.c")

    assert "<b>Camel" not in letter.html
    assert "&lt;b&gt;Camel" in letter.html
    assert "Carrier: <b>Camel</b> Bcc: a@b.c\n" in letter.text


@pytest.mark.parametrize(
    "evil", ["FL-1\r\nBcc: evil@example.com", "FL-1\nX: y", "FL-1\x00\x0b\u2028"]
)
def test_a_line_break_in_a_value_adds_no_header(evil):
    subject = write("order.refunded", "order_refunded", number=evil).subject

    assert re.search(r"[\x00-\x1f\u2028]", subject) is None
    assert "\n" not in subject


def test_an_unknown_language_falls_back_to_english():
    assert write("order.refunded", "order_refunded", "xx").subject.startswith("Refund of")


def test_an_event_without_a_needed_value_is_not_rendered():
    payload = {key: value for key, value in PAYLOADS["order.refunded"].items() if key != "url"}

    with pytest.raises(UndefinedError):
        render(template="order_refunded", locale="en", payload=payload)
