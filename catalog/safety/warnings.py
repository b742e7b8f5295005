"""Safety warnings: return those of a product, by default the usual ones of its family and battery."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.attributes.families import FamilyKind


class SafetyWarnings(NamedTuple):
    """The warnings of a product page, and the language they are written in."""

    lines: tuple[str, ...]
    language: str


def safety_warnings(
    texts: Mapping[str, str], *, language: str, family_kind: str, lithium: str, chemistry: str
) -> SafetyWarnings:
    """Return the warnings that staff entered, in English if a language is missing, else the usual.

    Shape:  ``texts`` is ``Product.safety_warnings``; ``lithium`` and ``chemistry`` as in
            ``Variant`` and ``Spec``
    """
    for code in (language, "en"):
        if lines := tuple(filter(None, map(str.strip, texts.get(code, "").splitlines()))):
            return SafetyWarnings(lines, code)
    with override(language):
        return SafetyWarnings(tuple(_usual(family_kind, lithium, chemistry)), language)


def _usual(family_kind: str, lithium: str, chemistry: str) -> Iterator[str]:
    if family_kind == FamilyKind.LIGHT:
        yield _("Do not look into the light, and do not point it at the eyes of people or animals.")
    if family_kind == FamilyKind.CHARGER:
        yield _(
            "Charge only undamaged batteries of the types that the charger is made for, indoors and"
            " under supervision."
        )
    if lithium != "none":
        yield _(
            "Do not open, crush, heat or short-circuit a lithium battery. Do not use one that is"
            " swollen or damaged."
        )
        is_metal = chemistry == "lithium_metal"
        yield (
            _("Do not charge it.")
            if is_metal
            else _("Charge it only with a suitable charger, and not unattended.")
        )
        yield _("Take used batteries to a collection point. Do not put them into household waste.")
    elif family_kind == FamilyKind.BATTERY:
        yield _(
            "Insert batteries with the correct polarity, and do not mix old and new ones. Take used"
            " batteries to a collection point."
        )
