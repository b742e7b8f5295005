"""Product lists: battery categories show battery facets, and lights can be compared."""

import pytest

from catalog.custom_attributes import registry
from catalog.models import (
    Category,
    CustomAttribute,
    Identifier,
    Product,
    ProductCard,
    Spec,
    Variant,
)
from tests.factories.catalog import make_category, make_product, make_spec, make_variant
from tests.factories.orders import make_sellable
from tests.storefront.web.conftest import make_light, shelve
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def cell(light):
    shelf = make_category(slug="cells-chargers", families=("battery", "charger"), position=9)
    names = {"slug": "cell-5000", "title": "21700 cell 5000"}
    product = make_product(category=shelf, family="battery", **names)
    none = ("output_lm", "intensity_cd", "beam_m", "runtime_high_min", "runtime_max_min")
    battery = {"battery_format": "21700", "battery_capacity_mah": 5000}
    make_spec(product, **dict.fromkeys(none), ip_rating="", features=(), **battery)
    listing = make_sellable(variant=make_variant(product))
    shelve(product)
    return listing


def test_batteries_show_capacity_and_no_light_output(client, cell):
    pages = [Page(client.get(f"/en/{path}/")) for path in ("c/cells-chargers", "p/cell-5000")]

    for page in pages:
        assert "5,000" in page.text
        assert "21700" in page.text
        main = page.text.partition("<main")[2].partition("</main")[0]
        for word in ("not stated", "Brightness", "1 light", " lm"):
            assert word not in main, word
    assert "1 product" in pages[0].text
    offered = {option["value"] for option in pages[0].all("option") if len(option["value"]) > 2}
    assert offered == {"best", "price", "price_desc", "weight", "newest"}, (
        "no sort order that only lights have"
    )


def test_detail_facets_are_folded_until_asked_for(client, light):
    shelf = f"/en/c/{light.variant.product.category.slug}/"
    Spec.objects.update(length_mm=90, charging=["usb_c"], head_mm=30)
    shelve(light.variant.product)
    make_light(title="Trail 500", slug="trail-500", length_mm=120, charging=("micro_usb",))

    folded, shown = (Page(client.get(f"{shelf}{query}")) for query in ("", "?more=1"))
    chosen = Page(client.get(f"{shelf}?charging=micro_usb&length_min=100"))

    assert not folded.all("input", name="length_min")
    (tick,) = folded.all("input", name="more")
    assert "checked" not in tick
    assert shown.all("input", name="length_min")
    assert shown.all("input", name="charging", value="usb_c")
    assert not shown.all("input", name="head_min"), "one value divides nothing"
    (tick,) = chosen.all("input", name="more")
    assert "checked" in tick
    assert "Micro-USB" in chosen.text
    assert "Length from 100 mm" in chosen.text
    assert "Trail 500" in chosen.text
    assert "Trail 400" not in chosen.text


@pytest.fixture
def custom(light, monkeypatch):
    """Mark custom attributes that differ between two lights."""
    monkeypatch.setattr(registry, "_cached", None)
    make = CustomAttribute.objects.create
    make(
        code="hours",
        kind="number",
        unit="h",
        names={"en": "Charging time", "az": "Şarj müddəti"},
        filter_display="folded",
    )
    make(
        code="switch",
        kind="choice",
        names={"en": "Switch", "az": "Düymə"},
        choices=[["tail", {"en": "Tail", "az": "Arxada"}], ["side", {"en": "Side"}]],
        filter_display="shown",
    )
    make(code="lanyard", kind="yes_no", names={"az": "Qaytan"}, filter_display="shown")
    Spec.objects.update(custom_values={"hours": "2.5", "switch": "tail", "lanyard": True})
    shelve(light.variant.product)
    other = make_light(title="Trail 500", slug="trail-500").variant.product
    values = {"hours": "4", "switch": "side", "lanyard": False}
    Spec.objects.filter(product=other).update(custom_values=values)
    shelve(other)
    return f"c/{light.variant.product.category.slug}/"


def test_custom_attributes_are_filters_in_both_languages(client, custom):
    page = Page(client.get(f"/en/{custom}"))
    more = Page(client.get(f"/en/{custom}?more=1"))
    azerbaijani = Page(client.get(f"/az/{custom}?more=1"))

    for words in ("Switch", "Tail", "Side", "lanyard"):
        assert words in page.text, words
    assert page.all("input", name="attr_switch", value="tail")
    assert not page.all("input", name="attr_hours_min")
    (low,) = more.all("input", name="attr_hours_min")
    assert "min" not in low, "a temperature may be below zero"
    assert "Charging time" in more.text
    for words in ("Düymə", "Arxada", "Side", "Qaytan", "Şarj müddəti"):
        assert words in azerbaijani.text, words


@pytest.mark.parametrize(
    ("query", "chip", "title"),
    [
        ("attr_switch=side", "Switch: Side", "Trail 500"),
        ("attr_lanyard=no", "lanyard: no", "Trail 500"),
        ("attr_hours_min=3", "Charging time from 3 h", "Trail 500"),
        ("attr_hours_max=2.5", "Charging time up to 2.5 h", ""),
        ("unknown=attr_switch&attr_switch=side", "Switch not stated", "Trail 500"),
    ],
)
def test_a_custom_filter_has_a_chip(client, custom, query, chip, title):
    page = Page(client.get(f"/en/{custom}?{query}"))

    assert chip in page.text
    assert ("Trail 500" in page.text) == bool(title)


