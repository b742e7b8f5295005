"""Price display: show reductions, tax wording by channel, and structured data beside a price."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Channel
from notifications.models import Event
from notifications.rendering import render
from orders.models import TaxRate
from storefront.web.core.visit import COUNTRY_COOKIE
from suppliers.models import SupplierOffer
from tests.factories.catalog import NOON, make_variant
from tests.factories.orders import HOME, make_paid_order, make_sellable
from tests.factories.priced_shop import announce
from tests.storefront.web.checkout.test_views import to_review
from tests.storefront.web.conftest import shelve
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db
LISTS = ["/en/", "/en/c/headlamps/", "/en/search/?q=trail", "/en/compare/?light=trail-400"]
PLACES = [*LISTS, "/en/p/trail-400/"]


def product_json(response):
    page = Page(response)
    start = page.text.index('<script type="application/ld+json">') + 35
    return json.loads(page.text[start : page.text.index("</script>", start)])["@graph"]


def test_reduction_shows_the_lowest_price_of_the_last_30_days(client, light):
    assert "Lowest price" not in client.get("/en/p/trail-400/").content.decode()
    announce(light, was=Decimal("50.00"), now=timezone.now())

    text = client.get("/en/p/trail-400/").content.decode()

    assert "Lowest price of the last 30 days: €50.00" in text
    assert "−20&nbsp;%" in text
    assert "Son 30 günün ən aşağı qiyməti" in client.get("/az/p/trail-400/").content.decode()


def test_lists_announce_no_reduction(client, light):
    """A reduction must state the lowest price of 30 days, which only the product page shows."""
    announce(light, was=Decimal("50.00"), now=timezone.now())
    shelve(light.variant.product)

    for path in LISTS:
        text = client.get(path).content.decode()
        assert "€39.99" in text
        for words in ("50.00", "−20", "<s>€", "<del>", "Lowest price", '"Offer"'):
            assert words not in text, path


def test_structured_data_matches_the_page_and_is_escaped(client, light):
    product = light.variant.product
    product.title = "Trail </script><b>400"
    product.save()

    goods, trail = product_json(client.get("/en/p/trail-400/"))

    offer = goods["offers"]
    assert goods["name"] == "Trail </script><b>400"
    assert (offer["price"], offer["availability"]) == ("39.99", "https://schema.org/InStock")
    time = offer["shippingDetails"]["deliveryTime"]
    assert time == {
        "@type": "ShippingDeliveryTime",
        "handlingTime": days(2, 2),
        "transitTime": days(3, 6),
    }
    assert trail["@type"] == "BreadcrumbList"


def days(least, most):
    return {"@type": "QuantitativeValue", "minValue": least, "maxValue": most, "unitCode": "DAY"}


def test_structured_offer_links_to_its_variant(client, light):
    dear = make_variant(light.variant.product, sku="HL RED", position=1)
    make_sellable(price="49.99", variant=dear)

    for query, price in (("", "39.99"), ("?v=HL+RED", "49.99")):
        goods, _ = product_json(client.get(f"/en/p/trail-400/{query}"))
        assert goods["offers"]["price"] == price
        assert goods["offers"]["url"].endswith(f"/p/trail-400/{query}")


def test_structured_offer_states_packs_and_unserved_country(client, light):
    SupplierOffer.objects.update(pack_size=4)
    packs, _ = product_json(client.get("/en/p/trail-400/"))
    SupplierOffer.objects.update(pack_size=1)
    light.variant.packed_weight_g = 9000
    light.variant.save()
    heavy, _ = product_json(client.get("/en/p/trail-400/"))

    assert packs["offers"]["eligibleQuantity"]["minValue"] == 4
    assert heavy["offers"]["ineligibleRegion"] == "DE"
    assert not {"shippingDetails"} & {*packs["offers"], *heavy["offers"]}


def test_pages_say_whether_tax_is_included_or_added(client, light):
    for path in PLACES:
        text = client.get(path).content.decode()
        assert "incl. VAT" in text, path
        assert "plus tax" not in text
        assert "valueAddedTaxIncluded" not in text
    Channel.objects.update(prices_exclude_tax=True)  # as shops in the United States do
    for path in PLACES:
        text = client.get(path).content.decode()
        assert "plus tax" in text, path
        assert "incl. VAT" not in text
        assert "include VAT" not in text
    goods, _ = product_json(client.get("/en/p/trail-400/"))
    assert '"valueAddedTaxIncluded": false' in json.dumps(goods)


def test_cart_and_review_name_the_tax(filled):
    names = ("VAT, Germany", "Sales tax")

    for excluded, shown in ((False, (True, False)), (True, (False, True))):
        Channel.objects.update(prices_exclude_tax=excluded)
        for page in (filled.get("/en/cart/"), to_review(filled)):
            text = page.content.decode()
            assert tuple(name in text for name in names) == shown


@pytest.mark.parametrize(
    ("country", "words"),
    [("DE", "incl. 19% VAT, Germany"), ("CY", "incl. 25.5% VAT, Cyprus"), ("FR", "not included")],
)
def test_cart_and_order_name_the_vat_of_the_destination(customer, light, country, words):
    Channel.objects.update(countries=["CY", "FR"])
    TaxRate.objects.all().delete()
    for code, rate in (("DE", "0.19"), ("CY", "0.255")):
        TaxRate.objects.create(country=code, rate=Decimal(rate), valid_from=NOON.date())
    customer.cookies[COUNTRY_COOKIE] = country
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    postcode = {"DE": "10115", "CY": "1010", "FR": "75001"}[country]
    order = make_paid_order(light, ship_to=replace(HOME, country=country, postcode=postcode))

    assert words in customer.get("/en/cart/").content.decode()
    page = customer.get(f"/en/orders/{order.number}/{order.access_key}/").content.decode()
    assert words in page
    payload = Event.objects.get(name="order.placed").payload
    assert words in render(template="order_placed", locale="en", payload=payload).text
