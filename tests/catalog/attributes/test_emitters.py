from pathlib import Path

import pytest

from catalog.attributes.emitters import remove_unknown_emitters

NAMES = (Path(__file__).parent / "light_names.txt").read_text(encoding="utf-8").splitlines()
REAL = (
    "XHP35", "XHP50.2", "XHP-70", "XHP70.3 HI", "XHP50B", "XM-L2", "XML2", "XM-L T6", "XP-G3",
    "XP-L HI", "XPE2", "SST-20", "SST40", "SBT90.2", "SBT-90", "SFT-25R", "SFT70", "Nichia 519A",
    "Nichia 219", "Osram P9", "Osram W1", "Cree XHP70.2", "Luminus SST-20", "4 x SST-20", "LH351D",
)  # fmt: skip
INVENTED = (
    "XHP360", "XHP90", "XHP-160", "XHP 199", "XHP70.9", "XHP360B", "XM-L9", "XPG10", "SST-360",
    "SBT120", "SFT-500", "Cree XHP100", "Nichia 999A", "Osram P900", "Cree P99", "Luminus P160",
    "5*XHP360", "12 x XHP90", "xhp360",
)  # fmt: skip


def kept(title, *, brand="Unbranded", own=()):
    return remove_unknown_emitters(title, brand=brand, own=own)[0]


@pytest.mark.parametrize("order", ["{name} {led}", "{led} {name}", "{name}, {led}, USB-C"])
def test_model_names_stay_and_unknown_leds_are_removed(order):
    for name in NAMES:
        assert kept(name) == name
        for led in REAL:
            title = order.format(name=name, led=led)
            assert kept(title) == title
        for led in INVENTED:
            title = order.format(name=name, led=led)
            without = order.format(name=name, led="").replace(", , ", ", ").strip()
            if not name[-1].isdigit() or not led[0].isdigit():
                assert remove_unknown_emitters(title, brand="Unbranded", own=()) == (
                    without,
                    (led,),
                )


@pytest.mark.parametrize(
    "title",
    [
        "Nightstick XPP-5422G", "Nightstick XPR-5582GX", "Coast XPH30R", "Coast XP11R",
        "Torch XHP360-20", "Torch XHP3600", "Torch AXHP360", "SST 500 lm torch", "XP-G 200 lm",
        "XHP 900 lm torch", "Nichia 800 lm torch", "Cree 18650 torch", "Pelican P100", "SFT-90 m",
    ],
)  # fmt: skip
def test_names_that_resemble_an_led_stay(title):
    assert kept(title) == title


@pytest.mark.parametrize(
    ("title", "brand", "own"),
    [
        ("XHP360 headlamp", "Unbranded", ("XHP360",)),
        ("XHP360 headlamp", "Unbranded", ("xhp-360-BK",)),
        ("XHP360 headlamp", "XHP", ()),
        ("Osram P900 headlamp", "OSRAM", ()),
    ],
)
def test_the_model_and_brand_of_the_product_stay(title, brand, own):
    assert kept(title, brand=brand, own=own) == title


def test_the_result_is_one_plain_title():
    assert remove_unknown_emitters(
        "Zoom torch (XHP360, P50), 2 x XHP90, USB-C", brand="", own=()
    ) == (
        "Zoom torch (P50), USB-C",
        ("XHP360", "2 x XHP90"),
    )
