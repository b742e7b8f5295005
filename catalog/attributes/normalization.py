"""Normalization: turn a supplier's record into typed attributes, modes and lithium class. Pure.

An attribute that the supplier does not state stays empty. An impossible value is not published:
staff see the supplier's text of it with the arithmetic.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from catalog.attributes import (
    batteries,
    contacts,
    emitters,
    plausibility,
    text_cleaning,
)
from catalog.attributes.contacts import Contact
from catalog.attributes.families import BUILT_IN, Families
from catalog.attributes.findings import Finding
from catalog.attributes.numbers import UnreadableError
from catalog.attributes.spec_table import SpecTable, StatedValue
from catalog.attributes.units import SAME_AMOUNT
from catalog.records import ImportIssue, ProductRecord

UNBRANDED = "Unbranded"
ORIGIN = "country of origin"  # label of the line in which feeds state it
MAX_OTHER_TEXT = 300
MAX_OTHER_ATTRIBUTES = 60
MAX_LABEL_WORDS = 4
NO_VALUES: Mapping[str, Any] = MappingProxyType({})
# If one of these is wrong, all are dropped, because the energy of the battery is then unknown.
_ENERGY_COLUMNS = frozenset({"battery_capacity_mah", "battery_voltage", "battery_energy_wh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedProduct:
    """One product with normalized attributes.

    Shape:  ``spec`` maps columns of ``Spec`` to known values; ``sources`` maps the same columns to
            the supplier's text; ``check_inputs`` are as in ``Spec``; ``warnings`` are the findings,
            with the text of each error; ``unlikely`` are those on values that are published
    """

    family: str
    family_kind: str
    category: str
    brand: str
    title: str
    summary: str
    description_html: str
    option_names: tuple[str, ...]
    hs_code: str
    origin_country: str
    spec: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, str]]
    more: Mapping[str, str]
    check_inputs: Mapping[str, Any]
    warnings: tuple[Mapping[str, Any], ...]
    modes: tuple[plausibility.StatedMode, ...]
    battery: batteries.Battery
    has_battery: bool
    manufacturer: Contact | None
    responsible_person: Contact | None
    issues: tuple[ImportIssue, ...] = field(default=())
    unlikely: tuple[ImportIssue, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaims:
    """The numbers that a record states, and the findings on them."""

    labels: SpecTable
    battery: batteries.Battery
    numbers: Mapping[str, StatedValue]
    claim: plausibility.StatedSpecs
    findings: Sequence[Finding]
    issues: Sequence[ImportIssue]  # errors among the findings, and unreadable lines


def check_claims(record: ProductRecord, *, family: str) -> CheckedClaims:
    """Read the specification table of a record and check its numbers."""
    labels = SpecTable(
        record.claims, title=record.title, mark=record.decimal_mark, headings=record.headings
    )
    battery = _battery(labels)
    numbers = labels.numbers(battery=battery)
    values = {column: value for column, (value, _) in numbers.items()}
    claim = _stated_specs(values, labels, family=family)
    findings = plausibility.check_claim(claim, values)
    if claim.output_lm is None and (lumens := text_cleaning.stated_lumens(record.title)):
        of_title = replace(claim, output_lm=max(lumens.values()))
        findings += [
            found
            for found in plausibility.check(of_title)
            if found.column == "output_lm" and found.is_error
        ]
    return CheckedClaims(
        labels=labels,
        battery=battery,
        numbers=numbers,
        claim=claim,
        findings=findings,
        issues=_issues(record, labels, findings),
    )


def normalize(
    record: ProductRecord, *, source: str, families: Families = BUILT_IN
) -> NormalizedProduct | ImportIssue:
    """Normalize one record; return an ``ImportIssue`` instead if it cannot be published."""
    plain_title = text_cleaning.clean_text(record.title)
    if not plain_title:
        return _rejected_row(record, "no-title", "The product has no title.")
    family = families.recognize(title=plain_title, category_path=record.category_path)
    if not family:
        category_text = " / ".join(record.category_path)[:120]
        where = f"nor the category {category_text!r}" if category_text else "nor a category"
        message = f"Neither the title {where} names a product family, so it is not imported."
        return _rejected_row(record, "family-unknown", message)
    checked = check_claims(record, family=family)
    labels, battery, numbers = checked.labels, checked.battery, checked.numbers
    wrong = {finding.column for finding in checked.findings if finding.is_error}
    if wrong & _ENERGY_COLUMNS:
        battery = replace(battery, capacity_mah=None, voltage=None, energy_wh=None)
        wrong |= _ENERGY_COLUMNS
    spec = {column: value for column, (value, _) in numbers.items() if column not in wrong}
    if "intensity_cd" in spec:
        spec["beam_m"] = plausibility.beam_m(spec["intensity_cd"])
    title, title_issues = clean_title(record, checked)
    title, title_claims = text_cleaning.cut_claims_from_title(title)
    description, claims = text_cleaning.cut_claims_from_html(
        text_cleaning.clean_html(record.description_html)
    )
    find_impossible = partial(_impossible_lumens, checked.claim)
    description, impossible = text_cleaning.cut_claims_from_html(description, find_impossible)
    stated = {label: f"{label}: {text}" for label, text in _other_attributes(labels).items()}
    unproven = [line for line in stated.values() if text_cleaning.unproven_claims(line)]
    claims += unproven
    impossible += [
        line for line in stated.values() if line not in unproven and find_impossible(line)
    ]
    more = {
        label: line.removeprefix(f"{label}: ")
        for label, line in stated.items()
        if line not in unproven and line not in impossible
    }
    stated_origin = {label: text for label, text in more.items() if label.casefold() == ORIGIN}
    origin = contacts.country_code(next(iter(stated_origin.values()), ""))
    enriched = NormalizedProduct(
        family=family,
        family_kind=families.kind_of(family),
        category=families[family].category,
        brand=text_cleaning.shorten(text_cleaning.clean_text(record.brand), 80) or UNBRANDED,
        title=title or text_cleaning.clean_title(record.category_path[-1], output_lm=None),
        summary=text_cleaning.make_summary(description),
        description_html=description,
        option_names=tuple(text_cleaning.clean_text(name)[:40] for name in record.option_names),
        hs_code="".join(digit for digit in record.hs_code if digit.isdigit())[:10],
        origin_country=origin,
        spec=spec,
        sources={
            column: {
                "supplier": source,
                **source_line,
                **({"basis": "fl1_claim"} if labels.is_fl1_claim(column, source_line) else {}),
            }
            for column, (_, source_line) in numbers.items()
            if column in spec
        },
        more={
            label: text
            for label, text in more.items()
            if not contacts.is_stated_by(label, record.claims)
            and not (origin and label in stated_origin)
        },
        check_inputs=plausibility.inputs_of(checked.claim),
        warnings=tuple(_warning(finding, labels) for finding in checked.findings),
        modes=tuple(_plausible_modes(checked.claim)),
        battery=battery,
        has_battery=record.has_battery,
        manufacturer=contacts.find_manufacturer(record.claims),
        responsible_person=contacts.find_responsible_person(record.claims),
        issues=(
            *checked.issues,
            *title_issues,
            *_claim_issues(record, [*title_claims, *claims], impossible),
        ),
        unlikely=tuple(
            _issue(record, one.code, f"{one.message}.", raw=labels.lines_of(one.column))
            for one in checked.findings
            if not one.is_error
        ),
    )
    return replace(enriched, issues=(*enriched.issues, *_lithium_issues(record, enriched)))


def clean_title(record: ProductRecord, checked: CheckedClaims) -> tuple[str, Sequence[ImportIssue]]:
    """Return the title without unconfirmed lumens and unknown LEDs, and what was removed."""
    wrong = {finding.column for finding in checked.findings if finding.is_error}
    output_lm = None if "output_lm" in wrong else checked.claim.output_lm
    title, invented = emitters.remove_unknown_emitters(
        text_cleaning.clean_title(record.title, output_lm=output_lm),
        brand=record.brand,
        own=(record.model, *(variant.mpn for variant in record.variants)),
    )
    raw, issues = {"title": record.title[:200]}, []
    if invented:
        names = ", ".join(invented)
        message = f"No LED model has this name: {names[:300]}. It was removed from the title."
        issues.append(_issue(record, "emitter-unknown", message, raw=raw))
    lumens = text_cleaning.stated_lumens(record.title)
    removed = ", ".join(text for text, amount in lumens.items() if amount != output_lm)
    if removed and "output_lm" not in wrong:
        message = (
            f"The title states {removed[:300]}, which the specification does not confirm."
            " It was removed from the title."
        )
        issues.append(_issue(record, "title-output-unconfirmed", message, raw=raw))
    return title, issues


def _impossible_lumens(claim: plausibility.StatedSpecs, text: str) -> list[str]:
    """Return the lumens of a text that this light cannot have, or that exceed its stated output."""
    is_known = plausibility.is_possible(claim)
    most = claim.output_lm * SAME_AMOUNT if claim.output_lm and is_known else None
    return [
        stated
        for stated, lumens in text_cleaning.stated_lumens(text).items()
        if (most and lumens > most)
        or not plausibility.is_possible(replace(claim, output_lm=lumens))
    ]


def _claim_issues(
    record: ProductRecord, claims: Sequence[str], impossible: Sequence[str]
) -> Iterator[ImportIssue]:
    """Yield an issue for each kind of claim that was cut, which quotes the claims."""
    guarantees = [text for text in claims if text_cleaning.GUARANTEE_CLAIM.search(text)]
    environmental = [text for text in claims if text not in guarantees]
    for code, found, need in (
        (
            "environmental-claim",
            environmental,
            "Generic environmental claims need recognized proof",
        ),
        ("guarantee-claim", guarantees, "Guarantees are shown only with evidence"),
        (
            "text-output-impossible",
            impossible,
            "This light cannot have the output that its texts state",
        ),
    ):
        if found:
            quoted = ", ".join(dict.fromkeys(found))
            message = f"{need}: {quoted[:300]}. They were cut from the texts."
            yield _issue(record, code, message, raw={"title": record.title[:200]})


def _lithium_issues(record: ProductRecord, enriched: NormalizedProduct) -> Iterator[ImportIssue]:
    """Yield an issue if the watt-hours of a lithium battery are unknown: no service accepts it."""
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
        battery, family_kind=enriched.family_kind, has_battery=enriched.has_battery
    )
    if kind == "none":
        return Lithium(kind, None, 0)
    return Lithium(kind, battery.cell_wh, (battery.count or 1) if battery.format else 0)


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
        return batteries.parse_without_amounts(text)


def _stated_specs(
    values: Mapping[str, Any], labels: SpecTable, *, family: str
) -> plausibility.StatedSpecs:
    is_headlamp_beam = family == "headlamp" and labels.is_intensity_from_beam()
    is_weighed_with_cells = values.get("battery_included") and not labels.excludes_battery_weight()
    return plausibility.to_claim(
        values,
        max_cd_per_lm=plausibility.MAX_CD_PER_LM_OF_HEADLAMP_BEAM
        if is_headlamp_beam
        else plausibility.MAX_CD_PER_LM,
        is_lep=labels.is_lep(),
        beam_m=labels.stated_beam_m(),
        power_w=labels.power_w(),
        battery_included=is_weighed_with_cells,
        battery_formats=tuple(batteries.formats(labels.battery_text())),
        modes=tuple(labels.modes()),
    )


def _plausible_modes(claim: plausibility.StatedSpecs) -> Iterator[plausibility.StatedMode]:
    for mode in claim.modes:
        output_lm = None if mode.output_lm is None else round(mode.output_lm)
        is_possible = plausibility.is_possible(replace(claim, output_lm=output_lm))
        yield mode if is_possible else replace(mode, output_lm=None)


def _other_attributes(labels: SpecTable) -> dict[str, str]:
    """Return attributes without a column, in the supplier's text."""
    lines = labels.unused_lines()
    return {
        text_cleaning.clean_text(label)[:60]: text_cleaning.clean_text(text)[:MAX_OTHER_TEXT]
        for label, text in list(lines.items())[:MAX_OTHER_ATTRIBUTES]
        if _is_attribute(text_cleaning.clean_text(label), text)
    }


def _warning(finding: Finding, labels: SpecTable) -> dict[str, Any]:
    """Return a finding as it is stored, with the supplier's text for staff."""
    text = "; ".join(f"{label}: {text}" for label, text in labels.lines_of(finding.column).items())
    return {
        "column": finding.column,
        "code": finding.code,
        "message": finding.message,
        "is_error": finding.is_error,
        "raw": text[:MAX_OTHER_TEXT],
    }


def _is_attribute(label: str, text: str) -> bool:
    """Return whether a line is an attribute, not a sentence that contains a colon."""
    is_label = bool(label) and "," not in label and len(label.split()) <= MAX_LABEL_WORDS
    return is_label and not text.rstrip().endswith(".")


def _issues(
    record: ProductRecord, labels: SpecTable, findings: Sequence[Finding]
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
