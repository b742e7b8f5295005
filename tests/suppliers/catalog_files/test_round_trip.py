"""Catalog files: an export is imported again, and nothing changes or gets lost."""

import io

import pytest
from django.core.management import call_command

from catalog.models import CustomAttribute, Identifier, Mode, Product, Spec, Variant
from tests.factories.catalog import make_image
from tests.support.catalog_files import counts, export, run, snapshot, suggest_mapping, write_csv

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_is_mapped_by_itself_and_changes_nothing(wholesaler, tmp_path, suffix):
    code, first = run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    assert (code, counts(first)) == (0, (3, 3, 0, 0, 0, 0))
    assert first["run"]["status"] == "applied"
    before = snapshot()

    path = export(tmp_path / f"export.{suffix}")
    suggest_mapping(wholesaler, path)
    dry = run(path, "--mapping=bulk", "--dry-run")
    assert snapshot() == before
    real = run(path, "--mapping=bulk")

    for status, report in (dry, real):
        assert (status, report["changes"], report["rejections"]) == (0, [], [])
        assert counts(report) == (3, 0, 0, 3, 0, 0)
        assert report["missing"] == 0
        assert report["unread_columns"] == [
            *("Shop SKU", "Shop title", "Shop category"),
            *("Title (az)", "Summary (az)", "Description (az)"),
        ]
    assert real[1]["run"]["status"] == "applied"
    assert snapshot() == before
    again = run(path, "--mapping=bulk")
    assert (counts(again[1]), again[1]["run"]["unchanged"]) == ((3, 0, 0, 3, 0, 0), 2)


def test_values_and_texts_survive(wholesaler, tmp_path):
    """Check that the round trip compares a rich product, not an empty one."""
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")

    spec = Spec.objects.get(product__brand__name="Şimal & Söhne")
    lantern = Spec.objects.get(product__family="lantern")
    assert (spec.output_lm, spec.intensity_cd, spec.runtime_max_min) == (1000, 12500, 2430)
    assert (spec.ip_rating, spec.battery_format, spec.battery_included) == ("IP66/8", "18650", True)
    assert (spec.charging, spec.features) == (["usb_c"], ["red_light"])
    assert Mode.objects.count() == 3
    (rejected,) = lantern.warnings
    assert (lantern.intensity_cd, rejected["raw"]) == (None, "Peak intensity: 5000000 candela")
    assert lantern.battery_included is False
    assert set(Variant.objects.values_list("lithium", flat=True)) == {"none", "with"}


def test_custom_attributes_survive(wholesaler, tmp_path):
    call_command("create_attributes", stdout=io.StringIO())
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    values = {"switch_position": ["tail", "side"], "charge_time": "2.5", "mode_memory": True}
    CustomAttribute.objects.create(
        code="care", names={"en": "Care"}, kind="text", is_localized=True
    )
    values |= {"output_sustained": "350", "care": "Wipe it.", "care:az": "Silin."}
    Spec.objects.update(custom_values=values)
    before = snapshot()

    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)
    run(path, "--mapping=bulk")

    assert snapshot() == before


def test_uploaded_images_survive(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    lantern = Product.objects.get(family="lantern")
    for position, stem in enumerate(("a1", "b2")):
        make_image(lantern, source_url=f"upload:{stem}", stem=stem, position=position)
    Product.objects.filter(pk=lantern.pk).update(overridden_fields=["images"])
    before = snapshot()

    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)
    report = run(path, "--mapping=bulk")[1]

    assert counts(report) == (3, 0, 0, 3, 0, 0)
    assert "picture-address" not in report["finding_counts"]
    assert snapshot() == before


FORMS = {
    "Akku": (
        "2 x AA NiMH (not included)", "CR123A, 3 V", "Li-Po 1200 mAh 3.7 V built-in", "4 x D alkaline",
        "2 x 18650 Li-ion 7000 mAh 25.2 Wh installed", "32650 LiFePO4 3.2 V 6000 mAh included",
        "built-in 18650 3.5 Ah, solar", "built-in, 2 cells, 230 V", "NiMH pack, hand crank", "1 x 14500",
        "18650 99999 mAh", "3 pcs", "no battery",
    ),
    "IP": ("IPX4", "IP66/IP68", "IP67 and IP69K", "not waterproof", "splash", "IPX8"),
    "Leuchtweite": ("150 ft", "200", "max 120 m (394 ft)", "9000 m"),
    "Candela": ("45 lux @ 5m", "12 kcd", "5000000"),
    "Max Laufzeit (h)": ("2 h 30 min", "high 3 h; low 40 h", "12", "300 days"),
    "Laden": ("Micro-USB, magnetic cable", "solar panel", "crank or DC", "dock", "5 V; 2 A"),
    "Modi": ("Turbo 1000 lm / 1 h; Red; SOS 50 lm", "Moonlight 0.5 lm / 30 d", "Eco: 5 lm, High: 300 lm"),
    "Lichtfarbe": ("warm white and red", "UV", "RGB"),
    "Material": ("Aluminium, ABS + PC",),
    "Gewicht (g)": ("95", "3.4 oz", "0,5"),
    "Extras": (
        "Features:zoom, clip, red light, motion sensor|Lens:TIR, glass|Country of origin:CN",
        "Features:USB-C, solar, power bank|Dimensions:65 x 42 x 30 mm|Head diameter:30 mm",
        "Drop resistance:1.5 m|Color temperature:5000 K|CRI:90|Lowest output:0,5 lm|Power:10 W",
    ),
}  # fmt: skip


def test_attributes_survive_in_each_form_that_a_supplier_writes(wholesaler, tmp_path):
    rows = [
        {"Artikelnr": f"P-{column}-{number}", "Name": f"Torch {number}", "Kategorie": "Torches"}
        | {"Lumen": "400", column: text}
        for column, texts in FORMS.items()
        for number, text in enumerate(texts)
    ]
    run(write_csv(tmp_path / "list.csv", rows), "--mapping=bulk")
    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)

    report = run(path, "--mapping=bulk", "--dry-run")[1]

    assert report["changes"] == []
    assert counts(report) == (len(rows), 0, 0, len(rows), 0, 0)


def test_all_gtins_of_a_variant_survive(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    variant = Identifier.objects.filter(scheme="gtin").first().variant
    more = ("4006381333955", "4006381333962", "4006381333979")
    for raw in ("036000291452", *more, "96385074"):
        value = raw.zfill(14)
        Identifier.objects.create(variant=variant, scheme="gtin", value=value, raw=raw)
    before = snapshot()
    path = export(tmp_path / "export.csv")
    Identifier.objects.filter(value="00000096385074").delete()
    suggest_mapping(wholesaler, path)

    assert run(path, "--mapping=bulk")[0] == 0

    assert set(variant.identifiers.filter(scheme="gtin").values_list("value", flat=True)) >= {
        "00036000291452",
        "00000096385074",
    }
    assert len(snapshot()) == len(before)
