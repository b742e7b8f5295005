"""Variants: list colors, combine color with battery, tint or pack size. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from .archetypes import AccessoryKind, LightKind
from .identifiers import gtin_of, sku_of, vid_of
from .model import Battery, Variant
from .randomness import RandomDraws

COLORS = {
    "Black": "#23252b", "Graphite": "#4a4f59", "Silver": "#b9bec7", "Olive": "#59603d",
    "Sand": "#b59b6d", "Navy": "#24365e", "Blue": "#2c6cb5", "Petrol": "#1d6a70",
    "Teal": "#2a9d8f", "Purple": "#5d4b9c", "Orange": "#e2711d", "Red": "#c0303a",
    "Lime": "#a4c639", "Yellow": "#edbe2b", "Off-White": "#ece7da", "Grey": "#8b9099",
    "Pink": "#de7893", "Forest": "#2f5a40", "Oxide": "#8c3b2a", "Cream": "#e6d8b4",
    "Copper": "#b8683a", "Brass": "#b9953f", "Steel": "#9aa1ab", "Titanium": "#8d8f8c",
    "Clear": "#cfe3ea", "Amber": "#e59a1c", "Green": "#2f9e56", "Tan": "#9c6b3f",
}  # fmt: skip

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
    "Copper": "Copper", "Brass": "Brass", "Stainless steel": "Steel", "Titanium": "Titanium",
}  # fmt: skip

# Variants

WITH, WITHOUT = "With battery", "Without battery"
CELL_COST = Decimal("2.60")
MAX_COLORS = 4
_PALETTES = {
    "retro": RETRO, "pullup": CAMP, "accordion": CAMP, "column": CAMP, "leaves": CAMP,
    "cell": WRAPS, "charger": ("Black", "Grey"), "strap": CLOTH,
    "diffuser": ("Clear", "Off-White", "Orange", "Red"), "filter": FILTERS, "case": CLOTH,
    "bike_rear": ("Black", "Red", "Grey"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The options of a product: always a color, and perhaps one more."""

    names: tuple[str, ...]
    colors: tuple[str, ...]
    seconds: tuple[str, ...]


def options(
    kind: LightKind | AccessoryKind,
    *,
    option: str,
    tints: tuple[str, ...],
    material: str,
    draws: RandomDraws,
) -> Axes:
    seconds: tuple[str, ...] = ()
    if option == "Battery":
        seconds = (WITH, WITHOUT)
    elif option == "Tint":
        seconds = tints
    elif isinstance(kind, AccessoryKind) and kind.packs:
        seconds = tuple(f"{count} pcs" for count in kind.packs)
    choices = _palette(kind, material=material, has_second=bool(seconds))
    count = draws.whole(min(2, len(choices)), MAX_COLORS - bool(seconds))
    if kind.shape == "cell":
        count = 1
    return Axes(
        names=("Color", option) if seconds else ("Color",),
        colors=draws.some(choices, count),
        seconds=seconds,
    )


def _palette(
    kind: LightKind | AccessoryKind, *, material: str, has_second: bool
) -> tuple[str, ...]:
    if material in NATURAL:
        return (NATURAL[material],)
    if material == "Leather":
        return LEATHER
    if kind.shape in _PALETTES:
        return _PALETTES[kind.shape]
    if material.startswith("Aluminum"):
        return METAL
    # The hyphen of "Off-White" also separates two options: it needs to be the only one.
    return PLASTIC if has_second else SINGLE


def variants(  # noqa: PLR0913 - what differs between variants
    axes: Axes,
    *,
    subject: int,
    seed: int,
    mpn: str,
    cost: Decimal,
    net_g: int,
    cells: Battery | None,
    included: str,
    draws: RandomDraws,
) -> tuple[Variant, ...]:
    is_dearer = draws.chance(0.25)
    box_g = draws.whole(12, 46)
    made: list[Variant] = []
    for color_place, color in enumerate(axes.colors):
        for second in axes.seconds or ("",):
            place = len(made)
            pieces = int(second.split()[0]) if second.endswith("pcs") else 1
            bare = second == WITHOUT and cells is not None
            weight = (net_g - round(cells.weight_g) if bare and cells else net_g) * pieces
            price = cost * pieces + (Decimal("0.40") if is_dearer and color_place else 0)
            if second == WITH and cells:
                price += CELL_COST * cells.count
            made.append(
                Variant(
                    place=place,
                    vid=vid_of(seed, subject, place),
                    sku=sku_of(subject, place),
                    barcode=gtin_of(subject, place),
                    mpn="-".join((mpn, _short(color), *([_short(second)] if second else []))),
                    values=(color, second) if second else (color,),
                    color=color,
                    price=price,
                    net_g=weight,
                    packed_g=weight + box_g * min(pieces, 2),
                    has_cells=cells is not None and included != "No" and not bare,
                )
            )
    return tuple(made)


def _short(words: str) -> str:
    letters = "".join(letter for letter in words.upper() if letter.isalnum())
    return {"WITHBATTERY": "B1", "WITHOUTBATTERY": "B0"}.get(letters, letters[:3])
