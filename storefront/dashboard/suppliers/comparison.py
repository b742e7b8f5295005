"""Comparison of variants: describe each, mark the words that the other side lacks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Identifier, Image, Spec, Variant
from catalog.models.products import WIDTHS_PX
from catalog.products import images
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money
from suppliers.models import SupplierOffer
from suppliers.offers import identity

LABELS: Mapping[str, str | Promise] = {
    "title": _("Title"),
    "brand": _("Brand"),
    "options": _("Options"),
    "gtin": _("GTIN"),
    "mpn": _("Part number (MPN)"),
    "model": _("Model number"),
    "output_lm": _("Output, lm"),
    "battery_capacity_mah": _("Capacity, mAh"),
    "cct_k": _("Color temperature, K"),
    "cost": _("Cost"),
    "guarantee": _("Guarantee"),
}
# Evidence and contradictions, as ``identity``, ``links`` and ``duplicates`` name them.
REASONS: Mapping[str, str | Promise] = {
    **{
        name: LABELS[name] for name in ("title", "brand", "gtin", "mpn", "model", *identity.NUMBERS)
    },
    "pack": _("Pack size"),
    "color": _("Color"),
    "option": _("Options"),
    "battery": _("With or without battery"),
    "kind": _("Kind of product"),
    "name": _("Name"),
    "version": _("Version"),
    "cell": _("Battery"),
    "number": _("Identifiers of several variants"),
    "identifiers": _("Identifiers missing"),
    "w": _("Power, W"),
    "nm": _("Wavelength, nm"),
    "m": _("Distance, m"),
    "image": _("Same image"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute on both sides: its words, each with whether the other side lacks it."""

    name: str
    ours: list[tuple[str, bool]]
    theirs: list[tuple[str, bool]]


def reasons_of(names: Sequence[str]) -> list[str]:
    """Return evidence or contradictions in words."""
    return [str(REASONS.get(name, name)) for name in names]


def picture_of(variant: Variant) -> str:
    """Return the URL of the variant's image; empty if none is fetched."""
    shown = Image.objects.showing(
        product=variant.product_id, variant=variant.pk, color=variant.color
    )
    image = shown.first()
    return images.url_of(image.stem, min(WIDTHS_PX)) if image else ""


def describe(*variants: Variant, sees_costs: bool) -> list[dict[str, str]]:
    """Return the texts of each variant, keyed as ``LABELS``. Two statements."""
    texts: dict[int, dict[str, list[str]]] = {variant.pk: {} for variant in variants}
    for row in Identifier.objects.filter(variant__in=variants).order_by("pk"):
        texts[row.variant_id].setdefault(row.scheme, []).append(row.raw or row.value)
    costs: dict[int | None, list[str]] = {}
    offers = SupplierOffer.objects.sellable().filter(variant__in=variants if sees_costs else ())
    for offer in offers.order_by("pk"):
        if offer.cost_amount is not None:
            cost = as_money(Money(offer.cost_amount, offer.currency))
            costs.setdefault(offer.variant_id, []).append(cost)
    return [
        _texts_of(variant, texts[variant.pk], costs.get(variant.pk, [])) for variant in variants
    ]


def _texts_of(
    variant: Variant, identifiers: Mapping[str, Sequence[str]], costs: Sequence[str]
) -> dict[str, str]:
    product = variant.product
    spec: Spec | None = getattr(product, "spec", None)
    numbers = {name: getattr(spec, name, None) for name in identity.NUMBERS}
    return {
        "title": product.title,
        "brand": product.brand.name,
        "options": variant.options_text,
        **{scheme: ", ".join(identifiers.get(scheme, [])) for scheme in ("gtin", "mpn", "model")},
        **{name: "" if value is None else f"{value:g}" for name, value in numbers.items()},
        "cost": ", ".join(costs),
    }


def compare_rows(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Row]:
    """Yield the attributes that a side has."""
    for name, label in LABELS.items():
        one, other = ours.get(name, ""), theirs.get(name, "")
        if one or other:
            yield Row(str(label), _marked(one, other), _marked(other, one))


def _marked(text: str, other: str) -> list[tuple[str, bool]]:
    """Return the words of a text, each with whether the other text lacks it."""
    known = {_key(word) for word in other.split()}
    return [(word, bool(known) and _key(word) not in known) for word in text.split()]


def _key(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())
