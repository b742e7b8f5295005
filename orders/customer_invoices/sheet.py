"""Sheets: draw A4 pages with the shop's font, in a language. Base of invoices and packing lists."""

from datetime import date, datetime
from functools import cache
from pathlib import Path

import fontpkg
from babel import Locale
from babel.dates import format_date
from fpdf import FPDF, XPos, YPos

from notifications.rendering import REGIONS

FONT, FONT_NAME = "shop", "Fira Sans"  # Latin, Turkish, Azerbaijani and Cyrillic letters
MARGIN_MM, COLUMN_MM, LINE_MM = 20, 80, 5
SMALL, NORMAL, LARGE = 8, 9, 20
GRAY, INK, RULE = (95, 99, 108), (21, 23, 28), (210, 206, 196)


@cache
def _font_file(weight: int) -> Path:
    return Path(fontpkg.path(FONT_NAME, weight=weight))


class Sheet(FPDF):
    """A4 pages of one document."""

    def __init__(
        self, *, language: str, title: str, author: str, subject: str, created_at: datetime
    ) -> None:
        super().__init__(format="A4")
        self.region = Locale.parse(REGIONS.get(language, language))
        self.add_font(FONT, "", _font_file(400))
        self.add_font(FONT, "B", _font_file(600))
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=32)
        self.set_lang(language)
        self.set_title(title)
        self.set_author(author)
        self.set_subject(subject)
        self.set_creation_date(created_at)
        self.alias_nb_pages()

    def draw_head(self, seller: str, heading: str) -> None:
        self.use_font(NORMAL, "B")
        self.draw_line(seller)
        self.ln(8)
        self.use_font(LARGE, "B")
        self.draw_line(heading, height=10)
        self.ln(2)

    def address_lines(self, place: dict[str, str]) -> list[str]:
        town = " ".join(filter(None, (place["postcode"], place["city"])))
        region = ", ".join(filter(None, (town, place["region"])))
        country = str(self.region.territories.get(place["country"], place["country"]))
        lines = (place["name"], place["line1"], place["line2"], region, country)
        return [line for line in lines if line]

    def format_day(self, day: str) -> str:
        return str(format_date(date.fromisoformat(day), "long", locale=self.region))

    def use_font(self, size: int, style: str = "", color: tuple[int, int, int] = INK) -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*color)
        self.set_draw_color(*RULE)

    def draw_line(self, text: str, *, left: int | None = None, height: int = LINE_MM) -> None:
        if left is not None:
            self.set_x(left)
        self.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
