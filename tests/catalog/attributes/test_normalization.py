from decimal import Decimal

import pytest

from catalog.attributes.families import BUILT_IN
from catalog.attributes.normalization import get_lithium, normalize
from catalog.records import ImportIssue
from tests.factories.product_records import make_product_record

CLAIMS = {
    "Light output": "400 lm",
    "Beam distance": "328 ft",
    "Run time (high)": "3 h",
    "Run time (low)": "40 h",
    "Modes": "High 400 lm / 3 h; Low 20 lm / 40 h; Red 5 lm / 30 h; Strobe",
    "Weight": "2.6 oz",
    "Dimensions": "65 x 42 x 38 mm",
    "Water resistance": "IPX4",
    "Battery": "Li-Po 1200 mAh 3.7 V (4.44 Wh)",
    "Charging": "USB-C",
    "Features": "motion sensor, pocket clip",
    "Light colors": "white, red",
    "Color rendering": "CRI 90",
    "Switch": "top",
}


def enriched(**changes):
    claims = {**CLAIMS, **changes.pop("claims", {})}
    return normalize(make_product_record(claims=claims, **changes), source="cj")


def test_labels_become_typed_columns():
    assert enriched().spec == {
        "output_lm": 400,
        "output_min_lm": Decimal(20),
        "intensity_cd": 2499,
        "beam_m": 100,
        "runtime_high_min": 180,
        "runtime_max_min": 2400,
        "weight_g": 74,
        "length_mm": 65,
        "ip_rating": "IPX4",
        "cri": 90,
        "charging": ["usb_c"],
        "features": ["motion_sensor", "red_light", "clip"],
        "light_colors": ["white", "red"],
        "power_sources": ["built_in"],
        "battery_format": "built_in",
        "battery_count": 1,
        "battery_included": True,
        "battery_chemistry": "li_po",
        "battery_capacity_mah": 1200,
        "battery_voltage": Decimal("3.7"),
        "battery_energy_wh": Decimal("4.44"),
    }


def test_a_feature_may_be_stated_in_the_title():
    goods = enriched(title="Magnetic zoom headlamp, USB-C")

    assert goods.spec["features"] == ["motion_sensor", "red_light", "magnet", "zoom", "clip"]


def test_each_value_stores_its_source_text():
    goods = enriched()

    assert goods.sources["weight_g"] == {"supplier": "cj", "label": "Weight", "raw": "2.6 oz"}
    assert set(goods.sources) == set(goods.spec) - {"beam_m"}


def test_attributes_without_a_column_are_stored_as_stated():
    assert enriched().more == {"Switch": "top"}


def test_unparsed_lines_are_stored():
    said = {"Battery": "2", "Charging": "wall plug", "IP": "splash proof", "Power": "12 W"}

    goods = normalize(make_product_record(claims=said), source="cj")

    assert goods.more == said


@pytest.mark.parametrize(
    ("label", "text", "reason"),
    [
        ("Output (lm)", "bright", "'bright' states no number"),
        ("Beam distance [m]", "far", "'far' states no number"),
        ("Run time", "long", "'long' states no time"),
        ("Size (mm)", "big", "'big' states no number"),
        ("CRI", "50", "'50' states no CRI from 60 to 100"),
        ("Waterproof", "yes", "'yes' states no IP code"),
        ("Output (lm)", "-5", "'-5 lm' is negative"),
        ("Output (lm)", "500lm+300lm", "'500lm+300lm' is a sum"),
        ("Output (lm)", "500+300", "has no unit that we know"),
    ],
)
def test_a_line_that_states_no_value_is_an_issue_with_its_text(label, text, reason):
    goods = normalize(make_product_record(claims={label: text}, has_battery=False), source="cj")

    (issue,) = goods.issues
    assert issue.code == "value-unreadable"
    assert reason in issue.message
    assert issue.raw == {label: text}


@pytest.mark.parametrize("text", ["-", "n/a", "N.A.", "not stated", "none", "?"])
def test_a_cell_that_states_nothing_is_no_issue(text):
    claims = dict.fromkeys(("Output (lm)", "Weight (g)", "Run time", "CRI"), text)

    goods = normalize(make_product_record(claims=claims, has_battery=False), source="cj")

    assert (goods.issues, goods.more) == ((), {})


def test_words_on_a_part_of_the_light_and_unknown_words_of_a_list_are_stored_as_stated():
    said = {
        "Beam type": "flood",
        "Beam angle (°)": "42",
        "Efficacy (lm/W)": "98",
        "Features": "clip, whistle",
        "Brightness levels": "5",
        "Waterproof": "yes",
    }

    goods = normalize(make_product_record(title="Headlamp", claims=said), source="cj")

    assert goods.more == said
    assert goods.spec == {"features": ["clip"]}