def test_an_invalid_custom_filter_is_rejected_and_an_empty_list_offers_to_remove_it(client, custom):
    wrong = client.get(f"/en/{custom}?attr_switch=crown")
    none = Page(client.get(f"/en/{custom}?attr_switch=side&attr_hours_max=1"))

    assert wrong.status_code == 400
    assert "Without the filter “Charging time”: 1" in none.text


def test_lights_are_compared_and_bought_side_by_side(client, light):
    Spec.objects.update(cri=95, output_min_lm="1.5", impact_m="2.0")
    make_light(title="Trail 500", slug="trail-500")

    page = Page(client.get("/en/compare/?light=trail-400&light=trail-400&light=trail-500"))

    for row in ("Peak intensity", "Longest run time", "Output, lowest mode", "Color rendering",
                "Drop resistance", "Battery included"):  # fmt: skip
        assert f">{row}<" in page.text
    assert page.all("a", href="/en/compare/?light=trail-500", **{"class": "compare-out"})
    assert page.all("input", name="listing", value=str(light.pk))
    assert len(page.all("th", scope="col")) == 3


def test_comparison_shows_missing_values_as_not_stated(client, light):
    make_light(title="Trail 500", slug="trail-500")
    none = ("output_lm", "intensity_cd", "runtime_high_min", "runtime_max_min", "battery_included")
    make_light(title="Bare", slug="bare", **dict.fromkeys(none))

    text = client.get("/en/compare/?light=trail-500&light=bare").content.decode()

    rows = ("Brightness", "Peak intensity", "Run time on high", "Longest run time")
    for row in (*rows, "Battery included"):
        cells = text.partition(f">{row}<")[2].partition("</tr>")[0]
        assert cells.count("<td>not stated</td>") == 1, row


def test_comparison_shows_the_first_four_and_says_so(client, light):
    for number in range(4):
        make_light(title=f"Ridge {number}", slug=f"ridge-{number}")
    path = "/en/compare/?light=trail-400" + "".join(f"&light=ridge-{n}" for n in range(4))

    page = Page(client.get(path))

    assert "You can compare up to four products. These are the first four." in page.text
    assert len(page.all("a", **{"class": "compare-out"})) == 4


def test_empty_comparison_links_to_the_list(client, light):
    answer = client.get("/en/compare/")

    assert answer.status_code == 200
    assert "Nothing to compare." in answer.content.decode()
    assert Page(answer).all("a", href="/en/search/", **{"class": "chip"})
    assert client.get("/en/compare/?light=gone").status_code == 404


def discontinue(light, **fields):
    Variant.objects.update(status="discontinued")
    Product.objects.update(titles={"az": "Uzaq 900", "en": "Far 900"}, **fields)
    Identifier.objects.create(variant=light.variant, scheme="mpn", value="fara:h10r", raw="H10-R")
    gtin = {"value": "04006381333931", "raw": "4006381333931"}
    Identifier.objects.create(variant=light.variant, scheme="gtin", **gtin)
    ProductCard.objects.all().delete()


@pytest.mark.parametrize("number", ["h10-R", "4006381333931", "sku"])
def test_the_number_of_a_discontinued_product_leads_to_its_page(client, light, number):
    discontinue(light)
    text = light.variant.sku.lower() if number == "sku" else number

    english, azerbaijani = (Page(client.get(f"/{one}/search/?q={text}")) for one in ("en", "az"))

    slug = light.variant.product.slug
    assert "Far 900 is no longer sold." in english.text
    assert english.all("a", href=f"/en/p/{slug}/")
    assert "Uzaq 900 artıq satılmır." in azerbaijani.text


@pytest.mark.parametrize(
    ("text", "fields"), [("H10", {}), ("R", {}), ("???", {}), ("H10-R", {"status": "draft"})]
)
def test_other_texts_lead_to_no_discontinued_product(client, light, text, fields):
    discontinue(light, **fields)

    assert "is no longer sold" not in Page(client.get(f"/en/search/?q={text}")).text


def test_empty_search_says_what_to_type(client, light):
    for words in ("%", "🔦"):
        text = client.get("/en/search/", {"q": words}).content.decode()
        assert f"“{words}” contains no word to search for." in text
        assert "<h1>All lights</h1>" in text
        assert "Trail 400" in text


def test_category_description_is_translated_and_missing_values_can_be_included(client, light):
    words = {"en": "Light for both hands.", "az": "Hər iki əl üçün işıq."}
    Category.objects.filter(slug="headlamps").update(intros=words)
    Spec.objects.update(weight_g=None)
    shelve(light.variant.product)

    for language, text in words.items():
        page = Page(client.get(f"/{language}/c/headlamps/?unknown=weight"))
        assert f'<p class="lead">{text}</p>' in page.text
        (box,) = page.all("input", name="unknown", value="weight")
        assert "checked" in box
        assert "Trail 400" in page.text
