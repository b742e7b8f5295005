"""The variants of a product: colors, cells in the box or not, tints, packs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from . import palette
from .archetypes.base import Kind, Ware
from .identifiers import gtin_of, sku_of, vid_of
from .model import Battery
from .product import Variant
from .randomness import Dice

WITH, WITHOUT = "With battery", "Without battery"
CELL_COST = Decimal("2.60")
MOST_COLORS = 4
_PALETTES = {
    "retro": palette.RETRO,
    "pullup": palette.CAMP,
    "accordion": palette.CAMP,
    "column": palette.CAMP,
    "leaves": palette.CAMP,
    "cell": palette.WRAPS,
    "charger": ("Black", "Grey"),
    "strap": palette.CLOTH,
    "diffuser": ("Clear", "Off-White", "Orange", "Red"),
    "filter": palette.FILTERS,
    "case": palette.CLOTH,
    "bike_rear": ("Black", "Red", "Grey"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What a shopper may choose: always a color, and perhaps one more thing."""

    names: tuple[str, ...]
    colors: tuple[str, ...]
    seconds: tuple[str, ...]


def options(
    kind: Kind | Ware, *, option: str, tints: tuple[str, ...], material: str, dice: Dice
) -> Axes:
    seconds: tuple[str, ...] = ()
    if option == "Battery":
        seconds = (WITH, WITHOUT)
    elif option == "Tint":
        seconds = tints
    elif isinstance(kind, Ware) and kind.packs:
        seconds = tuple(f"{count} pcs" for count in kind.packs)
    choices = _palette(kind, material=material, has_second=bool(seconds))
    count = dice.whole(min(2, len(choices)), MOST_COLORS - bool(seconds))
    if kind.shape == "cell":
        count = 1
    return Axes(
        names=("Color", option) if seconds else ("Color",),
        colors=dice.some(choices, count),
        seconds=seconds,
    )


def _palette(kind: Kind | Ware, *, material: str, has_second: bool) -> tuple[str, ...]:
    if material in palette.NATURAL:
        return (palette.NATURAL[material],)
    if material == "Leather":
        return palette.LEATHER
    if kind.shape in _PALETTES:
        # "Off-White" has the hyphen that also parts two options: it stands alone only.
        return _PALETTES[kind.shape]
    if material.startswith("Aluminum"):
        return palette.METAL
    return palette.PLASTIC if has_second else palette.SINGLE


def variants(  # noqa: PLR0913 all of it differs from one variant to the next
    axes: Axes,
    *,
    subject: int,
    seed: int,
    mpn: str,
    cost: Decimal,
    net_g: int,
    cells: Battery | None,
    included: str,
    dice: Dice,
) -> tuple[Variant, ...]:
    is_dearer = dice.chance(0.25)
    box_g = dice.whole(12, 46)
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
                    tint=second if second.endswith(" K") else "",
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
