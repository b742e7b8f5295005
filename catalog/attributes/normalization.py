"""Normalization: turn a supplier's record into typed attributes, modes and lithium class. Pure.

An attribute that the supplier does not state stays empty. An impossible value is not published:
it is kept in the supplier's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from catalog.attributes import batteries, contacts, emitters, families, plausibility, text_cleaning
from catalog.attributes.contacts import Contact
from catalog.attributes.numbers import UnreadableError
from catalog.attributes.spec_table import Labels, Said
from catalog.records import BadRow, ProductRecord

UNBRANDED = "Unbranded"
MAX_MORE_TEXT = 300
MAX_MORE = 60
MAX_LABEL_WORDS = 4
# If one of these is wrong, all are dropped: the energy of the battery is unknown.
_OF_ENERGY = frozenset(
    {"capacity_mah", "battery_capacity_mah", "battery_voltage", "battery_energy_wh"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """One product with normalized attributes.

    Shape:  ``spec`` maps columns of ``Spec`` to values, known ones only; ``sources`` maps the same
            columns to the supplier's text; ``modes`` are the mode table
    """

    family: str
    category: str
    brand: str
    title: str
    summary: str
    description_html: str
    option_names: tuple[str, ...]
    hs_code: str
    spec: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, str]]
    more: Mapping[str, str]
    warnings: tuple[Mapping[str, str], ...]
    modes: tuple[plausibility.ModeClaim, ...]
    battery: batteries.Battery
    has_battery: bool
    maker: Contact | None
    responsible_person: Contact | None
    issues: tuple[BadRow, ...] = field(default=())


def enrich(record: ProductRecord, *, source: str) -> Enriched | BadRow:
    """Normalize one record; return a ``BadRow`` if it cannot be published at all."""
    plain_title = text_cleaning.clean_text(record.title)
    if not plain_title:
        return _refused(record, "no-title", "The product has no title.")
    family = families.family_of(title=plain_title, category_path=record.category_path)
    if not family:
        shelf = " / ".join(record.category_path)[:120]
        where = f"nor the category {shelf!r}" if shelf else "nor a category"
        message = f"Neither the title {where} names a kind of light, so it is not imported."
        return _refused(record, "family-unknown", message)
    labels = Labels(record.claims, title=record.title, mark=record.decimal_mark)
    battery = _battery(labels)
    claim = _claim(labels, battery, family=family)
    numbers = labels.numbers(battery=battery)
    findings = _findings(claim, numbers)
    wrong = {finding.column for finding in findings if finding.is_error}
    if wrong & _OF_ENERGY:
        battery = replace(battery, capacity_mah=None, voltage=None, energy_wh=None)
        wrong |= _OF_ENERGY
    spec = {column: value for column, (value, _) in numbers.items() if column not in wrong}
    if "intensity_cd" in spec:
        spec["beam_m"] = plausibility.beam_m(spec["intensity_cd"])
    title, invented = emitters.without_invented(
        text_cleaning.clean_title(record.title, output_lm=spec.get("output_lm")),
        brand=record.brand,
        own=(record.model, *(variant.mpn for variant in record.variants)),
    )
    description = text_cleaning.clean_html(record.description_html)
    enriched = Enriched(
        family=family,
        category=families.SHELVES[family],
        brand=text_cleaning.shorten(text_cleaning.clean_text(record.brand), 80) or UNBRANDED,
        title=title or text_cleaning.clean_title(record.category_path[-1], output_lm=None),
        summary=text_cleaning.summary_of(description),
        description_html=description,
        option_names=tuple(text_cleaning.clean_text(name)[:40] for name in record.option_names),
        hs_code="".join(digit for digit in record.hs_code if digit.isdigit())[:10],
        spec=spec,
        sources={
            column: {"supplier": source, **said}
            for column, (_, said) in numbers.items()
            if column in spec
        },
        more={
            label: text
            for label, text in _more(labels, wrong=wrong).items()
            if not contacts.is_stated_by(label, record.claims)
        },
        warnings=tuple({"code": finding.code, "message": finding.message} for finding in findings),
        modes=tuple(_possible(claim)),
        battery=battery,
        has_battery=record.has_battery,
        maker=contacts.maker(record.claims),
        responsible_person=contacts.responsible_person(record.claims),
        issues=(*_issues(record, labels, findings), *_title_issues(record, invented)),
    )
    return replace(enriched, issues=(*enriched.issues, *_lithium_issues(record, enriched)))


def _title_issues(record: ProductRecord, invented: Sequence[str]) -> Iterator[BadRow]:
    if invented:
        names = ", ".join(invented)
        yield BadRow(
            row=record.ref,
            code="emitter-unknown",
            message=f"No LED model has this name: {names[:300]}. It was removed from the title.",
            is_fatal=False,
            raw={"title": record.title[:200]},
        )


def _lithium_issues(record: ProductRecord, enriched: Enriched) -> Iterator[BadRow]:
    """Yield why variants with stock and price are not sold: no service carries unknown lithium."""
    found = (
        lithium_of(enriched, option_values=variant.option_values) for variant in record.variants
    )
    if any(lithium.kind != "none" and lithium.cell_wh is None for lithium in found):
        message = (
            "The watt-hours of the lithium battery are not stated, so no shipping service may carry"
            " it. Ask the supplier for its capacity and voltage."
        )
        yield BadRow(row=record.ref, code="lithium-unknown", message=message, is_fatal=False)


class Lithium(NamedTuple):
    """The lithium of one SKU, which decides what routes may carry it."""

    kind: str
    cell_wh: Decimal | None
    cell_count: int


def lithium_of(enriched: Enriched, *, option_values: Sequence[str]) -> Lithium:
    """Return the lithium of one SKU; its options may change the battery."""
    battery = enriched.battery
    for name, value in zip(enriched.option_names, option_values, strict=False):
        battery = batteries.of_option(battery, name=name, value=value)
    kind = batteries.lithium_class(
        battery, family=enriched.family, has_battery=enriched.has_battery
    )
    if kind == "none":
        return Lithium(kind, None, 0)
    return Lithium(kind, battery.cell_wh, (battery.count or 1) if battery.format else 0)


def _findings(claim: plausibility.Claim, numbers: Mapping[str, Said]) -> list[plausibility.Finding]:
    """Check the numbers together, then each by itself."""
    findings = plausibility.judge(claim)
    wrong = {finding.column for finding in findings if finding.is_error}
    for column in plausibility.RANGES:
        if column in numbers and column not in wrong:
            found = plausibility.out_of_range(column, numbers[column][0])
            findings += [found] if found else []
    return findings


def _refused(record: ProductRecord, code: str, message: str) -> BadRow:
    return BadRow(row=record.ref, code=code, message=message, raw={"title": record.title[:200]})


def _battery(labels: Labels) -> batteries.Battery:
    text = labels.battery_text()
    try:
        return batteries.read_battery(text, mark=labels.mark)
    except UnreadableError as error:
        labels.unread("Battery", text, error)
        return batteries.Battery()


def _claim(labels: Labels, battery: batteries.Battery, *, family: str) -> plausibility.Claim:
    known = {column: value for column, (value, _) in labels.numbers(battery=battery).items()}
    is_headlamp_beam = family == "headlamp" and labels.is_intensity_from_beam()
    return plausibility.Claim(
        output_lm=known.get("output_lm"),
        intensity_cd=known.get("intensity_cd"),
        max_cd_per_lm=plausibility.MAX_CD_PER_LM_OF_HEADLAMP_BEAM
        if is_headlamp_beam
        else plausibility.MAX_CD_PER_LM,
        beam_m=labels.claimed_beam_m(),
        runtime_high_min=known.get("runtime_high_min"),
        weight_g=known.get("weight_g"),
        head_mm=known.get("head_mm"),
        power_w=labels.power_w(),
        battery_format=battery.format,
        battery_count=battery.count or 1,
        is_battery_included=battery.is_included and not labels.is_weighed_empty(),
        capacity_mah=battery.capacity_mah,
        voltage=battery.voltage,
        energy_wh=battery.energy_wh,
        modes=tuple(labels.modes()),
    )


def _possible(claim: plausibility.Claim) -> Iterator[plausibility.ModeClaim]:
    for mode in claim.modes:
        output_lm = None if mode.output_lm is None else round(mode.output_lm)
        is_possible = plausibility.is_possible(replace(claim, output_lm=output_lm))
        yield mode if is_possible else replace(mode, output_lm=None)


def _more(labels: Labels, *, wrong: set[str]) -> dict[str, str]:
    """Return attributes without a column, and rejected values, in the supplier's text."""
    kept = labels.left_over()
    for column in sorted(wrong):
        kept |= labels.said_of(column)
    return {
        text_cleaning.clean_text(label)[:60]: text_cleaning.clean_text(text)[:MAX_MORE_TEXT]
        for label, text in list(kept.items())[:MAX_MORE]
        if _is_fact(text_cleaning.clean_text(label), text)
    }


def _is_fact(label: str, text: str) -> bool:
    """Test whether a line is an attribute, not a sentence that contains a colon."""
    is_label = bool(label) and "," not in label and len(label.split()) <= MAX_LABEL_WORDS
    return is_label and not text.rstrip().endswith(".")


def _issues(
    record: ProductRecord, labels: Labels, findings: list[plausibility.Finding]
) -> list[BadRow]:
    issues = [
        BadRow(
            row=record.ref,
            code=finding.code,
            message=f"{finding.message}; not published.",
            is_fatal=False,
            raw=dict(labels.said_of(finding.column)),
        )
        for finding in findings
        if finding.is_error
    ]
    if labels.unreadable:
        said = "; ".join(f"{label}: {reason}" for label, _, reason in labels.unreadable)
        issues.append(
            BadRow(
                row=record.ref,
                code="value-unreadable",
                message=f"{said[:480]}; left empty.",
                is_fatal=False,
                raw={label: text[:200] for label, text, _ in labels.unreadable},
            )
        )
    return issues
