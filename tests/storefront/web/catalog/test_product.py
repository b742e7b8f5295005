"""The product page offers only what can be bought and sent to the visitor's country."""

import html
import re
from datetime import date, timedelta

import pytest

from catalog.models import Brand, Listing, Mode, Product, ProductDocument, Spec, Variant
from catalog.safety import documents
from shipping.rates import quotes
from storefront.web.core.visit import COUNTRY_COOKIE
from suppliers.models import ShippingService, StockLevel
from tests.factories.catalog import (
    NOON,
    make_image,
    make_listing,
    make_mode,
    make_spec,
    make_variant,
)
from tests.factories.compliance import PDF
from tests.factories.orders import make_sellable
from tests.storefront.web.conftest import make_light, shelve
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db
URL = "/en/p/trail-400/"
RESTRICTED = "This item is restricted in Germany, so we cannot deliver it there."


def text_of(response):
    return html.unescape(response.content.decode())


def add(customer, listing):
    return customer.post("/en/cart/add/", {"listing": listing.pk, "quantity": 1})


def sell_out(listing):
    StockLevel.objects.filter(offer__variant=listing.variant).update(reported_quantity=0)
    type(listing).objects.filter(pk=listing.pk).update(available=0)
    shelve(listing.variant.product)


def restrict(_listing):
    Product.objects.filter(slug="trail-400").update(restricted_countries=["DE"])


def lose_responsible_person(_listing):
    Brand.objects.update(manufacturer_name="Lumen", manufacturer_country="CN")


def cut_route(_listing):
    ShippingService.objects.update(countries=["FR"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (sell_out, "Out of stock."),
        (restrict, RESTRICTED),
        (lose_responsible_person, RESTRICTED),
        (cut_route, "We cannot deliver this to Germany."),
    ],
)
def test_unavailable_product_says_why_and_has_no_button(customer, light, change, reason):
    customer.cookies[COUNTRY_COOKIE] = "DE"
    change(light)
    quotes.clear_cache()

    text = text_of(customer.get(URL))
    refused = add(customer, light)

    assert reason in text
    assert "Add to cart" not in text
    assert "In stock: " not in text
    assert refused.status_code == 409
    if change is not sell_out:
        assert reason in text_of(refused)
        assert 'id="buy-to"' in text  # another country can be chosen here


def test_sold_out_product_shows_its_restock_date(customer, light):
    sell_out(light)
    december = date(2026, 12, 12)

    for url, restock_on, expected in (
        (URL, december, "Out of stock. Expected back on 12 Dec."),
        ("/az/p/trail-400/", december, "Yenidən satışa çıxması gözlənilir: 12 dek."),
        (URL, date(2026, 11, 24), "Expected back on 24 Nov."),  # today
        (URL, date(2026, 11, 23), None),
    ):
        Listing.objects.update(restock_on=restock_on)
        quotes.clear_cache()
        text = text_of(customer.get(url))
        assert expected in text if expected else "Expected back" not in text
        assert "Add to cart" not in text
    assert add(customer, light).status_code == 409


def test_sold_out_variant_links_to_those_in_stock_and_to_alternatives(customer, light):
    make_light(title="Trail 500", slug="trail-500")
    product = light.variant.product
    other = make_sellable(variant=make_variant(product, sku="HL-RED", option_values=["Red"]))
    shelve(product)
    sell_out(light)
    quotes.clear_cache()

    page = Page(customer.get(f"{URL}?v={light.variant.sku}"))

    assert "Out of stock." in page.text
    assert page.all("a", href=f"{URL}?v={other.variant.sku}", **{"class": "chip"})
    sell_out(other)
    assert Page(customer.get(URL)).all("a", href="/en/p/trail-500/")


