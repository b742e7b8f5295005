"""Competitor labels: explain why a line is rejected or a list waits, name the form fields.

Workers check the lines, and the results are kept for days. So a code with its values is stored and
becomes text when the page is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import CompetitorFile
from catalog.models.competitors import Became, Match
from storefront.lib.staff.fieldsets import Field, Group

COMPETITOR_FILE = (
    Group(
        _("The file"),
        {
            "file": Field(
                _("File"),
                _(
                    "CSV with headings: competitor, price, currency, and sku, gtin or brand and"
                    " mpn. It may say tax (incl or excl), url, as_of and confidence."
                    " Or JSON: a list of objects with these names."
                ),
            ),
        },
    ),
)


WORDS: Mapping[str, Promise | str] = {
    "no_competitor": _("No competitor is named."),
    "no_goods": _("It names no goods: no SKU, no GTIN, no brand with part number."),
    "no_address": _("%(told)s is no address."),
    "no_price": _("%(told)s is no price: write it as 1234.50."),
    "costs_nothing": _("Nothing costs 0."),
    "no_currency": _("%(told)s is no currency."),
    "no_tax": _("%(told)s does not say whether tax is in it: write incl or excl."),
    "no_date": _("%(told)s is no date: write it as 2026-11-24."),
    "no_confidence": _("%(told)s is no confidence: write it as 0.9."),
    "gtin_no_digits": _("%(told)s is not made of digits"),
    "gtin_length": _("%(told)s has %(digits)s digits, not 8, 12, 13 or 14"),
    "gtin_placeholder": _("%(told)s is a placeholder"),
    "gtin_check_digit": _("%(told)s ends in %(last)s, its check digit would be %(right)s"),
    "no_object": _("It is no object."),
    "no_text": _("%(word)s is no text."),
    "no_field": _("There is no field %(word)s."),
    "missing": _("%(word)s is missing."),
    "to_be_text": _("%(word)s is to be text."),
    "to_be_true_or_false": _("%(word)s is to be true or false."),
    "no_moment": _("seen_at is to be written as 2026-11-24T12:00:00Z."),
    "comma": _("price is to be written as 1234.50, without a comma."),
    "currency_spelling": _("currency is to be three capital letters, such as EUR."),
    "competitor_length": _("competitor is longer than %(most)s characters."),
    "confidence_empty": _("confidence is empty: leave it out, or write it as 0.9."),
    "ourselves": _("It is our own shop."),
    "future": _("It is of %(day)s, in the future."),
    "old": _("It is of %(day)s: what is older than %(days)s days does not count."),
    "not_ours": _("We have no such goods: %(goods)s."),
    "different": _("The %(names)s name different goods of ours."),
    "twice": _("Another line names the same goods and shop."),
    "gone": _("The goods have just gone."),
    "bad_csv": _("Line %(number)s: %(problem)s"),
    "too_many": _("It has more than %(most)s lines: split it."),
    "no_column": _("No column says: %(columns)s."),
    "no_json": _("It is no JSON: %(problem)s"),
    "no_list": _("It is neither a list nor an object with a list “%(name)s”."),
    "forgotten": _("Its lines are not kept any more."),
    "too_large": _("It is larger than %(most)s MB: split it."),
    "no_utf8": _("It is not written in UTF-8."),
    "no_lines": _("It has no lines."),
    "nothing_to_keep": _("It says that nothing changed, and we have nothing."),
    "cut_off": _("Its last line has no end: it may have been cut off."),
}
DOUBTFUL = "doubtful"


def words(code: str, values: Mapping[str, Any]) -> str:
    """Return why a line or a list is rejected; a stored sentence is returned as is."""
    sentence = WORDS.get(code)
    if sentence is None:
        return code
    shown = dict(values)
    if "goods" in shown:
        shown["goods"] = ", ".join(f"{Match(by).label} {name}" for by, name in shown["goods"])
    if "names" in shown:
        between = gettext(" and ")
        shown["names"] = between.join(str(Match(by).label) for by in shown["names"])
    return str(sentence) % shown


def problem(file: CompetitorFile) -> str:
    """Return why staff must check a list; empty if they need not."""
    return doubt(file.counts) if file.problem == DOUBTFUL else file.problem


def doubt(counts: Mapping[str, Any]) -> str:
    """Return how many prices of a list changed implausibly."""
    return (
        gettext(
            "%(moved)d of %(known)d prices that we know move by a factor of %(factor)d or more, or"
            " to another currency. A person is to look at the list and take it in."
        )
        % counts
    )


def became(counts: Mapping[str, Any]) -> str:
    """Return how many lines had each result; zeros are omitted."""
    said = {**{one.value: one.label for one in Became}, "refused": _("refused")}
    if "changed" not in counts and "matched" in counts:
        said |= {"matched": _("ours")}  # not imported
    return " · ".join(f"{name}: {counts[code]}" for code, name in said.items() if counts.get(code))


# Form fields of a price source

SOURCE = (
    Group(
        _("Whom we ask"),
        {
            "name": Field(_("Name"), _("Prices that it tells carry this name.")),
            "url": Field(
                _("Address"),
                _("Where its list is, such as https://prices.example/list.csv. 8 MB at most."),
            ),
            "dialect": Field(
                _("Written in"),
                _("CSV with headings, or JSON: the names are those of a file that staff bring."),
            ),
        },
    ),
    Group(
        _("How often"),
        {
            "every_min": Field(
                _("Asked every (minutes)"),
                _("From 5 minutes to 3 days. A price counts for 7 days after it was seen."),
            ),
            "is_on": Field(_("Is asked"), _("Off: what it told stays until it is too old.")),
        },
    ),
    Group(
        _("How it knows us"),
        {
            "header": Field(
                _("Header of the secret"),
                _("Such as X-Api-Key. Empty: it asks for none, and a kept secret is forgotten."),
            ),
            "secret": Field(
                _("Value of the secret"), _("Write-only: leave it empty to keep what is there.")
            ),
        },
    ),
)
