"""Claim check: read a product file as an import does, find implausible and unreadable values.

Nothing is stored. The definitions of families and custom attributes are read.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalog.attributes.normalization import CheckedClaims, check_claims, clean_title
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.custom_attributes.values import Extracted, extract, find_definitions
from catalog.models.families import cached_families
from catalog.product_import import identifiers
from catalog.records import ImportIssue, ProductRecord
from storefront.lib.http.errors import PermanentError
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES
from suppliers.connectors.feed.mapping.fields import TARGETS
from suppliers.connectors.feed.mapping.spec import Source
from suppliers.connectors.feed.rows import product_pages
from suppliers.connectors.feed.rows.converter import Converter
from suppliers.feed_mapping import sample, suggestions

ROW = "row number"  # the name of an added column, which is mapped to the SKU
MAX_READ_LENGTH = 200
WEIGHT_UNREADABLE = "weight-unreadable"  # the code of ``rows.descriptions``
FIELDS = frozenset(
    {"gtin", "title", "brand", "category", "features", "battery", "weight", "length", "width"}
    | {"height"}
)


class Result(StrEnum):
    """The result of a value or a row, the worst first."""

    ERROR = "error"  # impossible: an import keeps the value off the shop
    UNREADABLE = "unreadable"  # an import leaves the value empty, or skips the row
    WARNING = "warning"  # unlikely: an import shows it with a warning
    PLAUSIBLE = "plausible"
    UNCHECKED = "unchecked"  # the row states nothing that can be checked


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinding:
    """A finding on a value: its cells, their text and the arithmetic.

    Shape:  ``row`` 1 is the first one below the column names
    """

    row: int
    column: str
    read: str
    result: Result
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """The findings of a file. Each row counts once in ``rows``, by its worst result."""

    columns: Mapping[str, str]  # recognized column of the file -> our label
    unread_columns: Sequence[str]
    rows: Counter[Result] = field(default_factory=Counter)
    findings: list[CellFinding] = field(default_factory=list)


def check_file(path: Path) -> CheckedFile:
    """Check each row of a file. Raises PermanentError: the file cannot be read."""
    with tempfile.TemporaryDirectory(prefix="claims-") as work:
        try:
            return _check(open_file(path, work=Path(work)))
        except OSError as error:
            raise PermanentError(f"The file cannot be opened: {error.strerror}.") from error
        except (ValueError, LookupError) as error:
            raise PermanentError(f"The file cannot be read: {error}") from error


def _check(file: DataFile) -> CheckedFile:
    definitions = registry.cached()
    custom = find_definitions(file.detected.headers, definitions)
    mapping = _mapping(file, custom)
    columns = {
        source.column: name
        for table in (mapping.fields, mapping.claims)
        for name, source in table.items()
        if name != "sku"
    }
    is_known = "features" in mapping.fields or bool(custom)
    if not is_known and not set(mapping.claims) & set(CLAIM_ALIASES):
        known = ", ".join(CLAIM_ALIASES)
        raise PermanentError(f"No column with a specification is recognized. Known: {known}.")
    unread = [header for header in file.detected.headers if header not in columns]
    checked = CheckedFile(columns=columns, unread_columns=unread)
    checker = _RowChecker(mapping, decimal=file.detected.decimal, definitions=definitions)
    for number, row in enumerate(file.rows(), start=1):
        findings, is_checked = checker.check(row, number)
        results = [finding.result for finding in findings]
        results.append(Result.PLAUSIBLE if is_checked else Result.UNCHECKED)
        checked.rows[min(results, key=list(Result).index)] += 1
        checked.findings.extend(findings)
    return checked


def _mapping(file: DataFile, custom: Iterable[str]) -> mappings.Mapping:
    """Return the suggested mapping of the specification; the number of a row is its SKU.

    ``custom`` are the columns of custom attributes.
    """
    rows = [row for row in file.sample(sample.ROWS) if not isinstance(row, ImportIssue)]
    found = suggestions.suggest_mapping(file.detected.headers, rows)
    fields = {name: source for name, source in found.fields.items() if name in FIELDS}
    claims = {**found.options, **found.claims}
    read = {source.column for source in (*fields.values(), *claims.values())}
    claims |= {name: Source(column=name) for name in custom if name not in read}
    fields["sku"] = Source(column=ROW)
    return mappings.Mapping(fields=fields, claims=claims)


def _stated_cells(raw: Mapping[str, Any]) -> dict[str, str]:
    return {name: sources.text(cell) for name, cell in raw.items()}


class _RowChecker:
    def __init__(
        self, mapping: mappings.Mapping, *, decimal: str, definitions: Sequence[Definition]
    ) -> None:
        self._definitions = definitions
        self._mapping = mapping
        self._mark = mapping.claims_decimal_separator(detected=decimal)
        self._converter = Converter(mapping, currency="EUR", mark=decimal)

    def check(
        self, row: Mapping[str, Any] | ImportIssue, number: int
    ) -> tuple[list[CellFinding], bool]:
        """Return the findings of a row, and whether it states a number that can be checked."""
        if isinstance(row, ImportIssue):
            return [self._finding(number, {}, Result.UNREADABLE, row.code, row.message)], False
        converted = self._converter.whole({**row, ROW: str(number)}, row_name=f"row {number}")
        if isinstance(converted, ImportIssue):  # the row cannot be read
            cells = _stated_cells(converted.raw)
            code, message = converted.code, converted.message
            return [self._finding(number, cells, Result.UNREADABLE, code, message)], False
        record = product_pages.build_detail(str(number), [converted], mark=self._mark).record
        if record is None:
            return [], False
        family = cached_families().recognize(title=record.title, category_path=record.category_path)
        definitions = [one for one in self._definitions if one.applies_to(family)]
        custom = extract(record.claims, definitions=definitions, mark=record.decimal_mark)
        checked = check_claims(replace(record, claims=custom.rest), family=family)
        findings = [
            self._finding(number, self._cells(labels, row, record), result, code, message)
            for labels, result, code, message in self._found(record, checked, custom)
        ]
        findings += self._unreadable(converted.problems, row, number, findings)
        return findings, bool(checked.numbers or custom.values)

    def _unreadable(
        self,
        problems: Iterable[ImportIssue],
        row: Mapping[str, Any],
        number: int,
        others: Sequence[CellFinding],
    ) -> Iterator[CellFinding]:
        """Yield the problems of cells, except of a weight that is reported as a claim already."""
        weight = self._mapping.fields.get("weight")
        column = weight.column if weight else ""
        for issue in problems:
            cells = _stated_cells(issue.raw)
            if issue.code == WEIGHT_UNREADABLE and column:
                if any(finding.column == column for finding in others):
                    continue
                cells = {column: sources.text(row.get(column))}
            yield self._finding(number, cells, Result.UNREADABLE, issue.code, issue.message)

    def _found(
        self, record: ProductRecord, checked: CheckedClaims, custom: Extracted
    ) -> Iterator[tuple[Iterable[str], Result, str, str]]:
        """Yield the labels, result, code and message of each finding."""
        for finding in checked.findings:
            result = Result.ERROR if finding.is_error else Result.WARNING
            yield checked.labels.lines_of(finding.column), result, finding.code, finding.message
        for problem in custom.problems:
            result = Result.ERROR if problem.is_out_of_range else Result.UNREADABLE
            yield [problem.label], result, problem.code, problem.message
        for label, _, reason in checked.labels.unreadable:
            yield [label], Result.UNREADABLE, "value-unreadable", reason
        for issue in clean_title(record, checked)[1]:
            yield ["Title"], Result.ERROR, issue.code, issue.message
        gtin = identifiers.parse_gtin(record.variants[0])
        if isinstance(gtin, ImportIssue):
            yield ["GTIN"], Result.ERROR, gtin.code, gtin.message

    def _cells(
        self, labels: Iterable[str], row: sources.Row, record: ProductRecord
    ) -> dict[str, str]:
        """Return the text of each label, by the name of its column."""
        fields = self._mapping.fields
        mapped = {TARGETS[name].label: source for name, source in fields.items()}
        mapped |= self._mapping.claims
        columns = {label: mapped[label].column if label in mapped else "" for label in labels}
        return {
            column or label: sources.text(row.get(column)) if column else record.claims[label]
            for label, column in columns.items()
            if column or label in record.claims
        }

    def _finding(
        self, row: int, cells: Mapping[str, str], result: Result, code: str, message: str
    ) -> CellFinding:
        return CellFinding(
            row=row,
            column=", ".join(cells),
            read="; ".join(cells.values())[:MAX_READ_LENGTH],
            result=result,
            code=code,
            message=message,
        )