def test_modes_have_a_name_and_a_run_time_beside_other_amounts():
    goods = normalize(
        make_product_record(claims={"Modes": "400 lm / 3 h; UV: 720 mW / 0 h 45 min"}), source="cj"
    )

    assert [(mode.name, mode.runtime_min) for mode in goods.modes] == [("Level 1", 180), ("UV", 45)]


def test_a_battery_with_contradictory_amounts_keeps_its_format():
    goods = normalize(
        make_product_record(claims={"Battery": "18650 2600 mAh, 9900 mAh"}), source="cj"
    )

    assert goods.spec["battery_format"] == "18650"
    assert "battery_capacity_mah" not in goods.spec
    assert "value-unreadable" in {issue.code for issue in goods.issues}


def test_the_mode_table_is_parsed_with_kinds():
    assert [
        (mode.name, mode.kind, mode.output_lm, mode.runtime_min) for mode in enriched().modes
    ] == [
        ("High", "white", Decimal(400), 180),
        ("Low", "white", Decimal(20), 2400),
        ("Red", "red", Decimal(5), 1800),
        ("Strobe", "strobe", None, None),
    ]


def test_unstated_values_stay_empty():
    record = make_product_record(title="Trail headlamp", claims={"Weight": "75 g"})

    spec = normalize(record, source="cj").spec

    assert spec == {"weight_g": 75}


def test_an_impossible_output_is_reported_and_not_published():
    goods = enriched(
        title="990000LM headlamp",
        claims={"Light output": "990,000 lm", "Modes": "High 990,000 lm / 3 h; Low 20 lm / 40 h"},
    )

    assert "output_lm" not in goods.spec
    assert goods.title == "headlamp"
    assert "Light output" not in goods.more
    assert goods.warnings[0]["raw"].startswith("Light output: 990,000 lm; Modes: High 990,000 lm")
    assert [(issue.code, issue.is_fatal) for issue in goods.issues] == [
        ("output-impossible", False)
    ]
    assert "990,000" in goods.issues[0].message
    assert goods.modes[0].output_lm is None


@pytest.mark.parametrize(
    ("title", "claims", "code"),
    [
        ("990000LM headlamp", {"Battery": "AAA"}, "output-impossible"),
        ("2000 lm headlamp", {"Battery": "AAA"}, "output-impossible"),
        ("400 lm headlamp", {"Weight": "75 g"}, "title-output-unconfirmed"),
        ("900 lm headlamp", {"Output": "400 lm"}, "title-output-unconfirmed"),
    ],
)
def test_lumens_of_the_title_alone_are_removed_and_reported(title, claims, code):
    goods = normalize(make_product_record(title=title, claims=claims, has_battery=False), source="")

    (issue,) = goods.issues
    assert (goods.title, issue.code, issue.is_fatal) == ("headlamp", code, False)
    assert title.partition(" headlamp")[0] in (*issue.raw.values(), issue.message)[0]


def test_a_fake_cell_loses_its_capacity_and_energy():
    goods = enriched(claims={"Battery": "18650 9900 mAh 3.7 V (included)"})

    assert not {"battery_capacity_mah", "battery_energy_wh"} & set(goods.spec)
    assert goods.spec["battery_format"] == "18650"
    assert get_lithium(goods, option_values=()).cell_wh is None


@pytest.mark.parametrize("text", ["99999999999999 g", "1 g"])
def test_an_impossible_number_is_not_stored(text):
    goods = enriched(claims={"Weight": text})

    assert "weight_g" not in goods.spec
    assert "out-of-range" in {issue.code for issue in goods.issues}


def test_a_range_is_reported_once_and_not_stored():
    goods = enriched(claims={"Weight": "110-140 g", "Dimensions": "6-8 cm"})

    assert "weight_g" not in goods.spec
    assert [issue.code for issue in goods.issues] == ["value-unreadable"]


def test_a_value_that_depends_on_the_option_is_no_issue():
    goods = enriched(claims={"Color temperature": "6500 K or 5000 K, see option"})

    assert goods.issues == ()


def test_options_decide_whether_lithium_ships():
    goods = enriched(
        option_names=("Color", "Battery"),
        claims={
            "Battery": "1 × 18650 Li-ion 2600 mAh 3.6 V (9.36 Wh)",
            "Battery included": "See option",
        },
    )

    with_cell = get_lithium(goods, option_values=("Black", "With battery"))
    without = get_lithium(goods, option_values=("Black", "Without battery"))
    assert (with_cell.kind, with_cell.cell_wh, with_cell.cell_count) == ("with", Decimal("9.36"), 1)
    assert (without.kind, without.cell_wh, without.cell_count) == ("none", None, 0)


