"""Claims of lights: false claims are found, and true ones pass."""

import re
import sys

from catalog.attributes.batteries import CELL_LIMITS
from catalog.attributes.families import BUILT_IN
from catalog.attributes.normalization import check_claims
from storefront.dev.sandboxes.goods.catalog import catalog
from storefront.web.core.labels import WARNING
from suppliers.runs.issue_labels import LABELS
from tests.factories.product_records import make_product_record

# Honest values of lights that are unusual: bright for their cells, narrow, wide, long-lived.
HONEST = {
    "turbo flashlight": {"Output (lm)": "4000", "Battery": "21700 5000mAh 3.6V", "Weight, g": "180"},
    "keychain light on one AAA": {"Output (lm)": "180", "Battery": "1xAAA", "Runtime high": "21 min"},
    "thrower": {"Output (lm)": "1500", "Peak intensity": "250 kcd", "Throw": "1000 m",
                "Head diameter": "64 mm", "Battery": "21700 5000mAh"},
    "laser-excited phosphor": {"Output": "500 lm", "Intensity": "560,000 cd", "Throw": "1,500 m",
                               "Head diameter": "63 mm", "Light source": "LEP"},
    "lantern": {"Output": "1000 lm", "Beam distance": "35 m", "Weight": "380 g",
                "Battery": "built-in 3*18650 3400mAh*3"},
    "COB headlamp": {"Output [lm]": "350", "Beam distance [m]": "42", "Weight": "68 g",
                     "Run time": "2.5 h", "Battery": "Li-Po 1200 mAh 3.7V"},
    "step-down flashlight": {"Output": "3,000 lm", "Run time high": "2 h",
                             "Battery": "1 x 21700 5,000 mAh (18 Wh)"},
    "dual-fuel light": {"Output": "700 lm", "Battery": "1xAAA or 1x10440"},
    "moonlight": {"Output": "1000 lm", "Lowest output": "0.5 lm", "Run time": "2,000 h"},
    "large searchlight": {"Output": "20,000 lm", "Battery": "4*18650 3500mAh", "Weight": "890 g"},
    "light weighed without its cells": {"Weight (g, without battery)": "60",
                                        "Battery": "2*18650 included"},
}  # fmt: skip


# Each function makes a claim of a light false. None: the light has no such value.


def _amount(text):
    return float(re.search(r"[\d.]+", text)[0])


def _bright(spec):
    return {"Light output": "990,000 lm", "Modes": "High 990000 lm"}


def _sum_of_datasheet_maxima(spec):
    lumens = _amount(spec["Light output"]) * 25
    return {"Light output": f"{lumens:.0f} lm", "Modes": ""}


def _huge_capacity(spec):
    cell = next((name for name in CELL_LIMITS if f"× {name} " in spec["Battery"]), None)
    return cell and {"Battery": f"1*{cell} {CELL_LIMITS[cell].max_mah * 2.5:.0f}mAh"}


def _feet_as_meters(spec):
    return {"Beam distance": f"{_amount(spec['Beam distance']) * 3.281:.0f} m"}


def _feet_without_candela(spec):
    return {**_feet_as_meters(spec), "Peak beam intensity": ""}


def _yards_as_meters(spec):
    return {"Beam distance": f"{_amount(spec['Beam distance']) * 1.094:.1f} m"}


def _long_throw(spec):
    return {"Beam distance": "5000 m", "Peak beam intensity": ""}


def _lux_at_five_meters_as_candela(spec):
    return {"Peak beam intensity": f"{_amount(spec['Peak beam intensity']) / 25:.0f} cd"}


def _long_run_time_on_high(spec):
    return "Run time (high)" in spec and {"Run time (high)": "96 h", "Modes": ""}


def _weight_below_cells(spec):
    cell = re.match(r"(\d+) × (\S+)", spec["Battery"])
    cells = cell and CELL_LIMITS.get(cell[2])
    if not cells or cells.weight_g * int(cell[1]) < 10:
        return None
    grams = cells.weight_g * int(cell[1]) * 0.6
    return {"Weight": f"{grams:.1f} g", "Battery included": "Yes"}


def _powerful_led(spec):
    return {"Power": f"{_amount(spec['Light output']) / 400:.2f} W"}


def _stated_energy(spec):
    return {"Battery": re.sub(r"\(.*Wh\)", "(99 Wh)", spec["Battery"])}


FALSE_CLAIMS = (
    _bright, _sum_of_datasheet_maxima, _huge_capacity, _feet_as_meters, _feet_without_candela, _yards_as_meters,
    _long_throw, _lux_at_five_meters_as_candela, _long_run_time_on_high, _weight_below_cells,
    _powerful_led, _stated_energy,
)  # fmt: skip
# A warning is enough where an honest light may state the same.
DOUBTFUL = {_yards_as_meters, _stated_energy}


def findings(claims, *, title="flashlight"):
    claims = {label: text for label, text in claims.items() if text}
    record = make_product_record(title=title, claims=claims)
    return check_claims(record, family=BUILT_IN.recognize(title=title, category_path=())).findings


def test_false_claims_are_found_and_honest_lights_pass(capsys):
    goods = [each for each in catalog(300, 7) if each.light and not each.flaw]
    honest = [(each.title, dict(each.specs)) for each in goods]
    honest += [("flashlight", spec) for spec in HONEST.values()]
    failed = [
        spec
        for title, spec in honest
        if any(found.is_error for found in findings(spec, title=title))
    ]
    shares, codes = {}, set()
    for falsify in FALSE_CLAIMS:
        checked = [
            findings({**spec, **changes}, title=title)
            for title, spec in honest[: len(goods)]
            if (changes := falsify(spec))
        ]
        caught = [
            found for found in checked if any(f.is_error or falsify in DOUBTFUL for f in found)
        ]
        shares[falsify.__name__.strip("_")] = (len(caught), len(checked))
        codes |= {f.code for found in checked for f in found}
    caught, total = (sum(counts) for counts in zip(*shares.values(), strict=True))
    with capsys.disabled():
        sys.stdout.write(f"\n{len(honest) - len(failed)} of {len(honest)} honest lights pass\n")
        sys.stdout.write(f"{caught} of {total} false claims are caught: {shares}\n")

    assert failed == []
    assert caught / total >= 0.9
    assert codes <= set(WARNING) & set(LABELS)
