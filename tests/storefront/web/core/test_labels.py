import ast
import io
import re
import tokenize
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from django.utils.translation import override
from django.utils.translation.template import templatize

from catalog.search.detail_facets import DETAIL_FACETS
from catalog.search.filters import ALL_CHOICES, ALL_RANGES, FACETS, SORTS
from storefront.lib.money import Money
from storefront.web.core import formats, labels
from storefront.web.core.market_links import in_language
from tests.support.locale import LOCALE

KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy")) | dict.fromkeys(
    ("ngettext", "ngettext_lazy"), (1, 2)
)
ROOTS = ("catalog", "notifications", "orders", "shipping", "storefront", "suppliers")
# A gettext call in the code that templatize() makes of a Django template.
ENTRY_ID = re.compile(r"^(?:msgctxt|msgid) ", re.MULTILINE)
CALL = re.compile(r"\b(?:_|n?gettext)\((?=u?[\"'])")


@pytest.fixture(scope="module")
def texts():
    """Return {text: file} for every text that customers and staff may read."""
    methods, options = parse_mapping_cfg(
        io.StringIO(Path("storefront/locale/babel.cfg").read_text())
    )
    found = {}
    for root in ROOTS:
        for name, _line, message, _notes, _context in extract_from_dir(
            root,
            method_map=[(pattern.replace(f"{root}/", ""), method) for pattern, method in methods],
            options_map={key.replace(f"{root}/", ""): value for key, value in options.items()},
            keywords=KEYWORDS,
        ):
            found[message if isinstance(message, str) else message[0]] = f"{root}/{name}"
        for template in Path(root).rglob("templates/**/*.html"):
            found |= dict.fromkeys(texts_of(template.read_text()), str(template))
    return found


def texts_of(template):
    """Yield the texts of a Django template; Babel reads those of Jinja."""
    code = templatize(template)
    for call in CALL.finditer(code):
        words = next(tokenize.generate_tokens(io.StringIO(code[call.end() :]).readline))
        yield ast.literal_eval(words.string)


@pytest.fixture(scope="module")
def translated():
    with (LOCALE / "django.po").open("rb") as source:
        return read_po(source, locale="az")


def test_no_text_is_left_untranslated(texts, translated, settings):
    missing = [
        message
        for message in texts
        if (entry := translated.get(message)) is None
        or not all([entry.string] if isinstance(entry.string, str) else entry.string)
    ]

    assert len(texts) > 2_000
    assert missing == []
    # Every folder of Jinja templates is read.
    folders = [
        Path(folder).relative_to(settings.BASE_DIR)
        for engine in settings.TEMPLATES
        if engine.get("NAME") == "jinja"
        for folder in engine["DIRS"]
    ]

    assert folders
    for folder in folders:
        assert any(Path(where).is_relative_to(folder) for where in texts.values()), folder


def test_translations_keep_every_placeholder(translated):
    broken = {entry.id: errors for entry in translated if (errors := list(entry.check(translated)))}

    assert broken == {}


def test_no_text_is_translated_twice():
    entries = (LOCALE / "django.po").read_text().split("\n\n")
    ids = [entry[match.start() :] for entry in entries if (match := ENTRY_ID.search(entry))]
    ids = [text.partition("\nmsgstr")[0] for text in ids]

    assert [text for text, count in Counter(ids).items() if count > 1] == []


def test_every_filter_and_sort_order_has_a_label():
    for code, (_param, values) in ALL_CHOICES.items():
        assert set(values) <= set(labels.KINDS[code]), code
    assert {*FACETS, *DETAIL_FACETS} == set(labels.FACET) == set(labels.FACET_HELP)
    assert {*ALL_RANGES} - {"price"} == set(labels.UNITS)
    assert set(SORTS) == set(labels.SORT)
    assert labels.label_for("glow_in_the_dark", "features") == "glow in the dark"
    with override("az"):
        assert labels.label_for("red_light", "features") == "Qırmızı işıq"


@pytest.mark.parametrize(
    ("language", "money", "number", "days", "duration"),
    [
        ("en", "€1,069.90", "1,800", "3–7 Dec", ("3.5", "h")),
        ("az", "1.069,90 €", "1.800", "3–7 dek", ("3,5", "h")),
    ],
)
def test_amounts_and_days_are_formatted_by_language(language, money, number, days, duration):
    assert formats.money(Money(Decimal("1069.9"), "EUR"), language).replace("\xa0", " ") == money
    assert formats.number(1800, language) == number
    assert (
        formats.days(date(2026, 12, 3), date(2026, 12, 7), language).replace("\u2009", "") == days
    )
    assert formats.duration(210, language) == duration


@pytest.mark.parametrize(
    ("language", "amounts"),
    [("en", ["AZN 12.34", "-AZN 0.50"]), ("az", ["12,34 AZN", "-0,50 AZN"])],
)
def test_currency_code_is_separated_from_the_number(language, amounts):
    shown = [formats.money(Money(Decimal(each), "AZN"), language) for each in ("12.34", "-0.5")]

    assert [each.replace("\xa0", " ") for each in shown] == amounts


def test_runtime_is_rounded():
    minutes = (40, 60, 90, 725, 6000)
    expected = [("40", "min"), ("1", "h"), ("1.5", "h"), ("12", "h"), ("100", "h")]

    assert [formats.duration(each, "en") for each in minutes] == expected


def test_age_is_in_words_and_never_in_the_future():
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    assert formats.ago(now - timedelta(minutes=4), now, "en") == "4 minutes ago"
    assert formats.ago(now + timedelta(minutes=4), now, "en") == "1 second ago"
    assert formats.ago(now - timedelta(minutes=4), now, "az") == "4 dəqiqə öncə"


@pytest.mark.parametrize(
    ("language", "codes", "names"),
    [
        ("en", "LU CI CZ CU AT", ["Austria", "Côte d’Ivoire", "Cuba", "Czechia", "Luxembourg"]),
        ("az", "SE ES CZ DE AZ", ["Almaniya", "Azərbaycan", "Çexiya", "İspaniya", "İsveç"]),
    ],
)
def test_countries_are_sorted_by_the_alphabet(language, codes, names):
    shown = [name for _code, name in formats.countries(tuple(codes.split()), language)]

    assert shown == names


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/en/c/headlamps/?f=zoom", "/az/c/headlamps/?f=zoom"),
        ("/en/", "/az/"),
        ("/az/p/en/", "/az/p/en/"),
        ("/nowhere/", "/az/"),
    ],
)
def test_language_link_leads_to_the_same_page(path, other):
    assert in_language(path, "az") == other
