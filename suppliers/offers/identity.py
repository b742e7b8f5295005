"""Identity: decide whether two records describe the same item. Pure.

This is the only such rule: price lists, product pages and the review page use it.

- ``SAME``: the GTIN is equal, or the part or model number within the brand, and nothing contradicts
  it. The brand must be known and equal, and the number must not be generic (``18650``, ``2024``).
- ``NEW``: no identifier is equal. Or the brands differ, since suppliers copy GTINs. Or only a part
  or model number is equal, and pack size, color, option, battery or kind differ: the record is
  another variant, or an accessory.
- ``DOUBTFUL``: the evidence contradicts itself, or only the titles are equal. Staff decide.

A contradiction is a difference between values that both records state. A value that only one of
them states contradicts nothing, except words of the name and the kind of an accessory.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from catalog.attributes.identifiers import brand_key, can_identify, number_key
from suppliers.offers import item_text
from suppliers.offers.item_text import ItemText


class Outcome(StrEnum):
    SAME = "same"
    DOUBTFUL = "doubtful"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is known about one item: a SKU of a supplier, or a variant of ours.

    Shape: ``gtins`` have 14 digits; ``mpns`` and ``models`` are as stated; ``numbers`` are columns
        of ``Spec`` that ``NUMBERS`` lists; ``sku`` is the supplier's, which some suppliers write
        into the title
    """

    brand: str = ""
    title: str = ""
    options: tuple[str, ...] = ()
    gtins: frozenset[str] = frozenset()
    mpns: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    numbers: Mapping[str, Decimal] = field(default_factory=dict)
    sku: str = ""

    @cached_property
    def brand_key(self) -> str:
        key = brand_key(_LEGAL_FORM.sub(" ", self.brand))
        return "" if key in NO_BRANDS else key

    @cached_property
    def text(self) -> ItemText:
        return item_text.read(brand=self.brand, title=self.title, options=self.options)

    @cached_property
    def mpn_keys(self) -> frozenset[str]:
        return frozenset(number_key(mpn) for mpn in self.mpns if names_item(self.brand, mpn))

    @cached_property
    def model_keys(self) -> frozenset[str]:
        return frozenset(
            number_key(number) for number in self.models if names_item(self.brand, number)
        )


NUMBERS = ("output_lm", "battery_capacity_mah", "cct_k")
NO_BRANDS = frozenset({"unbranded", "nobrand", "noname", "generic", "oem", "none", "na"})
_LEGAL_FORM = re.compile(
    r"\b(?:gmbh|co|kg|ltd|inc|llc|ag|sa|corp|limited)\b[.]?|[®™]", re.IGNORECASE
)
# Numbers that suppliers write as part numbers although many products share them: cells, LEDs,
# water protection and years.
_GENERIC = re.compile(
    r"(?:inr|imr|icr|nimh)?(?:10440|14500|16340|18350|18500|18650|20700|21700|26650|32650)|cr\d{3,4}a?"
    r"|(?:xhp|xpl|xpg|xml|sst|sft|cob|led)\w{0,4}\d\w{0,3}|ip[x\d]\d|(?:19|20)\d\d"
)


