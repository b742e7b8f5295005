from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from notifications.rendering import render
from notifications.routes import ROUTES
from storefront.identity.current import DEMONSTRATION
from tests.factories.notifications import PAYLOADS

# What a mail is about, if it is no order.
ABOUT = dict.fromkeys(("evidence.expires", "offers.withheld"), "Lumen")
ABOUT |= dict.fromkeys((name for name in ROUTES if name.startswith("account.")), "Fara")
MESSAGES = [(name, route.template) for name, routes in ROUTES.items() for route in routes]


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.links, self.pictures, self.words, self._skips = [], [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._skips += tag == "style"
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "img":
            self.pictures.append(attrs)

    def handle_endtag(self, tag):
        self._skips -= tag == "style"

    def handle_data(self, data):
        if not self._skips and data.strip():
            self.words.append(data.strip())


def write(name, template, locale="en", **payload):
    return render(template=template, locale=locale, payload={**PAYLOADS[name], **payload})


@pytest.mark.parametrize("locale", ["en", "az"])
@pytest.mark.parametrize(("name", "template"), MESSAGES)
def test_every_message_is_whole_in_both_languages(name, template, locale):
    letter = write(name, template, locale)
    page = Page(letter.html)

    about = ABOUT.get(name, "FL-261124-7K3QX")
    assert about in letter.subject
    assert (letter.subject + letter.text).count(about) >= 2
    assert PAYLOADS[name]["url"] in letter.text
    assert PAYLOADS[name]["url"] in page.links
    assert all(link.startswith(("https://", "http://127.0.0.1")) for link in page.links)
    assert all("alt" in picture for picture in page.pictures)
    assert len(letter.html.encode()) <= 60_000
    assert f'lang="{locale}"' in letter.html
    assert "prefers-color-scheme: dark" in letter.html
    assert "<script" not in letter.html
    assert "{{" not in letter.html + letter.text


@pytest.mark.parametrize(("name", "template"), MESSAGES)
def test_azerbaijani_leaves_no_english_sentence(name, template):
    english = Page(write(name, template).html).words
    azerbaijani = Page(write(name, template, "az").html).words
    shop = DEMONSTRATION
    data = {shop.name, shop.company, ", ".join(shop.address_lines), f"{shop.email} · {shop.phone}"}
    data |= {"CJPacket", "CJPKL0000000000YQ", "FL-261124-7K3QX", "300 m"}
    data |= {line["title"] for line in PAYLOADS[name].get("lines", ())}
    data |= set(PAYLOADS[name].get("changes", ()))
    returns = PAYLOADS[name].get("returns", ())
    data |= {line["title"] for one in returns for line in one["lines"]}
    data |= {"Lumen", "UN 38.3", "UN 38.3, CE", "TÜV", "R-1 <7>", "3"}
    data |= {"FL-261124-7K3QX-1", "HL-700-BLK", "CELL <21700>", "Standard"}
    data |= {"erika@example.org", "The strap <broke>."}
    data |= {"1 ×", "2 ×", "+49301234567", "FL-261124-7K3QX-R4CTZ"}
    data |= {
        "+49301234567",
        "Erika Muster",
        "Musterweg 1",
        "10115 Berlin",
        "1011 Berlin <Mitte>",
        "\xa0",
        "CJPacket CJPKL0000000000YQ",
    }

    assert set(english) & set(azerbaijani) <= data


def test_money_and_days_are_written_as_each_language_writes_them():
    english = write("order.placed", "order_placed").text
    azerbaijani = write("order.placed", "order_placed", "az").text

    assert "€147.38" in english
    assert "147,38\xa0€" in azerbaijani
    assert "3–9 Dec" in english
    assert "3–9 dek" in azerbaijani
    assert "Germany" in english
    assert "Almaniya" in azerbaijani


def test_the_parcels_mail_names_number_carrier_and_the_carriers_page():
    letter = write("parcel.shipped", "parcel_shipped")
    page = Page(letter.html)

    for words in ("CJPacket", "CJPKL0000000000YQ"):
        assert words in page.words
        assert words in letter.text
    assert "https://www.cjpacket.com/?trackingNumber=CJPKL0000000000YQ" in page.links
    assert "https://www.cjpacket.com/?trackingNumber=CJPKL0000000000YQ" in letter.text
    assert letter.subject == "A parcel of order FL-261124-7K3QX is on its way"


def test_without_pictures_the_mail_still_says_everything():
    page = Page(write("order.placed", "order_placed").html)
    told = " ".join(page.words)

    assert "Ridge 1800, Black" in told
    assert [picture["alt"] for picture in page.pictures] == ["", "Lights 300 m far"]


@pytest.mark.parametrize(
    ("is_charged", "words"), [(True, "What was charged"), (False, "Nothing was charged")]
)
def test_a_canceled_order_says_what_happens_to_the_money(is_charged, words):
    letter = write("order.canceled", "order_canceled", refunded=is_charged)

    assert words in letter.text
    assert words in letter.html


def test_a_replacement_that_does_not_come_promises_what_was_paid_for_it():
    letter = write("order.canceled", "order_canceled", refunded=False, total="0.00")

    for said in (letter.text, letter.html):
        assert "What you paid for it with the first order goes back" in said
        assert "Nothing was charged" not in said


def test_what_the_supplier_said_stays_with_us():
    letter = write("order.lines_refused", "lines_refused")

    assert "1602001" not in letter.text + letter.html
    assert "€134.88" in letter.text


def test_words_from_outside_are_escaped_in_html_and_kept_on_their_line_in_text():
    letter = write("parcel.shipped", "parcel_shipped", carrier="<b>Camel</b>\nBcc: a@b.c")

    assert "<b>Camel" not in letter.html
    assert "&lt;b&gt;Camel" in letter.html
    assert "Carrier: <b>Camel</b> Bcc: a@b.c\n" in letter.text


@pytest.mark.parametrize(
    "evil", ["FL-1\r\nBcc: evil@example.com", "FL-1\nX: y", "FL-1\x00\x0b\u2028"]
)
def test_nothing_breaks_out_of_the_subject(evil):
    subject = write("order.refunded", "order_refunded", number=evil).subject

    assert re.search(r"[\x00-\x1f\u2028]", subject) is None
    assert "\n" not in subject


def test_a_language_we_do_not_speak_falls_back_to_english():
    assert write("order.refunded", "order_refunded", "xx").subject.startswith("Refund of")


def test_a_parcel_whose_contents_nobody_told_says_so():
    letter = write("parcel.shipped", "parcel_shipped", lines=[])

    assert "does not say what is in it" in letter.text
    assert "does not say what is in it" in letter.html


def test_a_fact_that_lacks_what_the_words_need_is_no_mail():
    payload = {key: value for key, value in PAYLOADS["order.refunded"].items() if key != "url"}

    with pytest.raises(UndefinedError):
        render(template="order_refunded", locale="en", payload=payload)
