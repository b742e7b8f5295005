"""Normalization: turn a supplier's record into typed attributes, modes and lithium class. Pure.

An attribute that the supplier does not state stays empty. An impossible value is not published:
it is kept in the supplier's words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from catalog.attributes import (
    batteries,
    contacts,
    emitters,
    environmental_claims,
    families,
    plausibility,
    text_cleaning,
)
from catalog.attributes.contacts import Contact
from catalog.attributes.numbers import UnreadableError
from catalog.attributes.spec_table import SpecTable, StatedValue
from catalog.records import ImportIssue, ProductRecord

UNBRANDED = "Unbranded"
MAX_OTHER_TEXT = 300
MAX_OTHER_ATTRIBUTES = 60
MAX_LABEL_WORDS = 4
NO_VALUES: Mapping[str, Any] = MappingProxyType({})
# If one of these is wrong, all are dropped, because the energy of the battery is then unknown.
_ENERGY_COLUMNS = frozenset(
    {"capacity_mah", "battery_capacity_mah", "battery_voltage", "battery_energy_wh"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedProduct:
    """One product with normalized attributes.

    Shape:  ``spec`` maps columns of ``Spec`` to known values; ``sources`` maps the same columns to
            the supplier's text
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
    modes: tuple[plausibility.StatedMode, ...]
    battery: batteries.Battery
    has_battery: bool
    manufacturer: Contact | None
    responsible_person: Contact | None
    issues: tuple[ImportIssue, ...] = field(default=())


def normalize(record: ProductRecord, *, source: str) -> NormalizedProduct | ImportIssue:
    """Normalize one record; return an ``ImportIssue`` instead if it cannot be published."""
    plain_title = text_cleaning.clean_text(record.title)
    if not plain_title:
        return _rejected_row(record, "no-title", "The product has no title.")
    family = families.family_of(title=plain_title, category_path=record.category_path)
    if not family:
        category_text = " / ".join(record.category_path)[:120]
        where = f"nor the category {category_text!r}" if category_text else "nor a category"
        message = f"Neither the title {where} names a kind of light, so it is not imported."
        return _rejected_row(record, "family-unknown", message)
    labels = SpecTable(record.claims, title=record.title, mark=record.decimal_mark)
    battery = _battery(labels)
    claim = _stated_specs(labels, battery, family=family)
    numbers = labels.numbers(battery=battery)
    findings = _findings(claim, numbers)
    wrong = {finding.column for finding in findings if finding.is_error}
    if wrong & _ENERGY_COLUMNS:
        battery = replace(battery, capacity_mah=None, voltage=None, energy_wh=None)
        wrong |= _ENERGY_COLUMNS
    spec = {column: value for column, (value, _) in numbers.items() if column not in wrong}
    if "intensity_cd" in spec:
        spec["beam_m"] = plausibility.beam_m(spec["intensity_cd"])
    title, invented = emitters.remove_unknown_emitters(
        text_cleaning.clean_title(record.title, output_lm=spec.get("output_lm")),
        brand=record.brand,
        own=(record.model, *(variant.mpn for variant in record.variants)),
    )
    title, title_claims = environmental_claims.cut_from_title(title)
    description, claims = environmental_claims.cut_from_html(
        text_cleaning.clean_html(record.description_html)
    )
    enriched = NormalizedProduct(
        family=family,
        category=families.CATEGORY_SLUGS[family],
        brand=text_cleaning.shorten(text_cleaning.clean_text(record.brand), 80) or UNBRANDED,
        title=title or text_cleaning.clean_title(record.category_path[-1], output_lm=None),
        summary=text_cleaning.make_summary(description),
        description_html=description,
        option_names=tuple(text_cleaning.clean_text(name)[:40] for name in record.option_names),
        hs_code="".join(digit for digit in record.hs_code if digit.isdigit())[:10],
        spec=spec,
        sources={
            column: {"supplier": source, **source_line}
            for column, (_, source_line) in numbers.items()
            if column in spec
        },
        more={
            label: text
            for label, text in _other_attributes(labels, wrong=wrong).items()
            if not contacts.is_stated_by(label, record.claims)
        },
        warnings=tuple({"code": finding.code, "message": finding.message} for finding in findings),
        modes=tuple(_plausible_modes(claim)),
        battery=battery,
        has_battery=record.has_battery,
        manufacturer=contacts.find_manufacturer(record.claims),
        responsible_person=contacts.find_responsible_person(record.claims),
        issues=(
            *_issues(record, labels, findings),
            *_title_issues(record, invented),
            *_environmental_issues(record, [*title_claims, *claims]),
        ),
    )
    return replace(enriched, issues=(*enriched.issues, *_lithium_issues(record, enriched)))


def _title_issues(record: ProductRecord, invented: Sequence[str]) -> Iterator[ImportIssue]:
    if invented:
        names = ", ".join(invented)
        message = f"No LED model has this name: {names[:300]}. It was removed from the title."
        yield _issue(record, "emitter-unknown", message, raw={"title": record.title[:200]})


def _environmental_issues(record: ProductRecord, claims: Sequence[str]) -> Iterator[ImportIssue]:
    if claims:
        quoted = ", ".join(dict.fromkeys(claims))
        message = (
            f"Generic environmental claims need recognized proof: {quoted[:300]}. They were cut"
            " from the texts."
        )
        yield _issue(record, "environmental-claim", message, raw={"title": record.title[:200]})


