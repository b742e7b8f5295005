"""Specification tables: extract label and value pairs from the HTML of a description. Pure."""

import re
from html.parser import HTMLParser

from catalog.attributes.units import with_heading_unit

MAX_CLAIMS = 120
MAX_LABEL_LENGTH = 60
MAX_VALUE_LENGTH = 500
MAX_HTML_LENGTH = 200_000
# "Weight: 95 g" or "Weight:95 g", but not "Please note: …" in the middle of a paragraph.
LABELED_LINE = re.compile(r"^([^:.!?\uff1a]{2,48})(?::\s+|(?<!\d):(?=\d)|\uff1a\s*)(\S.*)$")
HIDDEN_TAGS = frozenset({"script", "style", "template", "noscript", "iframe"})
BLOCK_TAGS = frozenset({"p", "li", "div", "br", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
LABEL_AND_VALUE = 2


def claims(html: str) -> dict[str, str]:
    """Return label → text; of several entries with the same label, the first counts.

    A table of more than two columns gives one entry per row, labeled by its first cell under
    the first heading: ``Mode: High`` → ``Output 1200 lm; Runtime 2 h``.
    """
    page = _DescriptionParser()
    page.feed(html[:MAX_HTML_LENGTH])
    page.close()
    page.end_line()
    spec_table: dict[str, str] = {}
    for table in page.tables:
        for label, value in _add_table(table):
            _add_claim(spec_table, label, value)
    for line in page.lines:
        if match := LABELED_LINE.match(line):
            _add_claim(spec_table, match[1], match[2])
    return spec_table


def _add_claim(spec_table: dict[str, str], label: str, value: str) -> None:
    label = label.strip().rstrip(":\uff1a").strip()
    if label and value and len(label) <= MAX_LABEL_LENGTH and len(spec_table) < MAX_CLAIMS:
        spec_table.setdefault(label, value[:MAX_VALUE_LENGTH])


def _add_table(rows: list[list[str]]) -> list[tuple[str, str]]:
    rows = [row for row in rows if any(row)]
    if not rows:
        return []
    if max(len(row) for row in rows) <= LABEL_AND_VALUE:
        return [(row[0], row[1]) for row in rows if len(row) == LABEL_AND_VALUE]
    heading, *body = rows
    return [
        (
            f"{heading[0]}: {row[0]}" if heading[0] else row[0],
            "; ".join(
                f"{title} {with_heading_unit(cell, heading=title)}".strip()
                for title, cell in zip(heading[1:], row[1:], strict=False)
                if cell
            ),
        )
        for row in body
        if row[0]
    ]


class _DescriptionParser(HTMLParser):
    """Collects tables as rows of cells, and everything else as lines of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self.lines: list[str] = []
        self._texts: list[str] = []
        self._hidden_depth = 0
        self._depth = 0
        self._is_in_cell = False
        self._term = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in HIDDEN_TAGS:
            self._hidden_depth += 1
        elif tag == "table":
            self.end_line()
            self._end_cell()
            self._depth += 1
            self.tables.append([])
        elif tag in {"tr", "td", "th"} and self._depth:
            self._end_cell()
            if tag == "tr" or not self.tables[-1]:
                self.tables[-1].append([])
            self._is_in_cell = tag != "tr"
        elif tag in {"dt", "dd"} or (tag in BLOCK_TAGS and not self._depth):
            self.end_line()
        elif tag in BLOCK_TAGS:
            self._texts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN_TAGS:
            self._hidden_depth = max(0, self._hidden_depth - 1)
        elif tag in {"td", "th", "tr", "table"} and self._depth:
            self._end_cell()
            self._depth -= tag == "table"
        elif tag == "dt":
            self._term = self._take_text()
        elif tag == "dd":
            self.tables.append([[self._term, self._take_text()]])
        elif tag in BLOCK_TAGS and not self._depth:
            self.end_line()

    def _end_cell(self) -> None:
        """Close the open cell, if any: end tags may be missing."""
        if self._is_in_cell:
            self.tables[-1][-1].append(self._take_text())
        self._texts.clear()
        self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if not self._hidden_depth:
            self._texts.append(data)

    def end_line(self) -> None:
        if not self._depth and (line := self._take_text()):
            self.lines.append(line)

    def _take_text(self) -> str:
        text = " ".join("".join(self._texts).split())
        self._texts.clear()
        return text
