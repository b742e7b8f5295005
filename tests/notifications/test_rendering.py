import re

import pytest
from jinja2 import UndefinedError

from notifications.rendering import render
from notifications.routes import ROUTES
from storefront.identity import current
from storefront.identity.models import GuaranteeArtwork
from tests.factories.notifications import PAYLOADS
from tests.notifications import (
    test_account_emails,
    test_backorder_emails,
    test_contact_emails,
    test_invoice_emails,
    test_order_emails,
    test_parcel_emails,
    test_problem_report_emails,
    test_product_alert_emails,
    test_return_emails,
    test_silence_emails,
    test_staff_emails,
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
        *test_invoice_emails.CASES,
        *test_order_emails.CASES,
        *test_parcel_emails.CASES,
        *test_problem_report_emails.CASES,
        *test_product_alert_emails.CASES,
        *test_return_emails.CASES,
        *test_silence_emails.CASES,
        *test_staff_emails.CASES,
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


@pytest.mark.django_db
def test_a_confirmation_carries_the_official_files_and_shows_pictures(monkeypatch):
    monkeypatch.setattr(current, "_artwork", None)
    for kind, suffix in (("notice", "png"), ("label", "svg")):
        GuaranteeArtwork.objects.create(
            kind=kind, language="en", format=suffix, content=suffix.encode(), digest=f"{kind}1"
        )

    message = write("order.placed", "order_placed", "az")
    plain = write("order.placed", "order_placed", has_legal_guarantee=False, guarantees=[])

    files = {file.content_id: (file.file_name, file.content) for file in message.attachments}
    assert files == {
        "guarantee-notice": ("guarantee-notice.png", b"png"),
        "guarantee-label": ("guarantee-label.svg", b"svg"),
    }
    assert 'src="cid:guarantee-notice"' in message.html
    assert "cid:guarantee-label" not in message.html, "e-mail programs display no SVG"
    assert not plain.attachments


@pytest.mark.django_db
def test_the_label_of_a_producers_guarantee_is_shown_in_the_confirmation(monkeypatch):
    monkeypatch.setattr(current, "_artwork", None)
    GuaranteeArtwork.objects.create(kind="label", language="en", format="png", digest="label1")
    sold = {**PAYLOADS["order.placed"]["guarantees"][0], "has_label": False, "months": 7}

    producers = write("order.placed", "order_placed")
    other = write("order.placed", "order_placed", guarantees=[sold])

    assert 'src="cid:guarantee-label"' in producers.html
    assert "2.5-year guarantee of durability by the producer: Weir 370" in producers.text
    assert not other.attachments
    for text in (other.html, other.text):
        assert "7-month guarantee by Tindrel Lights OÜ" in text
        assert "Guarantor: Tindrel Lights OÜ, Sadama 1, Tallinn, Estonia." in text
        assert "guarantee of durability" not in text


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
