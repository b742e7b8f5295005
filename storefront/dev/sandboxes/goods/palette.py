"""The colors goods come in. Pure."""

from __future__ import annotations

COLORS = {
    "Black": "#23252b",
    "Graphite": "#4a4f59",
    "Silver": "#b9bec7",
    "Olive": "#59603d",
    "Sand": "#b59b6d",
    "Navy": "#24365e",
    "Blue": "#2c6cb5",
    "Petrol": "#1d6a70",
    "Teal": "#2a9d8f",
    "Purple": "#5d4b9c",
    "Orange": "#e2711d",
    "Red": "#c0303a",
    "Lime": "#a4c639",
    "Yellow": "#edbe2b",
    "Off-White": "#ece7da",
    "Grey": "#8b9099",
    "Pink": "#de7893",
    "Forest": "#2f5a40",
    "Oxide": "#8c3b2a",
    "Cream": "#e6d8b4",
    "Copper": "#b8683a",
    "Brass": "#b9953f",
    "Steel": "#9aa1ab",
    "Titanium": "#8d8f8c",
    "Clear": "#cfe3ea",
    "Amber": "#e59a1c",
    "Green": "#2f9e56",
    "Tan": "#9c6b3f",
}

METAL = ("Black", "Graphite", "Silver", "Olive", "Sand", "Navy", "Purple", "Petrol", "Copper")
PLASTIC = ("Black", "Grey", "Orange", "Lime", "Red", "Blue", "Teal", "Yellow", "Navy")
SINGLE = (*PLASTIC, "Off-White", "Pink")
RETRO = ("Forest", "Cream", "Oxide", "Black", "Brass", "Navy")
CAMP = ("Sand", "Olive", "Black", "Teal", "Orange", "Cream", "Grey")
FILTERS = ("Red", "Green", "Amber", "Blue")
CLOTH = ("Black", "Grey", "Orange", "Teal", "Olive", "Navy")
LEATHER = ("Tan", "Black")
WRAPS = ("Green", "Blue", "Purple", "Orange", "Black", "Teal", "Red")

NATURAL = {
    "Copper": "Copper",
    "Brass": "Brass",
    "Stainless steel": "Steel",
    "Titanium": "Titanium",
}
