"""Insufficient stock: all pages state the same available units for a cart line."""

import html
import re

import pytest

from catalog.models import Category
from orders.checkout import checkout
from orders.models import CartLine
from shipping.rates import quotes
from suppliers.inventory.ledger import NotEnoughStockError
from suppliers.models import ShippingService, StockLevel, SupplierOffer
from tests.storefront.api.schema_client import CART, Caller
from tests.storefront.web.conftest import WHO
from tests.storefront.web.fronts import Fronts
from tests.storefront.web.supply import BOTH, PACKS, build, far, near

pytestmark = pytest.mark.django_db

RESTRICTED = "This item is restricted in Germany, so we cannot deliver it there."
NOWHERE = "We cannot deliver this to Germany."
ONLY = r"Only (\d+) available right now"
ORDER = {
    "email": WHO["email"],
    "ship_to": {name: WHO[name] for name in ("name", "line1", "postcode", "city", "country")},
    "delivery": "economy",
}


@pytest.fixture
def fronts(customer):
    """Interfaces of a light: nine units near with a shipping service, twenty far without one."""
    return Fronts(customer, Caller(), build(near(), far(), routes=BOTH[:1]), "DE")


def fill(fronts, quantity):
    _, added = fronts.cart_of(quantity)
    assert added.status_code == 201
    return CART


def line_messages(fronts):
    """Return the messages at the only line of the cart page."""
    (line,) = re.findall(r'<li class="line">.*?</li>', fronts.text("/en/cart/"), re.DOTALL)
    return re.findall(r'class="(?:note note-bad|wrong)".*?</svg>\s*(?:<span>|<p>)?(.*?)<', line)


def test_line_short_and_without_service_shows_one_number(fronts):
    path = fill(fronts, 9)
    StockLevel.objects.filter(location__code="DE").update(reported_quantity=5)
    StockLevel.objects.filter(location__code="CN").update(reported_quantity=4)
    ShippingService.objects.update(countries=["FR"])
    quotes.clear_cache()

    (line,) = fronts.api.get(path).json()["lines"]
    (short,) = fronts.told(f"{path}delivery/")["lines"]

    assert (line["available"], line["is_sold_out"]) == (0, False)
    assert short == {"sku": fronts.listing.variant.sku, "available": 0}
    assert line_messages(fronts) == [NOWHERE]


def test_restricted_line_says_so_and_offers_no_delivery(fronts):
    path = fill(fronts, 2)
    Category.objects.update(restricted_countries=["DE"])

    (line,) = fronts.api.get(path).json()["lines"]

    assert (line["available"], line["is_sold_out"]) == (0, False)
    assert fronts.told(f"{path}delivery/")["options"] == []
    assert line_messages(fronts) == [RESTRICTED]
    assert RESTRICTED in fronts.text("/en/p/trail-400/")
    assert "Some of these items cannot be shipped to Germany" in fronts.text("/en/cart/")
    refused = fronts.api.post(f"{path}checkout/", {**ORDER, "total": "50.00 EUR"}, key="k1")
    assert refused.status_code >= 400


def test_line_between_packs_names_the_next_lower_and_higher_quantity(fronts):
    path = fill(fronts, 5)
    SupplierOffer.objects.update(pack_size=4)

    (line,) = fronts.api.get(path).json()["lines"]
    (short,) = fronts.told(f"{path}delivery/")["lines"]

    assert (line["available"], short["available"]) == (8, 8)
    assert (short["lower_quantity"], short["higher_quantity"]) == (4, 8)
    assert line_messages(fronts) == ["Sold in packs only: choose 4 or 8."]


@pytest.mark.parametrize(
    ("quantity", "packs", "pack"), [(5, PACKS, 8), (1, {"pack_size": 4}, 4)], ids=["below", "one"]
)
def test_line_below_the_first_pack_names_the_pack_only(fronts, quantity, packs, pack):
    fill(fronts, quantity)
    SupplierOffer.objects.update(**packs)
    quotes.clear_cache()

    assert line_messages(fronts) == [f"Sold in packs only: choose {pack}."]


def test_refused_change_shows_one_message(fronts):
    fill(fronts, 2)
    change = {"line": CartLine.objects.get().pk, "quantity": 15}
    StockLevel.objects.filter(location__code="DE").update(reported_quantity=1)

    text = html.unescape(fronts.customer.post("/en/cart/change/", change).content.decode())

    assert re.findall(ONLY, text) == ["1"]


def test_refused_checkout_shows_the_number_of_the_line(fronts, monkeypatch):
    """Stock is sold between plan and reservation: the error states the units that can ship."""
    path = fill(fronts, 6)
    (way,) = fronts.told(f"{path}delivery/")["options"]

    def fail(**_):
        StockLevel.objects.filter(location__code="DE").update(reported_quantity=2)
        raise NotEnoughStockError(StockLevel.objects.first().pk, 6)

    monkeypatch.setattr(checkout, "_place", lambda _number, **given: fail(**given))
    refused = fronts.api.post(f"{path}checkout/", {**ORDER, "total": way["total"]}, key="k1")

    (line,) = fronts.api.get(path).json()["lines"]
    assert refused.status_code == 409
    assert refused.json()["lines"] == [{"sku": fronts.listing.variant.sku, "available": 2}]
    assert line["available"] == 2
    (message,) = line_messages(fronts)
    assert re.match(ONLY, message)[1] == "2"


def test_undeliverable_line_offers_a_fix(fronts):
    fill(fronts, 9)
    StockLevel.objects.filter(location__code="DE").update(reported_quantity=5)
    StockLevel.objects.filter(location__code="CN").update(reported_quantity=0)
    page = fronts.text("/en/cart/")
    assert "Change quantity to 5" in page
    assert "Some items cannot be ordered." in page

    ShippingService.objects.update(countries=["FR"])
    quotes.clear_cache()
    page = fronts.text("/en/cart/")
    assert "Deliver to another country" in page
    assert "See other versions" in page