def _lithium_issues(record: ProductRecord, enriched: NormalizedProduct) -> Iterator[ImportIssue]:
    """Yield an issue if the watt-hours of a lithium battery are unknown: no service carries it."""
    lithiums = (
        get_lithium(enriched, option_values=variant.option_values) for variant in record.variants
    )
    if any(lithium.kind != "none" and lithium.cell_wh is None for lithium in lithiums):
        message = (
            "The watt-hours of the lithium battery are not stated, so no shipping service may carry"
            " it. Ask the supplier for its capacity and voltage."
        )
        yield _issue(record, "lithium-unknown", message)


class Lithium(NamedTuple):
    """The lithium of one SKU, which decides which shipping services may carry it."""

    kind: str
    cell_wh: Decimal | None
    cell_count: int


def get_lithium(enriched: NormalizedProduct, *, option_values: Sequence[str]) -> Lithium:
    """Return the lithium of one SKU; its options may change the battery."""
    battery = enriched.battery
    for name, value in zip(enriched.option_names, option_values, strict=False):
        battery = batteries.for_option(battery, name=name, value=value)
    kind = batteries.lithium_class(
        battery, family=enriched.family, has_battery=enriched.has_battery
    )
    if kind == "none":
        return Lithium(kind, None, 0)
    return Lithium(kind, battery.cell_wh, (battery.count or 1) if battery.format else 0)


def _findings(
    claim: plausibility.StatedSpecs, numbers: Mapping[str, StatedValue]
) -> list[plausibility.Finding]:
    findings = plausibility.check(claim)
    wrong = {finding.column for finding in findings if finding.is_error}
    for column in plausibility.RANGES:
        if column in numbers and column not in wrong:
            range_finding = plausibility.check_range(column, numbers[column][0])
            findings += [range_finding] if range_finding else []
    return findings


def _issue(
    record: ProductRecord,
    code: str,
    message: str,
    *,
    is_fatal: bool = False,
    raw: Mapping[str, Any] = NO_VALUES,
) -> ImportIssue:
    return ImportIssue(
        row=record.external_id, code=code, message=message, is_fatal=is_fatal, raw=raw
    )


def _rejected_row(record: ProductRecord, code: str, message: str) -> ImportIssue:
    return _issue(record, code, message, is_fatal=True, raw={"title": record.title[:200]})


def _battery(labels: SpecTable) -> batteries.Battery:
    text = labels.battery_text()
    try:
        return batteries.parse_battery(text, mark=labels.mark)
    except UnreadableError as error:
        labels.record_unreadable("Battery", text, error)
        return batteries.Battery()


def _stated_specs(
    labels: SpecTable, battery: batteries.Battery, *, family: str
) -> plausibility.StatedSpecs:
    known = {column: value for column, (value, _) in labels.numbers(battery=battery).items()}
    is_headlamp_beam = family == "headlamp" and labels.is_intensity_from_beam()
    return plausibility.StatedSpecs(
        output_lm=known.get("output_lm"),
        intensity_cd=known.get("intensity_cd"),
        max_cd_per_lm=plausibility.MAX_CD_PER_LM_OF_HEADLAMP_BEAM
        if is_headlamp_beam
        else plausibility.MAX_CD_PER_LM,
        beam_m=labels.stated_beam_m(),
        runtime_high_min=known.get("runtime_high_min"),
        weight_g=known.get("weight_g"),
        head_mm=known.get("head_mm"),
        power_w=labels.power_w(),
        battery_format=battery.format,
        battery_count=battery.count or 1,
        is_battery_included=battery.is_included and not labels.excludes_battery_weight(),
        capacity_mah=battery.capacity_mah,
        voltage=battery.voltage,
        energy_wh=battery.energy_wh,
        modes=tuple(labels.modes()),
    )


def _plausible_modes(claim: plausibility.StatedSpecs) -> Iterator[plausibility.StatedMode]:
    for mode in claim.modes:
        output_lm = None if mode.output_lm is None else round(mode.output_lm)
        is_possible = plausibility.is_possible(replace(claim, output_lm=output_lm))
        yield mode if is_possible else replace(mode, output_lm=None)


def _other_attributes(labels: SpecTable, *, wrong: set[str]) -> dict[str, str]:
    """Return attributes without a column, and rejected values, in the supplier's text."""
    lines = labels.unused_lines()
    for column in sorted(wrong):
        lines |= labels.lines_of(column)
    return {
        text_cleaning.clean_text(label)[:60]: text_cleaning.clean_text(text)[:MAX_OTHER_TEXT]
        for label, text in list(lines.items())[:MAX_OTHER_ATTRIBUTES]
        if _is_attribute(text_cleaning.clean_text(label), text)
    }


def _is_attribute(label: str, text: str) -> bool:
    """Return whether a line is an attribute, not a sentence that contains a colon."""
    is_label = bool(label) and "," not in label and len(label.split()) <= MAX_LABEL_WORDS
    return is_label and not text.rstrip().endswith(".")


def _issues(
    record: ProductRecord, labels: SpecTable, findings: list[plausibility.Finding]
) -> list[ImportIssue]:
    issues = [
        _issue(
            record,
            finding.code,
            f"{finding.message}; not published.",
            raw=labels.lines_of(finding.column),
        )
        for finding in findings
        if finding.is_error
    ]
    if labels.unreadable:
        problems = "; ".join(f"{label}: {reason}" for label, _, reason in labels.unreadable)
        raw = {label: text[:200] for label, text, _ in labels.unreadable}
        issues.append(_issue(record, "value-unreadable", f"{problems[:480]}; left empty.", raw=raw))
    return issues
