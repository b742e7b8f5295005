"""Specification table: recognize labels, parse their values into our columns and modes. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from catalog.attributes import batteries
from catalog.attributes import units as attribute_units
from catalog.attributes.numbers import UnreadableError, narrow
from catalog.attributes.plausibility import StatedMode
from catalog.attributes.spec_patterns import (
    BATTERY_AMOUNT,
    BATTERY_COLUMNS,
    CHARGING,
    COLORS,
    FEATURES,
    FL1,
    FL1_COLUMNS,
    HIGH,
    LEP,
    LISTED,
    LONG,
    MATERIALS,
    MODE_KINDS,
    NOT_STATED,
    NUMBER,
    SEPARATORS,
    WITHOUT_BATTERY,
    is_wholly_listed,
    parse_cri,
    reject_contradiction,
    reject_number_without_unit,
    require_value,
    subject_of,
)

NO_HEADINGS: Mapping[str, str] = MappingProxyType({})

type StatedValue = tuple[Any, dict[str, str]]  # a value and the text that states it

MIN_SHOWN_LM = Decimal("0.01")  # the column has two decimals
_LUMENS = re.compile(r"[\d.,]+\s*(?:lm|lumens?)\b", re.IGNORECASE)


class SpecTable:
    """A specification table, its lines grouped by subject.

    ``headings`` are the supplier's own names of labels, for the sources of the values.
    ``unreadable`` collects lines that are ambiguous, lack a unit or state no value. ``mark`` is the
    decimal mark; empty if unknown.
    """

    def __init__(
        self,
        claims: Mapping[str, str],
        *,
        title: str = "",
        mark: str = "",
        headings: Mapping[str, str] = NO_HEADINGS,
    ) -> None:
        self._title = title
        self._claims = claims
        self._headings = headings
        self.mark = mark
        self._lines_by_subject: dict[str, dict[str, str]] = {}
        self.unreadable: list[tuple[str, str, str]] = []
        for label, text in claims.items():
            with_unit = attribute_units.with_heading_unit(narrow(text), heading=label)
            self._lines_by_subject.setdefault(subject_of(label), {})[label] = with_unit
        self._numbers: dict[str, StatedValue] | None = None
        self._read_labels: set[str] = set()  # of lines that gave a value

    def excludes_battery_weight(self) -> bool:
        """Return whether the stated weight excludes batteries."""
        return any(
            WITHOUT_BATTERY.search(f"{self._headings.get(label, label)} {text}")
            for label, text in self._lines("weight_g")
        )

    def is_lep(self) -> bool:
        """Return whether the light source is a laser-excited phosphor: its beam is very narrow."""
        return any(LEP.search(text) for text in (self._title, *self._claims.values()))

    def is_fl1_claim(self, column: str, line: Mapping[str, str]) -> bool:
        """Return whether the line of a value, or a line on no attribute, names ANSI/PLATO FL 1."""
        other = (*self._lines_by_subject.get("", {}).items(), (line["label"], line["raw"]))
        return column in FL1_COLUMNS and any(FL1.search(f"{label} {text}") for label, text in other)

    def record_unreadable(self, label: str, text: str, error: UnreadableError) -> None:
        """Record an unreadable line, unless its value depends on the option."""
        if "option" in text.casefold():
            return
        text = self._claims.get(label, text)
        if (label, text, str(error)) not in self.unreadable:
            self.unreadable.append((label, text, str(error)))

    def unused_lines(self) -> dict[str, str]:
        """Return the lines to store as stated: those that gave no value, or only a part of it.

        Unreadable lines are not among them, except words on water protection.
        """
        reported = {label for label, _, _ in self.unreadable}
        unused: dict[str, str] = {}
        for subject, lines in self._lines_by_subject.items():
            if subject == "battery" and any(
                name in (self._numbers or {}) for name in BATTERY_COLUMNS
            ):
                continue
            for label, text in lines.items():
                is_read = label in self._read_labels or (
                    subject not in {"", "skip"} and NOT_STATED.fullmatch(text.strip())
                )
                if subject in LISTED:
                    is_read = is_wholly_listed(subject, text)
                if not is_read and (label not in reported or subject == "ip_rating"):
                    unused[label] = self._claims[label]
        return unused

    def lines_of(self, column: str) -> dict[str, str]:
        """Return the lines that a column is read from. An output without a line is in the title."""
        subjects = {
            "output_lm": ("output_lm", "modes"),
            "output_min_lm": ("output_min_lm", "modes"),
            "runtime_high_min": ("runtime", "modes"),
            "runtime_max_min": ("runtime", "modes"),
            **dict.fromkeys(BATTERY_COLUMNS, ("battery",)),
            "intensity_cd": ("intensity_cd", "beam"),
        }.get(column, (column,))
        lines = {label: self._claims[label] for label, _ in self._lines(*subjects)}
        return lines or ({"Title": self._title} if column == "output_lm" else {})

    def battery_text(self) -> str:
        """Join all battery lines; "Battery included: no" becomes "not included"."""
        parts = []
        for label, text in self._lines_by_subject.get("battery", {}).items():
            answer = text.strip().casefold()
            if "includ" in label.casefold() and answer in {"no", "none", "false", "0"}:
                parts.append("not included")
            elif "includ" in label.casefold() and answer in {"yes", "true", "1"}:
                parts.append("included")
            elif re.search(r"quantity|count|number of", label, re.IGNORECASE):
                parts.append(f"{text} cells")
            else:
                parts.append(text)
        return ", ".join(parts)

    def numbers(self, *, battery: batteries.Battery) -> dict[str, StatedValue]:
        """Return each column with a readable value, and the text that states it."""
        if self._numbers is None:
            self._numbers = dict(self._read(battery))
        return self._numbers

    def _read(self, battery: batteries.Battery) -> Iterator[tuple[str, StatedValue]]:
        yield from self._of_modes()
        yield from self._measured(
            "output_lm", self._most(attribute_units.OUTPUT_LM), is_integer=True, is_highest=True
        )
        yield from self._measured("output_min_lm", self._one(attribute_units.OUTPUT_LM))
        yield from self._intensity_from_beam()
        yield from self._measured("intensity_cd", self._intensity, is_integer=True, is_highest=True)
        yield from self._runtimes()
        yield from self._measured("weight_g", self._one(attribute_units.WEIGHT_G), is_integer=True)
        yield from self._measured("length_mm", self._longest_side, is_integer=True)
        yield from self._measured("head_mm", self._longest_side, is_integer=True)
        yield from self._measured("impact_m", self._one(attribute_units.DISTANCE_M))
        yield from self._measured("cct_k", self._one(attribute_units.COLOR_K), is_integer=True)
        yield from self._measured("cri", parse_cri, is_integer=True)
        yield from self._measured(
            "ip_rating", lambda text: attribute_units.parse_ip_rating(text) or None
        )
        yield from self._listed()
        yield from self._batteries(battery)

    def _measured(
        self,
        column: str,
        read: Callable[[str], Any],
        *,
        is_integer: bool = False,
        is_highest: bool = False,
    ) -> Iterator[tuple[str, StatedValue]]:
        """Yield the highest value of the lines, or the first; report lines that contradict it."""
        found: list[tuple[Any, str, str]] = []
        for label, text in self._lines(column):
            try:
                value = read(text)
                require_value(column, text, value)
                if found and not is_highest:
                    reject_contradiction(text, value, found[0])
            except UnreadableError as error:
                self.record_unreadable(label, text, error)
                continue
            if value is not None:
                found.append((value, label, text))
                if column != "power_w":  # it has no column of its own
                    self._read_labels.add(label)
        if found:
            value, label, text = max(found, key=itemgetter(0)) if is_highest else found[0]
            yield column, (round(value) if is_integer else value, self._source(label, text))

    def _one(self, units: attribute_units.Units) -> Callable[[str], Decimal | None]:
        return lambda text: attribute_units.parse_quantity(text, units, mark=self.mark)

    def _most(self, units: attribute_units.Units) -> Callable[[str], Decimal | None]:
        return lambda text: max(
            attribute_units.parse_quantities(text, units, mark=self.mark), default=None
        )

    def _intensity(self, text: str) -> Decimal | None:
        return max(attribute_units.parse_intensities_cd(text, mark=self.mark), default=None)

    def _longest_side(self, text: str) -> Decimal | None:
        return attribute_units.parse_longest_side_mm(text, mark=self.mark)

    def _of_modes(self) -> Iterator[tuple[str, StatedValue]]:
        """Yield the output and run times of the modes; a line on the same column overrides them."""
        source = {
            "label": "Modes",
            "raw": "; ".join(self._lines_by_subject.get("modes", {}).values())[:200],
        }
        white = [mode for mode in self.modes() if mode.kind == "white" and mode.output_lm]
        if white:
            brightest = max(white, key=lambda mode: mode.output_lm or 0)
            yield "output_lm", (round(brightest.output_lm or 0), source)
            if brightest.runtime_min:
                yield "runtime_high_min", (brightest.runtime_min, source)
        outputs = [mode.output_lm for mode in white if mode.output_lm]
        if shown := [output for output in outputs if len(outputs) > 1 and output >= MIN_SHOWN_LM]:
            yield "output_min_lm", (min(shown), source)
        if runtimes := [mode.runtime_min for mode in white if mode.runtime_min]:
            yield "runtime_max_min", (max(runtimes), source)

    def is_intensity_from_beam(self) -> bool:
        """Return whether the beam distance is the only source of the intensity."""
        intensity = (self._numbers or {}).get("intensity_cd")
        return intensity is not None and intensity[1]["label"] in {
            self._source(label, text)["label"] for label, text in self._lines("beam")
        }

    def stated_beam_m(self) -> Decimal | None:
        lines = self._measured("beam", self._most(attribute_units.DISTANCE_M), is_highest=True)
        return next((meters for _, (meters, _) in lines), None)

    def power_w(self) -> Decimal | None:
        lines = self._measured("power_w", self._one(attribute_units.POWER_W))
        return next((watts for _, (watts, _) in lines), None)

    def _intensity_from_beam(self) -> Iterator[tuple[str, StatedValue]]:
        """Derive the candela from the beam distance by FL 1; stated candela override them."""
        for _, (meters, source) in self._measured(
            "beam", self._most(attribute_units.DISTANCE_M), is_highest=True
        ):
            yield "intensity_cd", (round(meters * meters / 4), source)

    def _runtimes(self) -> Iterator[tuple[str, StatedValue]]:
        """Yield run times; a run time without a mode counts as the longest one, a weaker claim."""
        runtimes: dict[str, StatedValue] = {}
        for label, text in self._lines_by_subject.get("runtime", {}).items():
            if not NUMBER.search(text) and not NOT_STATED.fullmatch(text.strip()):
                self.record_unreadable(
                    label, text, UnreadableError(f"{text[:60]!r} states no time")
                )
            for part in SEPARATORS.split(text):
                try:
                    minutes = attribute_units.parse_duration_min(part, mark=self.mark)
                    reject_number_without_unit(part, minutes)
                except UnreadableError as error:
                    self.record_unreadable(label, text, error)
                    continue
                if minutes:
                    self._read_labels.add(label)
                    is_high = bool(HIGH.search(part)) or (
                        bool(HIGH.search(label)) and not LONG.search(part)
                    )
                    column = "runtime_high_min" if is_high else "runtime_max_min"
                    source = self._source(label, text)
                    if column not in runtimes or minutes > runtimes[column][0]:
                        runtimes[column] = (round(minutes), source)
        yield from runtimes.items()

    def _listed(self) -> Iterator[tuple[str, StatedValue]]:
        for column, known in (("charging", CHARGING), ("features", FEATURES)):
            for stated in self._codes(column, known):
                yield column, stated
        for label, text in self._lines("light_colors"):
            colors = [color for color in COLORS if color in text.casefold()]
            if colors:
                codes = [color.replace(" ", "_") for color in colors]
                yield "light_colors", (codes, self._source(label, text))
                if {"red", "white"} <= set(codes):
                    yield from self._red_light(label, text)
        for label, text in self._lines("material"):
            if names := list(dict.fromkeys(name.lower() for name in MATERIALS.findall(text))):
                yield "material", (", ".join(names)[:60], self._source(label, text))

    def _red_light(self, label: str, text: str) -> Iterator[tuple[str, StatedValue]]:
        """Add the red light feature if the light colors include red; keep the listed features."""
        listed = [codes for codes, _ in self._codes("features", FEATURES)]
        codes = listed[0] if listed else []
        if "red_light" not in codes:
            source = self._source(label, text)
            known = [code for code, _ in FEATURES]
            yield "features", (sorted([*codes, "red_light"], key=known.index), source)

    def _codes(
        self, column: str, known: Sequence[tuple[str, re.Pattern[str]]]
    ) -> Iterator[StatedValue]:
        """Yield the codes found in the lines on this column, the feature lines and the title."""
        lines = [*self._lines(column, "features"), ("Title", self._title)]
        matches = [
            (code, label, text)
            for label, text in dict.fromkeys(lines)
            for code, pattern in known
            if pattern.search(text)
        ]
        if matches:
            _, label, text = matches[0]
            named = {code for code, _, _ in matches}
            codes = [code for code, _ in known if code in named]
            yield codes, self._source(label, text)

    def _lines(self, *subjects: str) -> Iterator[tuple[str, str]]:
        for subject in dict.fromkeys(subjects):
            yield from self._lines_by_subject.get(subject, {}).items()

    def _batteries(self, battery: batteries.Battery) -> Iterator[tuple[str, StatedValue]]:
        for label, text in self._lines("battery"):
            if BATTERY_AMOUNT.search(label) and NUMBER.search(text):
                self._require_battery_amount(label, text)
        source = {"label": "Battery", "raw": self.battery_text()[:200]}
        values = {
            "battery_format": battery.format,
            "battery_count": battery.count,
            "battery_included": battery.is_included,
            "battery_chemistry": battery.chemistry,
            "battery_capacity_mah": battery.capacity_mah,
            "battery_voltage": battery.voltage,
            "battery_energy_wh": battery.energy_wh,
            "power_sources": self._power_sources(battery),
        }
        for column, value in values.items():
            if value not in ("", None, []):
                yield column, (value, source)

    def _require_battery_amount(self, label: str, text: str) -> None:
        units = {
            **attribute_units.CAPACITY_MAH,
            **attribute_units.ENERGY_WH,
            **attribute_units.VOLTAGE_V,
        }
        with suppress(UnreadableError):  # reported with the whole battery text
            if not attribute_units.parse_quantities(text, units, mark=self.mark):
                error = UnreadableError(f"{text[:60]!r} has no unit that we know")
                self.record_unreadable(label, text, error)

    def _power_sources(self, battery: batteries.Battery) -> list[str]:
        text = " ".join(text for _, text in self._lines("battery", "charging")).casefold()
        sources = []
        if battery.format:
            sources.append("built_in" if battery.is_built_in else "replaceable_cell")
        sources += [source for source in ("solar", "crank") if source in text]
        return sources + ["mains"] * bool(re.search(r"\bmains\b|\b(?:110|220|230) ?v\b", text))

    def _source(self, label: str, text: str) -> dict[str, str]:
        heading = self._headings.get(label, label)
        return {"label": heading[:60], "raw": self._claims.get(label, text)[:200]}

    def modes(self) -> Iterator[StatedMode]:
        """Parse ``High 400 lm / 3 h; Low 20 lm / 40 h; Red 5 lm``, or one line per mode."""
        for label, text in self._lines("modes"):
            _, _, of_line = label.partition(":")
            parts = [text] if of_line else re.split(r"\s*[;|\n]\s*", text)
            for position, part in enumerate(parts, start=1):
                beginning = re.split(r"[\d:(=–-]", part, maxsplit=1)[0]
                name = (of_line or beginning).strip(" ,.")[:40]
                try:
                    output = self._one(attribute_units.OUTPUT_LM)(part)
                    without_lumens = _LUMENS.sub(" ", part)
                    minutes = attribute_units.parse_mode_min(without_lumens, mark=self.mark)
                except UnreadableError as error:
                    self.record_unreadable(label, text, error)
                    continue
                if of_line and output is None and minutes is None and NUMBER.search(part):
                    no_unit = UnreadableError(f"{text[:60]!r} has no unit that we know")
                    self.record_unreadable(label, text, no_unit)
                kind = MODE_KINDS.search(name)
                if output or minutes or (name and kind):
                    self._read_labels.add(label)
                    yield StatedMode(
                        name=name or f"Level {position}",
                        kind=kind[0].lower() if kind else "white",
                        output_lm=output,
                        runtime_min=round(minutes) if minutes else None,
                    )