def test_an_undescribed_battery_counts_as_lithium():
    goods = normalize(make_product_record(claims={}, has_battery=True), source="cj")

    assert get_lithium(goods, option_values=()).kind == "with"


def test_a_record_of_no_known_family_is_rejected_with_a_reason():
    refused = normalize(
        make_product_record(title="Yoga mat", category_path=("Sports", "Mats")), source="cj"
    )

    assert isinstance(refused, ImportIssue)
    assert (refused.code, refused.is_fatal) == ("family-unknown", True)


def test_a_record_without_a_title_is_rejected():
    assert normalize(make_product_record(title="\u202e 🔥"), source="cj").code == "no-title"


@pytest.mark.parametrize(
    ("title", "path", "family"),
    [
        ("Sensor headlamp", ("Outdoor", "Headlamps"), "headlamp"),
        ("Headlamp strap", ("Portable Lighting", "Accessories", "Straps"), "accessory"),
        ("Heron 1300", ("Portable Lighting", "Flashlights", "Everyday flashlights"), "flashlight"),
        ("Zoom torch", ("Flashlights & Headlamps",), "flashlight"),
        ("21700 cell", ("Batteries", "Cells"), "battery"),
        ("Two-bay charger", ("Batteries", "Chargers"), "charger"),
        ("Front bike light", ("Sports",), "bike_light"),
        ("Retro camping lantern", (), "lantern"),
        ("N40", ("Stirnlampen",), "headlamp"),
        ("N5 Taschenlampe mit Akku", (), "flashlight"),
        ("Notfalllicht", ("Camping", "Campingleuchten"), "lantern"),
        ("Flutlicht", ("Arbeitsleuchten",), "work_light"),
        ("Set", ("Fahrradbeleuchtung",), "bike_light"),
        ("18650", ("Akkus",), "battery"),
        ("2 Schächte", ("Ladegeräte",), "charger"),
        ("Stirnband", ("Zubehör",), "accessory"),
        ("Meridian diving light", ("Beacons",), "flashlight"),
        ("Rescue", ("Helmet lights",), "headlamp"),
        ("Yoga mat", ("Sports",), ""),
    ],
)
def test_the_family_comes_from_category_and_title(title, path, family):
    assert BUILT_IN.recognize(title=title, category_path=path) == family


@pytest.mark.parametrize(
    ("battery", "has_battery", "codes"),
    [
        ("Li-Po, built in, 1.2 Ah", True, ["lithium-unknown"]),
        ("", True, ["lithium-unknown"]),
        ("", False, []),
        ("Li-Po 1200 mAh 3.7 V (4.44 Wh)", True, []),
        ("2 x AAA alkaline", True, []),
    ],
)
def test_lithium_of_unknown_energy_is_an_issue(battery, has_battery, codes):
    goods = normalize(
        make_product_record(claims={"Battery": battery}, has_battery=has_battery), source="cj"
    )

    assert [issue.code for issue in goods.issues] == codes


@pytest.mark.parametrize(
    ("claims", "title", "is_published"),
    [
        ({"Beam distance": "282 m"}, "Trail headlamp", False),  # probably feet
        ({"Beam distance": "86 m"}, "Trail headlamp", True),
        ({"Beam distance": "282 m"}, "Search flashlight", True),
        ({"Beam distance": "282 m", "Peak intensity": "19881 cd"}, "Trail headlamp", True),
    ],
)
def test_a_beam_too_far_for_a_headlamp_is_not_published(claims, title, is_published):
    record = make_product_record(
        claims={"Light output": "160 lm", **claims}, title=title, category_path=(title,)
    )

    goods = normalize(record, source="cj")

    assert ("intensity_cd" in goods.spec) == is_published
    assert ("intensity-impossible" in {issue.code for issue in goods.issues}) != is_published


def test_an_unknown_led_is_removed_from_the_title_and_reported():
    goods = enriched(title="super bright XHP360 AAA headlamp Capstan 140")

    assert goods.title == "super bright AAA headlamp Capstan 140"
    (issue,) = goods.issues
    assert (issue.code, issue.is_fatal) == ("emitter-unknown", False)
    assert "XHP360" in issue.message


def fl1_columns(**changes):
    sources = enriched(**changes).sources
    return {column for column, source in sources.items() if source.get("basis") == "fl1_claim"}


def test_values_of_a_supplier_that_names_fl_1_are_fl_1_claims():
    assert fl1_columns() == set()
    assert fl1_columns(claims={"Light output": "400 lm (ANSI)"}) == {"output_lm"}
    assert fl1_columns(claims={"Standard": "ANSI/PLATO FL 1-2019"}) == {
        *("output_lm", "output_min_lm", "intensity_cd", "runtime_high_min", "runtime_max_min"),
        "ip_rating",
    }
