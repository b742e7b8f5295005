"""Portal languages: every text of the portal and of e-mails to suppliers in all five."""

from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from notifications.rendering import render
from orders.models import PurchaseOrder
from suppliers.models import Supplier
from tests.factories.shipping import make_sent_purchase_order
from tests.storefront.supplier_portal.client import fresh, list_path, path_of, post
from tests.support.locale import LOCALE

PORTAL = Path("storefront/supplier_portal")
EMAILS = Path("notifications/templates/notifications/email")
CATALOGS = {
    "az": LOCALE / "django.po",
    **{
        code: PORTAL / f"locale/{folder}/LC_MESSAGES/django.po"
        for code, folder in (("de", "de"), ("tr", "tr"), ("zh-hans", "zh_Hans"))
    },
}
NAMES = (
    *("purchase_order", "supplier_portal_link", "_portal_link"),
    *("supplier_cancellation_request", "supplier_address_change_request"),
)
SOURCES = (
    *PORTAL.rglob("*.py"),
    *PORTAL.rglob("*.html"),
    *(EMAILS / f"{name}.{kind}" for name in NAMES for kind in ("txt", "html")),
    Path("shipping/shipments/tracking_import.py"),
    Path("storefront/lib/staff/csv_import.py"),
    Path("catalog/safety/documents.py"),
)
# Texts of files that are shared with the shop.
SHARED = (
    "Skip to content",
    "You are offline. The page has not changed.",
    "That did not work. The page has not changed. Try again.",
    "optional",
    "You get this e-mail because of order %(number)s. It is not a newsletter.",
)
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
LANGUAGES = [code for code, _name in settings.SUPPLIER_LANGUAGES]


def texts():
    found = {*SHARED}
    for source in SOURCES:
        method = "python" if source.suffix == ".py" else "jinja2"
        options = {"trimmed": "true", "newstyle_gettext": "true"}
        with source.open("rb") as file:
            for _line, message, _notes, _context in extract(
                method, file, keywords=KEYWORDS, options=options
            ):
                found.add(message if isinstance(message, str) else message[0])
    with override("en"):
        return found | {str(label) for label in PurchaseOrder.Status.labels}


@pytest.mark.parametrize("language", CATALOGS)
def test_every_text_is_translated(language):
    with CATALOGS[language].open("rb") as file:
        catalog = read_po(file, locale=language.replace("-", "_"))

    entries = {text: catalog.get(text) for text in texts()}

    assert len(entries) > 150
    assert [
        text
        for text, entry in entries.items()
        if entry is None
        or entry.fuzzy
        or not all([entry.string] if isinstance(entry.string, str) else entry.string)
    ] == []
    if language != "az":  # a text that the portal no longer has
        assert {entry.id for entry in catalog if isinstance(entry.id, str) and entry.id} <= {
            *entries
        }
        assert {
            entry.id: [*entry.check(catalog)] for entry in catalog if [*entry.check(catalog)]
        } == {}


def test_each_language_has_a_catalog():
    assert {*CATALOGS, "en"} == {*LANGUAGES}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "headline", "price", "today"),
    [
        ("en", "You have a new order.", "€10.00", "24 Nov"),
        ("az", "Yeni sifarişiniz var.", "10,00 €", "24 noy"),
        ("de", "Sie haben eine neue Bestellung.", "10,00 €", "24. Nov."),
        ("tr", "Yeni bir siparişiniz var.", "€10,00", "24 Kas"),
        ("zh-hans", "您有一个新订单。", "€10.00", "11月24日"),
    ],
)
def test_pages_are_written_in_the_language_of_their_address(
    client, language, headline, price, today
):
    purchase_order = make_sent_purchase_order()
    page = client.get(path_of(purchase_order, language=language), headers={"Accept-Language": "az"})
    orders = client.get(list_path(language=language)).content.decode()

    text = page.content.decode().replace("\xa0", " ")
    assert page["Content-Language"] == language
    assert f'lang="{language}"' in text
    assert f"<h1>{headline}</h1>" in text
    assert price in text
    assert today in orders
    for code, name in settings.SUPPLIER_LANGUAGES:
        assert f'href="{path_of(purchase_order, language=code)}"' in text
        assert name in text
    assert f'action="{path_of(purchase_order, "answer/", language=language)}"' in text


@pytest.mark.django_db
def test_a_form_stays_in_its_language(client):
    purchase_order = make_sent_purchase_order()
    line = purchase_order.lines.get().order_line_id
    path = path_of(purchase_order, "answer/", language="de")

    wrong = client.post(path, {f"line_{line}": "ship", f"cost_{line}": "zehn"})
    right = client.post(path, {f"line_{line}": "ship", f"cost_{line}": "9,50"})

    assert "Geben Sie einen Preis wie 12,50 ein" in wrong.content.decode()
    assert right["Location"] == path_of(purchase_order, language="de") + "?done=answered"
    assert fresh(purchase_order).accepted_at is not None


@pytest.mark.django_db
def test_a_price_with_a_point_is_understood_too(client):
    purchase_order = make_sent_purchase_order()
    line = purchase_order.lines.get().order_line_id

    post(client, purchase_order, "answer/", **{f"line_{line}": "ship", f"cost_{line}": "10.20"})

    assert fresh(purchase_order).accepted_at is not None


@pytest.mark.django_db
def test_the_shop_keeps_its_own_languages(client):
    purchase_order = make_sent_purchase_order()

    assert client.get("/de/").status_code == 404
    assert client.get(path_of(purchase_order, language="fr")).status_code == 404
    with override("de"):
        assert reverse("purchase", args=["1", "x"]) == "/de/supplier/1/x/"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "home"), [("de", "en"), ("az", "az"), ("fr", "en")])
def test_emails_to_suppliers_are_in_their_language(language, home, settings):
    settings.PUBLIC_URL = "https://fara.example"
    payload = {
        "number": "FL-1-1",
        "url": "https://fara.example/x/",
        "portal_url": "https://fara.example/y/",
    }

    message = render(template="supplier_cancellation_request", locale=language, payload=payload)

    subject = {"de": "Bitte Bestellung FL-1-1 stoppen", "fr": "Please stop order FL-1-1"}
    assert message.subject == subject.get(language, message.subject)
    assert f'href="https://fara.example/{home}/"' in message.html
    for text in (message.text, message.html):
        assert "https://fara.example/y/" in text


@pytest.mark.django_db
def test_a_link_is_in_the_language_of_its_supplier():
    purchase_order = make_sent_purchase_order()
    Supplier.objects.update(language="zh-hans")

    assert list_path(language="zh-hans").startswith("/zh-hans/suppliers/")
    with override("zh-hans"):
        assert "/zh-hans/" in reverse("supplier_orders", args=["lumen", "x"])
    assert fresh(purchase_order).supplier.language == "zh-hans"