def names_item(brand: str, number: str) -> bool:
    """Return whether a part or model number can name one product of the brand."""
    return can_identify(brand, number) and not _GENERIC.fullmatch(number_key(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome for two items, with the evidence for and the contradictions against a match.

    Units: ``confidence`` is from 0 to 1; it only orders the questions to staff
    """

    outcome: Outcome
    confidence: Decimal = Decimal(0)
    evidence: frozenset[str] = frozenset()
    contradictions: frozenset[str] = frozenset()


# If only a number is equal, these differences mean another variant, or an accessory.
_OTHER_VARIANT = frozenset({"pack", "color", "option", "battery", "kind"})
_CONFIDENCE = {"gtin": Decimal("0.90"), "mpn": Decimal("0.85"), "model": Decimal("0.80")}
_TITLE_CONFIDENCE = Decimal("0.70")
_PER_CONTRADICTION = Decimal("0.15")
_MIN_CONFIDENCE = Decimal("0.10")
_MIN_NAME_WORDS = 2


def compare(ours: Item, theirs: Item) -> Verdict:
    """Decide whether two records describe the same item."""
    brand = _brands(ours, theirs)
    evidence = _evidence(ours, theirs, brand)
    contradictions = _contradictions(ours, theirs, brand, evidence)
    if not evidence:
        if _has_same_name(ours, theirs, brand) and not contradictions:
            return Verdict(
                outcome=Outcome.DOUBTFUL,
                confidence=_TITLE_CONFIDENCE,
                evidence=frozenset({"title"}),
            )
        return Verdict(outcome=Outcome.NEW, contradictions=contradictions)
    if brand == "other" or ("gtin" not in evidence and contradictions & _OTHER_VARIANT):
        return Verdict(outcome=Outcome.NEW, evidence=evidence, contradictions=contradictions)
    if brand == "same" and not contradictions:
        return Verdict(outcome=Outcome.SAME, confidence=Decimal(1), evidence=evidence)
    return _doubt(evidence, contradictions)


def _doubt(evidence: frozenset[str], contradictions: frozenset[str]) -> Verdict:
    confidence = max(_CONFIDENCE[name] for name in evidence)
    confidence -= _PER_CONTRADICTION * len(contradictions)
    return Verdict(
        outcome=Outcome.DOUBTFUL,
        confidence=max(confidence, _MIN_CONFIDENCE),
        evidence=evidence,
        contradictions=contradictions,
    )


def add_contradiction(verdict: Verdict, name: str) -> Verdict:
    """Turn a certain verdict into a doubtful one, because identifiers name several variants."""
    return _doubt(verdict.evidence, frozenset({name}))


def _brands(ours: Item, theirs: Item) -> str:
    """Return ``same``, ``other``, or empty if a brand is not known. A title may name the brand."""
    if ours.brand_key and theirs.brand_key:
        return "same" if ours.brand_key == theirs.brand_key else "other"
    known, unknown = (ours, theirs) if ours.brand_key else (theirs, ours)
    if known.brand_key and brand_key(unknown.title).startswith(known.brand_key):
        return "same"
    return ""


def _evidence(ours: Item, theirs: Item, brand: str) -> frozenset[str]:
    is_same_brand = brand == "same" and bool(ours.brand_key and theirs.brand_key)
    is_same_model = not ours.model_keys.isdisjoint(theirs.model_keys)
    has_same_options = _option_values(ours) == _option_values(theirs)
    found = {
        "gtin": not ours.gtins.isdisjoint(theirs.gtins),
        "mpn": is_same_brand and not ours.mpn_keys.isdisjoint(theirs.mpn_keys),
        "model": is_same_brand and is_same_model and has_same_options,
    }
    return frozenset(name for name, is_found in found.items() if is_found)


def _option_values(item: Item) -> tuple[object, ...]:
    text = item.text
    return text.option_colors, text.options, text.pack


def _contradictions(
    ours: Item, theirs: Item, brand: str, evidence: frozenset[str]
) -> frozenset[str]:
    stated = {number_key(number) for number in (*theirs.mpns, *theirs.models)}
    shared = [number for number in (*ours.mpns, *ours.models) if number_key(number) in stated]
    found = set(
        item_text.differences(
            ours.text, theirs.text, known=[*shared, theirs.sku, ours.brand, theirs.brand]
        )
    )
    if brand == "other":
        found.add("brand")
    if ours.gtins and theirs.gtins and "gtin" not in evidence:
        found.add("gtin")
    if brand == "same" and "mpn" not in evidence and _is_other_number(ours, theirs):
        found.add("mpn")
    for column in NUMBERS:
        if column in ours.numbers and column in theirs.numbers:
            values = (ours.numbers[column],), (theirs.numbers[column],)
            if item_text.are_numbers_apart(column, *values):
                found.add(column)
            else:
                found.discard(column)
    return frozenset(found)


def _is_other_number(ours: Item, theirs: Item) -> bool:
    """Return whether both state part numbers, and no number is equal to or a prefix of another.

    ``PD36R+`` is another number than ``PD36R``: a plus names another model.
    """
    pairs = [sorted((one, other)) for one in ours.mpn_keys for other in theirs.mpn_keys]
    return bool(pairs) and not any(
        long.startswith(short) and not long.removeprefix(short).startswith("+")
        for short, long in pairs
    )


def name_words(item: Item, *, brand: str) -> frozenset[str]:
    """Return the words of the title that name the product; empty if they are not specific."""
    names = item.text.names - item_text.written_words(brand) - item_text.written_words(item.brand)
    is_specific = len(names) >= _MIN_NAME_WORDS or any(
        character.isdigit() for name in names for character in name
    )
    return names if is_specific else frozenset()


def _has_same_name(ours: Item, theirs: Item, brand: str) -> bool:
    names = name_words(ours, brand=theirs.brand)
    return brand == "same" and bool(names) and names == name_words(theirs, brand=ours.brand)
