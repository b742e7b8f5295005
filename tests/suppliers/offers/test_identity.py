"""Identity: one table of pairs for the rule, and the labelled pairs of ``identity_pairs.tsv``.

The labelled pairs were made from names as makers and wholesalers write them, not from results of
the rule: editions, colors, packs, accessories, copied GTINs and generic part numbers among them.
"""

import csv
import sys
from collections import Counter
from decimal import Decimal

import pytest

from suppliers.offers import identity, item_text
from suppliers.offers.identity import Item
from suppliers.offers.matching import valid_gtins
from tests.support.corpus import FOLDER

GTIN, OTHER_GTIN = "04006381333931", "04012345678901"
MIN_PRECISION = Decimal("0.995")


def item(
    title="PD36R flashlight", *, brand="Fenix", gtin="", mpn="", model="", options=(), **numbers
):
    return Item(
        brand=brand,
        title=title,
        options=tuple(options),
        gtins=frozenset({gtin} - {""}),
        mpns=frozenset({mpn} - {""}),
        models=frozenset({model} - {""}),
        numbers={name: Decimal(value) for name, value in numbers.items()},
    )


BY_GTIN, BY_MPN = {"gtin": GTIN}, {"mpn": "PD36R"}
BLACK, RED = {"options": ["Black"]}, {"options": ["Red"]}
CASES = [
    # ours, theirs, outcome, contradictions
    (item(**BY_GTIN), item("Taschenlampe PD36R", brand="FENIX®", **BY_GTIN), "same", ""),
    (item(**BY_GTIN), item("Fenix PD36R", brand="", **BY_GTIN), "same", ""),
    (item(**BY_MPN), item(mpn="pd-36r"), "same", ""),
    (item(model="PD36R", **BLACK), item(model="PD 36 R", options=["Schwarz"]), "same", ""),
    (item(output_lm=1600, **BY_MPN), item(output_lm=1500, **BY_MPN), "same", ""),
    (item("PD36R, 2 pcs", **BY_MPN), item("PD36R 2er-Set", **BY_MPN), "same", ""),
    (item(**BY_MPN), item("PD36R flashlight, great gift", **BY_MPN), "same", ""),
    (item("PD36R square light", **BY_GTIN), item("Square light PD36R", **BY_GTIN), "same", ""),
    # only a number is equal: another variant, or an accessory
    (item(**BY_MPN), item("PD36R flashlight, set of 2", **BY_MPN), "new", "pack"),
    (item(**BY_MPN, **BLACK), item(**BY_MPN, **RED), "new", "color"),
    (item("PD36R light", **BY_MPN), item("Holster for Fenix PD36R", **BY_MPN), "new", "kind name"),
    (item(**BY_MPN, options=["With battery"]), item(**BY_MPN, options=["Without battery"]), "new", "battery"),
    # the evidence contradicts itself
    (item(**BY_GTIN), item("PD36R twin pack", **BY_GTIN), "doubtful", "pack"),
    (item(**BY_GTIN, **BLACK), item(**BY_GTIN, **RED), "doubtful", "color"),
    (item(gtin=GTIN, **BY_MPN), item(gtin=OTHER_GTIN, **BY_MPN), "doubtful", "gtin"),
    (item(gtin=GTIN, mpn="PD36R"), item(gtin=GTIN, mpn="HM65R"), "doubtful", "mpn"),
    (item(**BY_MPN), item("PD36R Pro flashlight", **BY_MPN), "doubtful", "name"),
    (item(**BY_MPN), item("PD36R pro flashlight", **BY_MPN), "doubtful", "name"),
    (item(**BY_MPN), item("PD36R Square flashlight", **BY_MPN), "doubtful", "name"),
    (item(output_lm=1600, **BY_MPN), item(output_lm=2800, **BY_MPN), "doubtful", "output_lm"),
    (item("Rear light X1", mpn="X-100"), item("Front light X1", mpn="X-100"), "doubtful", "version"),
    (item(**BY_GTIN), item("Light", brand="", **BY_GTIN), "doubtful", "name"),
    # only the titles are equal
    (item(**BY_GTIN), item("Fenix PD36R Taschenlampe"), "doubtful", ""),
    (item("Headlamp"), item("Headlamp"), "new", ""),
    # nothing names the same item
    (item(**BY_GTIN), item(brand="Nextool", **BY_GTIN), "new", "brand"),
    (item("25R cell", mpn="18650"), item("35E cell", mpn="18650"), "new", "name"),
    (item(brand="Generic", **BY_MPN), item(brand="OEM", **BY_MPN), "new", ""),
    (item(mpn="PD36R+"), item(mpn="PD36R"), "new", "mpn"),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "outcome", "contradictions"), CASES)
def test_two_records_are_the_same_item_doubtful_or_not(ours, theirs, outcome, contradictions):
    verdicts = [identity.compare(ours, theirs), identity.compare(theirs, ours)]

    assert [verdict.outcome for verdict in verdicts] == [outcome] * 2
    assert [" ".join(sorted(verdict.contradictions)) for verdict in verdicts] == [
        contradictions
    ] * 2


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("PD36R, set of 2", 2),
        ("Eneloop AA 4 pcs", 4),
        ("Eneloop AA 4er Pack", 4),
        ("4-pack AA", 4),
        ("2 Stück", 2),
        ("Fənər, 2 ədəd", 2),
        ("LED (3 uds)", 3),
        ("Lot de 3 frontales", 3),
        ("3 × lantern", 3),
        ("Twin pack", 2),
        ("Headlamp with 3x AAA", 1),
        ("Spot 400", 1),
        ("", 1),
    ],
)
def test_pack_sizes_are_read(text, pieces):
    assert item_text.pack_size(text) == pieces


def labelled_pairs():
    with (FOLDER / "identity_pairs.tsv").open() as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def labelled_item(row, side):
    numbers = dict(each.split("=") for each in row[f"{side}_numbers"].split(";") if each)
    return item(
        row[f"{side}_title"],
        gtin=next(iter(valid_gtins(row[f"{side}_gtin"])), ""),
        options=[value for value in row[f"{side}_options"].split("|") if value],
        **{name: row[f"{side}_{name}"] for name in ("brand", "mpn", "model")},
        **numbers,
    )


def test_automatic_links_of_the_labelled_pairs_are_right(capsys):
    counts, wrong = Counter(), []
    for row in labelled_pairs():
        verdict = identity.compare(labelled_item(row, "a"), labelled_item(row, "b"))
        counts[row["label"], str(verdict.outcome)] += 1
        if (row["label"], verdict.outcome) == ("different", "same"):
            wrong.append((row["case"], row["a_title"], row["b_title"]))

    same = sum(count for (label, _), count in counts.items() if label == "same")
    linked = counts["same", "same"]
    precision = Decimal(linked) / (linked + counts["different", "same"])
    asked = counts["same", "doubtful"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{counts.total()} pairs: precision of automatic links {precision:.4f}, recall"
            f" {linked / same:.3f}, with the review queue {(linked + asked) / same:.3f}\n"
        )
    assert counts.total() >= 500
    assert precision >= MIN_PRECISION, wrong
    assert linked / same >= 0.8