def test_without_javascript_a_form_shows_the_picture_of_the_chosen_variant(customer, light):
    product = light.variant.product
    red = make_variant(product, sku="HL-RED", option_values=("Red",), position=1)
    make_image(product, variant=red, stem="b" * 32, position=4)
    listing = make_listing(red)

    page = text_of(customer.get(URL, {"listing": listing.pk, "quantity": 1}))

    assert 'formmethod="get"' in page
    assert page.index("b" * 32) < page.index("a" * 32)
    assert f'value="{listing.pk}" checked' in page


def test_a_beam_shot_and_the_packaging_are_named(client, light):
    product = light.variant.product
    make_image(product, stem="c" * 32, role="beam")
    make_image(product, stem="d" * 32, role="packaging", alt_texts={"en": "The gift box"})
    make_image(product, stem="e" * 32, role="packaging")

    page = text_of(client.get(URL))

    assert 'alt="Trail 400, beam shot"' in page
    assert 'alt="The gift box"' in page
    assert 'alt="Trail 400, packaging"' in page


def test_selected_color_has_its_picture_on_the_page_and_in_the_cart(customer, light):
    product = light.variant.product
    red = make_variant(product, sku="HL-RED", option_values=["Red"], color="Red")
    charged = make_variant(product, sku="HL-RED-B1", option_values=["Red, charged"], color="Red")
    make_image(product, variant=red, stem="b" * 32, position=4)
    listing = make_sellable(variant=charged)
    make_sellable(variant=red)
    shelve(product)

    page = Page(customer.get(f"{URL}?v={charged.sku}"))
    add(customer, listing)
    cart = Page(customer.get("/en/cart/"))

    first = page.all("a", **{"class": "gallery-large lit"})[0]
    assert first["href"].endswith(f"{'b' * 32}-900.webp")
    assert [image["src"] for image in cart.all("img")] == [f"/media/pictures/{'b' * 32}-240.webp"]


def test_beam_and_runtime_are_ordered_and_complete(client, light):
    product = light.variant.product
    make_mode(product, position=1, name="Red", kind="red", output_lm="10", runtime_min=600)
    make_mode(product, position=2, name="SOS", kind="sos", output_lm="400", runtime_min=900)

    text = client.get(URL).content.decode()

    assert re.findall(r"<td>([\d.]+) lx</td>", text) == ["0.25", "1", "5", "10"]
    drawn = text.partition('<svg class="chart run-chart"')[2].partition("</svg>")[0]
    assert re.findall(r'class="chart-on"[^>]*>(\w+)', drawn) == ["High", "Red"]
    assert re.search(r'class="chart-word"[^>]*>lm<', drawn)


def test_country_change_keeps_filters_and_variant_and_never_leaves_the_shop(customer, light):
    chosen = f"{URL}?v={light.variant.sku}"

    for referer, location in (
        (f"http://testserver{chosen}", chosen),
        ("https://evil.example/en/p/trail-400/?v=1", URL),
        ("http://testserver/en/cart/?x=1", URL),
        ("", URL),
    ):
        form, headers = {"country": "FR", "next": URL}, {"Referer": referer}
        assert customer.post("/en/country/", form, headers=headers)["Location"] == location


def test_page_says_whether_a_battery_is_included(client, light):
    Variant.objects.update(lithium="none", cell_wh=None, cell_count=0)
    labels = {True: "battery, included", False: "battery, not included", None: "battery"}

    for included, cell, expected in (
        (True, "18650", "Battery included: 18650."),
        (True, "", "Battery included: type not stated."),
        (False, "18650", "Battery not included: 18650."),
        (False, "", "Battery not included: type not stated."),
        (None, "18650", "The supplier does not say whether a battery is included."),
    ):
        Spec.objects.update(battery_included=included, battery_format=cell)
        text = text_of(client.get(URL))
        assert expected in text
        assert f"<dt>{labels[included]}</dt>" in text
        assert "No lithium battery: every carrier accepts it." in text


def test_page_of_a_non_rechargeable_cell_warns_against_charging(client, light):
    Spec.objects.update(battery_included=True, battery_chemistry="lithium_metal")
    Variant.objects.update(lithium="alone")

    text = text_of(client.get(URL))

    assert "Loose lithium batteries cannot go on passenger planes" in text
    assert "Do not charge it." in text
    assert "Charge it only" not in text


