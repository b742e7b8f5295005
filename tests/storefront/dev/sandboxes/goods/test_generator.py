"""Generated products: reproducible, independent of each other and physically plausible."""

import math

import pytest

from storefront.dev.sandboxes.goods.bad_records import FLAWS
from storefront.dev.sandboxes.goods.catalog import Catalog, catalog
from storefront.dev.sandboxes.goods.generator import make
from storefront.dev.sandboxes.goods.identifiers import check_digit

GOODS = list(catalog(160, 7))
VALID = [product for product in GOODS if not product.flaw]
LIGHTS = [product for product in VALID if product.light]

MAX_MAH = {
    "AAA": 1300, "AA": 3000, "D": 20_000, "CR2032": 240, "CR123A": 1700, "10440": 400,
    "14500": 1250, "16340": 1000, "18350": 1600, "18650": 4000, "21700": 6000, "26650": 6200,
}  # fmt: skip
MAX_LM_PER_CELL = {
    "AAA": 300, "AA": 600, "D": 500, "CR123A": 600, "10440": 500, "14500": 1600, "16340": 1600,
    "18350": 2500, "18650": 4000, "21700": 6500, "26650": 4500,
}  # fmt: skip


def test_same_seed_makes_the_same_products():
    assert list(catalog(160, 7)) == GOODS
    assert list(catalog(160, 8)) != GOODS


def test_any_product_can_be_generated_alone():
    late = Catalog(1_000_000, 7)

    product = late.at(700_000)

    assert late.by_pid(product.pid) == product
    assert late.variant(product.variants[-1].vid) == (product, product.variants[-1])
    assert late.by_sku(product.variants[0].sku) == product
    assert make(product.subject, seed=7) == product


def test_valid_products_cover_every_family():
    assert len(VALID) == len({product.title for product in VALID}) == 160
    assert {product.family for product in VALID} == {
        "flashlights", "headlamps", "lanterns", "work lights", "bike lights", "keychain lights",
        "batteries", "accessories",
    }  # fmt: skip


@pytest.mark.parametrize("product", LIGHTS, ids=lambda product: product.model)
def test_valid_lights_are_physically_plausible(product):
    light, battery = product.light, product.battery
    output = light.levels[0].output_lm
    least_g = min(variant.net_g for variant in product.variants)
    with_cells_g = (
        max(variant.net_g for variant in product.variants if variant.has_cells)
        if any(variant.has_cells for variant in product.variants)
        else least_g + battery.weight_g
    )

    assert light.beam_m == pytest.approx(2 * math.sqrt(light.peak_cd), rel=0.05)
    assert light.peak_cd >= 0.0796 * output
    assert light.peak_cd <= 250 * output
    assert light.peak_cd <= 250 * math.pi * (light.head_mm / 2) ** 2
    assert all(
        mode.hours * mode.output_lm <= 200 * battery.energy_wh for mode in light.modes if mode.hours
    )
    assert output <= 700 * battery.energy_wh
    assert output <= 40 * with_cells_g
    assert output <= MAX_LM_PER_CELL.get(battery.format, math.inf) * battery.count
    assert battery.capacity_mah <= MAX_MAH.get(battery.format, 16_000)
    assert with_cells_g >= 0.9 * battery.weight_g
    outputs = [mode.output_lm for mode in light.levels]
    hours = [mode.hours for mode in light.levels]
    assert outputs == sorted(outputs, reverse=True)
    assert hours == sorted(hours)
    specs = dict(product.specs)
    assert specs["Light output"] == f"{output:g} lm"
    assert specs["Peak beam intensity"] == f"{light.peak_cd} cd"
    assert f"({battery.energy_wh:.3g} Wh)" in specs["Battery"]


def test_gtins_are_valid_and_unique():
    codes = [variant.barcode for product in VALID for variant in product.variants]

    assert all(len(code) == 13 and code.startswith("2") for code in codes)
    assert all(check_digit(code[:-1]) == code[-1] for code in codes)
    assert len(set(codes)) == len(codes)
    assert check_digit("400638133393") == "1"


def test_each_flaw_breaks_its_field():
    bad = {product.flaw: product for product in GOODS if product.flaw}
    good_codes = {variant.barcode for product in VALID for variant in product.variants}
    good_skus = {variant.sku for product in VALID for variant in product.variants}

    assert bad.keys() == set(FLAWS)
    wrong = bad["wrong_check_digit"].variants[0].barcode
    assert check_digit(wrong[:-1]) != wrong[-1]
    assert bad["duplicate_gtin"].variants[0].barcode in good_codes
    assert bad["duplicate_sku"].variants[0].sku in good_skus
    assert dict(bad["impossible_lumens"].specs)["Light output"] == "990,000 lm"
    assert "onerror" in bad["hostile_html"].lead
    assert bad["missing_variants"].variants == ()
    assert "\u202e" in bad["odd_letters"].title


@pytest.mark.parametrize("count", [1, 3, 12, 160, 3333])
def test_every_position_holds_one_product(count):
    shelf = Catalog(count, 7)

    subjects = [shelf.subject_at(position) for position in range(len(shelf))]

    assert len(set(subjects)) == len(subjects)
    assert all(shelf.holds(subject) for subject in subjects)


def test_unknown_ids_are_not_found():
    shelf = Catalog(160, 7)

    assert shelf.by_pid(Catalog(160, 8).at(0).pid) is None
    assert shelf.by_pid("0") is None
    assert shelf.variant("1700007999999999999") is None
    assert shelf.by_sku("CJLT9999999") is None
    assert shelf.by_sku("x") is None
