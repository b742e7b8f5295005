"""Specification patterns: recognize the subject of a line, require that the line states it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.attributes.numbers import UnreadableError
from catalog.attributes.units import SAME_AMOUNT

# The subject of a label. First match wins ("battery weight" is about the battery).
SUBJECTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (subject, re.compile(pattern, re.IGNORECASE))
    for subject, pattern in (
        # Words about a part of the light, not its size, range or output.
        (
            "",
            r"(?:beam|head|bezel|lens) (?:type|shape|pattern|angle|material|finish)|efficiency|efficacy",
        ),
        ("skip", r"pack(?:age|ed|ing)|gross|shipping|carton|cable|charg\w+ time|warranty|certif"),
        ("modes", r"\bmodes?\b|light settings|levels"),
        ("weight_g", r"^weight\b.*\b(?:with|without|incl\w*|excl\w*)\b"),
        ("charging", r"charg\w*|\busb\b"),
        ("battery", r"batter\w*|\bcells?\b|accu\b|power (?:source|supply)"),
        ("light_colors", r"(?:light|led|beam) colou?rs?"),
        ("cct_k", r"colou?r temp\w*|\bcct\b"),
        ("cri", r"\bcri\b|colou?r render\w*"),
        ("output_min_lm", r"(?:min\w*|lowest) (?:output|lumens?|brightness)|moonlight"),
        ("output_lm", r"output|lumens?|brightness|luminous"),
        ("intensity_cd", r"intensity|candela"),
        ("beam", r"beam|throw|irradiation|(?:lighting|shoot\w*) (?:distance|range)|\brange\b"),
        ("runtime", r"run ?-?time|working time|work time|burn ?-?time|use time|lasts|autonom\w*"),
        ("weight_g", r"weight"),
        ("head_mm", r"\bhead\b|bezel"),
        ("length_mm", r"length|\bsize\b|dimensions?"),
        ("ip_rating", r"water\w*|\bip\b|ip (?:rating|code)|ingress|protection|dust"),
        ("impact_m", r"impact|drop"),
        ("power_w", r"\bpower\b|watt\w*"),
        ("features", r"features?|functions?"),
        ("material", r"material"),
    )
)
FEATURES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("motion_sensor", r"(?:motion|wave|gesture|hand|ir|induction)[ -]?sens\w*|\bsensor\b"),
        ("red_light", r"\bred (?:light|led|mode|night)|night vision"),
        ("magnet", r"magnet(?:ic)?(?: base| tail)?(?! charg)"),
        ("zoom", r"zoom\w*|adjustable focus"),
        ("clip", r"\bclip\b"),
        ("hook", r"\bhook\b|hang\w+ (?:loop|ring)"),
        ("dimming", r"dimm\w+|stepless"),
        ("lockout", r"lock-?\s?out"),
        ("power_bank", r"power ?bank"),
        ("battery_indicator", r"(?:battery|charge|power) (?:level )?(?:indicator|display)"),
        ("rear_light", r"rear (?:red )?light|tail light"),
    )
)
CHARGING: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("usb_c", r"usb[ -]?c\b|type[ -]?c\b"),
        ("micro_usb", r"micro[ -]?usb"),
        ("magnetic", r"magnetic charg\w*|magnetic cable"),
        ("solar", r"\bsolar\b"),
        ("crank", r"\bcrank\b|dynamo"),
        ("cradle", r"cradle|dock"),
        ("dc", r"\bdc\b"),
    )
)
COLORS = ("warm white", "white", "red", "green", "blue", "amber", "uv", "infrared", "rgb")
MATERIALS = re.compile(
    r"alumin(?:um|ium)|abs|polycarbonate|\bpc\b|nylon|rubber|silicone|steel|titanium|copper|brass",
    re.IGNORECASE,
)
MODE_KINDS = re.compile(r"red|green|blue|uv|strobe|flash|flame|sos|beacon", re.IGNORECASE)
# A battery line about one of these amounts has a number with its unit.
BATTERY_AMOUNT = re.compile(r"capacit|energy|voltage|watt", re.IGNORECASE)
WITHOUT_BATTERY = re.compile(r"\bwithout\b|\bexcl", re.IGNORECASE)
# A measurement by ANSI/PLATO FL 1, and the columns that it covers.
FL1 = re.compile(r"\bansi\b|\bplato\b|\bfl[ -]?1\b", re.IGNORECASE)
FL1_COLUMNS = frozenset(
    {"output_lm", "output_min_lm", "intensity_cd", "runtime_high_min", "runtime_max_min"}
    | {"ip_rating", "impact_m"}
)
LEP = re.compile(r"\blep\b", re.IGNORECASE)
HIGH = re.compile(r"\bhigh\w*\b|\bmax(?:imum)? (?:mode|output)|turbo|bright\w*|full", re.IGNORECASE)
LONG = re.compile(r"\blow\w*\b|long\w*|\bmax\b|\bmaximum\b|eco|moon\w*|\bup to\b", re.IGNORECASE)
SEPARATORS = re.compile(r"\s*[;|\n/]\s*|,\s+")
NUMBER = re.compile(r"\d")
# The text of a cell that states nothing.
NOT_STATED = re.compile(
    r"\W*|n\W?a\W?|none|no|nil|null|unknown|not (?:stated|specified|available|applicable)|tb[ad]"
    r"|k\.? ?a\.?|keine angabe",
    re.IGNORECASE,
)
# What a line on one of these subjects has to state. A line that does not is an issue.
MEASURED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("output_lm", "output_min_lm", "intensity_cd", "beam", "weight_g", "length_mm"),
            *("head_mm", "impact_m", "cct_k", "power_w"),
        ),
        "number",
    ),
    "cri": "CRI from 60 to 100",
    "ip_rating": "IP code",
}
# Lines on these subjects list values in words; a line with an unknown one is stored as stated.
LISTED = frozenset({"charging", "features", "light_colors", "material"})
LIST_SEPARATORS = re.compile(r"\s*[,;|/\n]\s*")

BATTERY_COLUMNS = (
    *("battery_format", "battery_count", "battery_included", "battery_chemistry"),
    *("battery_capacity_mah", "battery_voltage", "battery_energy_wh", "power_sources"),
)


def subject_of(label: str) -> str:
    return next((subject for subject, pattern in SUBJECTS if pattern.search(label)), "")


def is_wholly_listed(subject: str, text: str) -> bool:
    """Return whether each word of a list is a value that we know."""
    parts = [part for part in LIST_SEPARATORS.split(text.strip()) if part]
    if subject == "light_colors":
        return all(any(color in part.casefold() for color in COLORS) for part in parts)
    if subject == "material":
        return all(MATERIALS.search(part) for part in parts)
    known = [pattern for _code, pattern in (*CHARGING, *FEATURES)]
    return all(any(pattern.search(part) for pattern in known) for part in parts)


def require_value(column: str, text: str, value: object) -> None:
    """Raise UnreadableError if a line on a measured subject has a text without a value."""
    needed = MEASURED.get(column)
    if value is not None or needed is None or NOT_STATED.fullmatch(text.strip()):
        return
    if needed == "number":
        reject_number_without_unit(text, value)
    raise UnreadableError(f"{text[:60]!r} states no {needed}")


def reject_number_without_unit(text: str, value: object) -> None:
    if value is None and NUMBER.search(text):
        raise UnreadableError(f"{text[:60]!r} has no unit that we know")


def parse_cri(text: str) -> Decimal | None:
    number = re.search(r"\b([6-9]\d|100)\b", text)
    return Decimal(number[1]) if number else None


def reject_contradiction(text: str, value: Any, first: tuple[Any, str, str]) -> None:
    used, label, _ = first
    is_same = (
        max(value, used) <= min(value, used) * SAME_AMOUNT
        if isinstance(value, Decimal)
        else value in {None, used}
    )
    if not is_same:
        raise UnreadableError(f"{text[:60]!r} contradicts the line {label[:60]!r}")