def test_variants_are_listed_by_option_name(client, light):
    product = light.variant.product
    make_sellable(variant=make_variant(product, option_values=["Red", "L"], lithium="alone"))
    shelve(product)
    quotes.clear_cache()

    for names, legend in ((["Color", "Size"], "Color, Size"), ([], "Version"), (["Size"], "Size")):
        Product.objects.update(option_names=names)
        text = text_of(client.get(URL))
        assert f'<legend class="label">{legend}</legend>' in text
    assert "<small>no delivery to Germany</small>" in text


def test_modes_show_their_color_and_missing_values(client, light):
    product = light.variant.product
    make_mode(product, position=1, name="Side", kind="red", output_lm=None, runtime_min=600)
    make_mode(product, position=2, name="Low", output_lm="5", runtime_min=None)
    Spec.objects.update(sources={"output_lm": {"raw": "Max. 400 lumens"}})

    text = text_of(client.get(URL))

    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', text)
    assert rows[1:] == [("Side (Red)", "not stated", "10 h"), ("Low", "5\xa0lm", "not stated")]
    assert "supplier: “Max. 400 lumens”" in text
    Mode.objects.all().delete()
    on_high = '<tr><th scope="row">High</th><td>400\xa0lm</td><td>3 h</td></tr>'
    assert on_high in text_of(client.get(URL))
    Spec.objects.all().delete()
    text = text_of(client.get(URL))
    assert '<p class="beam-none">beam not stated</p>' in text
    assert "Battery included: type not stated." in text


def test_battery_shows_voltage_and_length_and_no_eye_safety_warning(client, light):
    Spec.objects.all().delete()
    make_spec(light.variant.product, battery_voltage="3.60", length_mm=71)
    Product.objects.update(family="battery")

    text = text_of(client.get(URL))

    assert "<dt>voltage</dt><dd>3.6 <small>V</small></dd>" in text
    assert "<dt>length</dt><dd>71 <small>mm</small></dd>" in text
    assert "Do not look into the light" not in text


def test_page_names_manufacturer_and_responsible_person(customer, light):
    Brand.objects.update(manufacturer_name="", manufacturer_country="")
    unknown = text_of(customer.get(URL))
    assert "The supplier does not state the address." in unknown
    assert "Responsible person in the EU" not in unknown

    Brand.objects.update(
        manufacturer_name="Lumen Co., Ltd.",
        manufacturer_address="Example Road 7, Ningbo",
        manufacturer_country="CN",
        manufacturer_email="care@lumen.example",
        responsible_name="Rep S.r.l.",
        responsible_address="Via Uno 1, Milano",
        responsible_country="IT",
        responsible_email="a@rep.example",
    )
    quotes.clear_cache()
    page = Page(customer.get(URL))

    assert "Lumen Co., Ltd.<br>Example Road 7, Ningbo, China<br>" in page.text
    assert "Rep S.r.l.<br>Via Uno 1, Milano, Italy<br>" in page.text
    for address in ("care@lumen.example", "a@rep.example"):
        assert page.all("a", href=f"mailto:{address}")
    assert "Do not look into the light" in page.text
    assert "Add to cart" in page.text
    assert page.faults == []
    Product.objects.update(status="draft")
    assert "Page not found." in text_of(customer.get(URL))


