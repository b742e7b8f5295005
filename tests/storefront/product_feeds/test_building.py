"""Product feeds: a feed follows the published rules and states what its pages state."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import storages

from catalog.markets import registry
from catalog.models import Channel, Identifier, Product
from storefront.product_feeds import building, formats, tasks
from storefront.product_feeds.models import ProductFeed
from storefront.web.core.visit import COUNTRY_COOKIE
from suppliers.inventory import publication
from tests.factories.catalog import NOON, make_channel, make_image, make_variant
from tests.factories.priced_shop import announce
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier
from tests.storefront.product_feeds import rules
from tests.storefront.web.supply import POST, build, near

pytestmark = pytest.mark.django_db
ROUTE = (("near", "DE", {**POST, "base_amount": "4.90"}),)
FORMATS = [
    (target, kind) for target in ("google", "meta", "bing") for kind in ("xml", "tsv", "csv")
]


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def light():
    """A light in black and red, of which red is sold out."""
    listing = build(near(), routes=ROUTE)
    product = listing.variant.product
    make_image(product, stem="a" * 32)
    make_image(product, stem="b" * 32, role="other")
    red = make_variant(product, option_values=("Red",), color="Red")
    near_de = make_location(make_supplier("near"), "DE")
    make_level(make_offer(red, make_supplier("near"), cost="8.00"), 0, near_de)
    publication.publish(variant_ids=[red.pk], now=NOON)
    for variant, gtin in ((listing.variant, "05901234123457"), (red, "05901234123464")):
        Identifier.objects.create(variant=variant, scheme="gtin", value=gtin, raw=gtin)
        Identifier.objects.create(variant=variant, scheme="mpn", value=variant.sku, raw=variant.sku)
    return listing


def make_feed(target="google", file_type="xml", **changes):
    known = {"country": "DE", "language": "en", "channel": make_channel(), **changes}
    return ProductFeed.objects.create(target=target, file_type=file_type, **known)


def built(feed, now=NOON):
    """Build a feed; return its text."""
    assert building.build(feed_id=feed.pk, now=now)
    feed.refresh_from_db()
    with storages["private"].open(feed.file) as file:
        return file.read().decode()


@pytest.mark.parametrize(("target", "file_type"), FORMATS)
def test_a_feed_follows_the_published_rules(light, target, file_type):
    light.price_changes.all().delete()
    announce(light, was="59.99", now=NOON)

    feed = make_feed(target, file_type)
    items = rules.read(built(feed), file_type)

    assert rules.violations(items, target=target, country="DE", currency="EUR") == []
    black, red = items
    assert black["price"] == ["59.99 EUR"]
    assert black["sale_price"] == [f"{light.price_amount} EUR"]
    assert [len(each["item_group_id"]) for each in items] == [1, 1]
    assert black["color"] == ["Black"]
    assert black["gtin"] == ["5901234123457"]
    assert black["google_product_category"] == ["2454"]
    assert black["product_type"] == ["Headlamps"]
    assert red["availability"][0].startswith("out")
    assert "shipping" not in red
    if target == "google":
        detail = {"section_name": "Light", "attribute_name": "Output, brightest mode"}
        assert detail.items() <= black["product_detail"][0].items()
    assert feed.items == 2
    assert feed.excluded == {}


def test_a_feed_states_the_price_availability_and_shipping_of_the_page(client, light):
    client.cookies[COUNTRY_COOKIE] = "DE"
    for item in rules.read(built(make_feed()), "xml"):
        page = client.get(item["link"][0].partition("/en/")[2].join(("/en/", ""))).content.decode()
        (script,) = re.findall(
            r'<script type="application/ld\+json">(\{"@context.*?)</script>', page
        )
        shown = json.loads(script)["@graph"][0]
        offer = shown["offers"]
        assert item["link"][0] == offer["url"]
        assert item["price"] == [f"{offer['price']} {offer['priceCurrency']}"]
        is_sold_out = offer["availability"].endswith("OutOfStock")
        assert item["availability"] == ["out_of_stock" if is_sold_out else "in_stock"]
        assert [*item["image_link"], *item.get("additional_image_link", ())] == shown["image"]
        if not is_sold_out:
            delivery, (shipping,) = offer["shippingDetails"], item["shipping"]
            rate = delivery["shippingRate"]
            assert shipping["price"] == f"{rate['value']} {rate['currency']}"
            times = delivery["deliveryTime"]
            assert int(shipping["max_handling_time"]) == times["handlingTime"]["maxValue"]
            assert int(shipping["max_transit_time"]) == times["transitTime"]["maxValue"]


def test_a_marketplace_reads_quantity_and_current_price(light):
    (head, black, red) = built(make_feed("marketplace", "csv")).splitlines()
    row = dict(zip(head.split(","), next(rules.csv.reader([black])), strict=True))
    assert row["quantity"] == "9"
    assert row["price"] == str(light.price_amount)
    assert row["shipping_price"] == "4.90"
    assert row["currency"] == "EUR"
    assert ",0," in red
    assert "<products>" in built(make_feed("marketplace", "xml"))


def test_what_the_country_cannot_get_or_has_no_picture_is_left_out_and_counted(light):
    feed = make_feed()
    Product.objects.update(restricted_countries=["DE"])
    built(feed)
    assert feed.excluded == {"undeliverable": 1}  # the other one is sold out
    Product.objects.update(restricted_countries=[])
    light.variant.product.images.all().delete()
    built(feed, NOON + timedelta(minutes=2))
    assert feed.excluded == {"no_picture": 2}


def test_links_lead_to_the_market_of_the_channel(light):
    Channel.objects.update(path="az-market")
    registry._cached = None
    (black, _red) = rules.read(built(make_feed()), "xml")
    assert "/az-market/en/p/" in black["link"][0]


def test_texts_are_in_the_language_of_the_feed(light):
    (black, _red) = rules.read(built(make_feed(language="az")), "xml")
    assert "/az/" in black["link"][0]
    assert "Qara" in black["title"][0]
    assert "400 lm" in black["description"][0], "not the English description"


def test_a_description_has_no_table_of_the_supplier(light):
    Product.objects.update(description_html="<p>Light.</p><table><tr><td>9999 lm</td></tr></table>")
    (black, _red) = rules.read(built(make_feed()), "xml")
    assert black["description"] == ["Light."]


def test_a_formula_of_a_supplier_is_no_formula_in_a_table(light):
    Product.objects.update(title="=1+1", titles={})
    assert "\n=" not in built(make_feed("marketplace", "csv"))
    assert ",=1" not in built(make_feed("meta", "csv"))


def test_a_character_that_xml_forbids_does_not_make_the_file_unreadable(light):
    Product.objects.update(title="Bright\x0b \uffff & warm", titles={})

    items = rules.read(built(make_feed("google", "xml")), "xml")

    assert "& warm" in items[0]["title"][0]


def test_a_feed_is_due_each_hour_and_built_by_one_worker(light):
    feed = make_feed()
    make_feed("meta", is_active=False)
    assert building.due_feeds(NOON) == [feed.pk]
    ProductFeed.objects.update(building_until=NOON + timedelta(minutes=1))
    assert building.due_feeds(NOON) == []
    assert not building.build(feed_id=feed.pk, now=NOON)
    ProductFeed.objects.update(building_until=NOON - timedelta(minutes=1))  # that worker died
    first = built(feed)
    old_file = feed.file
    assert building.due_feeds(NOON + timedelta(minutes=59)) == []
    assert building.due_feeds(NOON + timedelta(minutes=61)) == [feed.pk]
    assert built(feed, NOON + timedelta(minutes=61)) == first
    assert not storages["private"].exists(old_file)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_build_of_content_that_staff_have_changed_meanwhile_is_dropped(
    light, monkeypatch, is_deleted
):
    feed = make_feed()
    first = built(feed) and feed.file
    write = building._write

    def changed_meanwhile(row, now):
        written.update(write(row, now))
        ProductFeed.objects.update(file_type="csv", file="", built_at=None)
        if is_deleted:
            ProductFeed.objects.all().delete()
        return written

    written = {}
    monkeypatch.setattr(building, "_write", changed_meanwhile)

    assert not building.build(feed_id=feed.pk, now=NOON)
    assert written["file"] != first
    assert not storages["private"].exists(written["file"])
    due = ProductFeed.objects.values_list("pk", flat=True)
    assert building.due_feeds(NOON) == list(due)
    assert not due.exclude(file="").exists()


def test_a_failed_build_keeps_the_last_file_and_names_its_problem(client, light, monkeypatch):
    feed = make_feed()
    text = built(feed)

    def fails(*_args, **_words):
        raise ValueError("no column")

    with monkeypatch.context() as patched:
        patched.setattr(formats, "write", fails)
        tasks.build(feed_id=feed.pk)
    feed.refresh_from_db()
    assert feed.problem == "ValueError: no column"
    assert feed.building_until is None
    answer = client.get(f"/feeds/{feed.key}.xml")
    assert b"".join(answer.streaming_content).decode() == text
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    unchanged = client.get(
        f"/feeds/{feed.key}.xml", headers={"if-modified-since": answer["Last-Modified"]}
    )
    assert unchanged.status_code == 304
    built(feed)
    assert feed.problem == ""


def test_an_unknown_inactive_or_unbuilt_feed_answers_404(client, light):
    feed = make_feed()
    assert client.get(f"/feeds/{feed.key}.xml").status_code == 404
    built(feed)
    assert client.get(f"/feeds/{feed.key}.tsv").status_code == 404
    assert client.get(f"/feeds/{'x' * 22}.xml").status_code == 404
    ProductFeed.objects.update(is_active=False)
    assert client.get(f"/feeds/{feed.key}.xml").status_code == 404
