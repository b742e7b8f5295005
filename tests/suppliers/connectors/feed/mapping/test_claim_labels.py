from __future__ import annotations

import pytest

from catalog.attributes.spec_table import SUBJECTS
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES
from suppliers.connectors.feed.mapping.fields import TARGETS, folded
from suppliers.feed_mapping.suggestions import suggest

# These name a field of the row first, and an attribute of the light where that is taken.
FIELD_FIRST = {alias for target in TARGETS.values() for alias in target.aliases}
# Shown in the supplier's words: no attribute of ours.
IN_WORDS = {"Light source"}


@pytest.mark.parametrize("label", CLAIM_ALIASES)
def test_a_label_is_one_that_the_specification_table_understands(label):
    is_understood = any(words.search(label) for _, words in SUBJECTS)

    assert is_understood != (label in IN_WORDS)


@pytest.mark.parametrize(
    ("label", "alias"),
    [
        (label, alias)
        for label, aliases in CLAIM_ALIASES.items()
        for alias in aliases
        if alias not in FIELD_FIRST
    ],
)
def test_a_column_of_lights_is_proposed_by_its_name(label, alias):
    assert alias == folded(alias)
    assert suggest(["SKU", alias]).claims[label].column == alias


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("Output (lm)", "Light output"), ("Max. Lichtstrom [lm]", "Light output"),
        ("Lichtstärke (cd)", "Peak intensity"), ("beam m", "Beam distance"),
        ("Leuchtweite in m", "Beam distance"), ("Leuchtdauer (Std)", "Run time"),
        ("Stoßfestigkeit (m)", "Impact resistance"), ("HeadDiameter_mm", "Head diameter"),
        ("Akkuenergie (Wh)", "Battery energy"), ("Schutzart", "IP rating"),
        ("Lichtquelle", "Light source"), ("Portée (m)", "Beam distance"),
        ("Autonomía", "Run time"), ("Flusso luminoso (lm)", "Light output"),
    ],
)  # fmt: skip
def test_the_unit_in_a_heading_does_not_hide_its_name(header, label):
    assert suggest(["SKU", header]).claims[label].column == header


@pytest.mark.parametrize(("cell", "is_flag"), [("2xAAA", False), ("yes", True), ("ja", True)])
def test_battery_is_a_yes_or_no_only_where_its_cells_are(cell, is_flag):
    found = suggest(["SKU", "Battery"], [{"SKU": "A", "Battery": cell}])

    assert ("battery" in found.fields) == is_flag
    assert ("Battery" in found.claims) != is_flag