def test_product_that_is_not_for_sale_says_why_and_offers_others(customer, light):
    make_light(title="Trail 500", slug="trail-500")
    listings = Listing.objects.filter(variant__product__slug="trail-400")
    listings.update(is_published=False)
    checked = "The price is being checked, so this product cannot be bought at the moment."
    unpriced = {"price_amount": None, "wholesale_amount": "9.00", "wholesale_currency": "USD"}

    for of_listing, of_product, status, reason in (
        ({}, {}, 404, "This product is not sold at the moment."),
        (unpriced, {}, 200, checked),
        ({}, {"status": "archived"}, 410, "This product is no longer sold."),
    ):
        listings.update(**{"is_published": False, **of_listing})
        Product.objects.filter(slug="trail-400").update(**{"status": "live", **of_product})
        shelve(light.variant.product)
        response = customer.get(URL)
        page = Page(response)
        assert response.status_code == status
        assert reason in page.text
        assert page.faults == []
        assert page.all("a", href="/en/p/trail-500/")
        assert page.all("meta", name="robots", content="noindex")
        assert page.all("a", href="/en/c/headlamps/")


def test_a_merged_product_redirects_to_the_remaining_one(customer, light):
    remaining = make_light(title="Trail 500", slug="trail-500").variant.product
    merged = Product.objects.filter(slug="trail-400")
    merged.update(status="archived", redirects_to=remaining)
    shelve(light.variant.product)

    response = customer.get(URL)
    assert (response.status_code, response["Location"]) == (301, "/en/p/trail-500/")

    merged.update(redirects_to=None)
    assert customer.get(URL).status_code == 410


def test_a_value_that_rests_on_more_than_the_others_says_so(client, light):
    feed = {"supplier": "cj", "label": "Weight", "raw": "75 g"}
    columns = Spec.objects.get().bases
    Spec.objects.update(
        sources={
            **dict.fromkeys(columns, feed),
            "weight_g": {"actor": "Leyla", "basis": "own_measurement"},
        }
    )

    text = text_of(client.get(URL))

    assert "supplier’s figures, plausible" in text
    assert re.findall(r"75 g <small class=\"muted\">(.*?)</small>", text) == ["measured by us"]


def make_document(product, **changes):
    stored = documents.store(PDF)
    known = {"kind": "manual", "language": "en", "is_public": True, "file": stored.name}
    return ProductDocument.objects.create(product=product, **known | changes)


def test_page_offers_public_documents_until_they_expire(client, light):
    product = light.variant.product
    shown = make_document(product, valid_until=NOON.date())
    expired = make_document(product, kind="declaration", valid_until=NOON.date() - timedelta(1))
    private = make_document(product, kind="test_report", is_public=False)

    text = text_of(client.get(URL))

    assert "User manual (EN)</a>" in text
    assert "Declaration of conformity" not in text
    assert "Test report" not in text
    answer = client.get(f"{URL}documents/{shown.pk}/")
    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="trail-400-manual-en.pdf"'
    assert client.get(f"{URL}documents/{expired.pk}/").status_code == 404
    assert client.get(f"{URL}documents/{private.pk}/").status_code == 404
    assert client.get(f"/en/p/another/documents/{shown.pk}/").status_code == 404


def test_page_and_download_use_the_date_of_the_shop(client, light, settings):
    settings.TIME_ZONE = "Pacific/Kiritimati"  # a day ahead of UTC at noon
    document = make_document(light.variant.product, valid_until=NOON.date())

    assert "User manual (EN)</a>" not in text_of(client.get(URL))
    assert client.get(f"{URL}documents/{document.pk}/").status_code == 404


def test_page_shows_warnings_in_its_language_and_the_origin(client, light):
    Product.objects.update(safety_warnings={"en": "Hot surface.", "az": "İsti səth."})
    light.variant.origin_country = "CN"
    light.variant.save()

    assert "<li>Hot surface.</li>" in text_of(client.get(URL))
    text = text_of(client.get(URL.replace("/en/", "/az/")))
    assert "<li>İsti səth.</li>" in text
    assert "Mənşə ölkəsi" in text
    assert ">Çin<" in text


def test_english_warnings_on_a_page_in_another_language_are_marked(client, light):
    Product.objects.update(safety_warnings={"en": "Hot surface."})

    page = client.get(URL.replace("/en/", "/az/")).content.decode()

    assert re.search(r'<div class="row" lang="en">.*?<li>Hot surface\.</li>', page)
