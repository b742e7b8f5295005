"""Competitor labels: messages for rejected rows and lists held for review, groups of form fields.

Workers check the rows, and the results are kept for days. Therefore a code and its values are
stored, and the text is rendered in the reader's language.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import CompetitorPriceList
from catalog.models.competitors import ImportOutcome, MatchMethod
from storefront.lib.staff.fieldsets import Group

PRICE_LIST_FIELDSETS = (Group(_("File"), ("file",)),)


MESSAGES: Mapping[str, Promise | str] = {
    "no_competitor": _("The competitor is missing."),
    "no_goods": _("The product is missing. Enter a SKU, a GTIN, or a brand with a part number."),
    "no_address": _("%(value)s is not a valid URL."),
    "no_price": _("%(value)s is not a valid price. Use the format 1234.50."),
    "costs_nothing": _("The price must be above 0."),
    "no_currency": _("%(value)s is not a valid currency."),
    "no_tax": _("%(value)s is not a valid tax value. Use incl or excl."),
    "no_date": _("%(value)s is not a valid date. Use the format 2026-11-24."),
    "no_confidence": _("%(value)s is not a valid confidence. Use the format 0.9."),
    # The GTIN messages match those of ``InvalidGtinError``, without a full stop.
    "gtin_no_digits": _("%(value)s contains characters other than digits"),
    "gtin_length": _("%(value)s has %(digits)s digits, not 8, 12, 13 or 14"),
    "gtin_placeholder": _("%(value)s is a placeholder"),
    "gtin_check_digit": _("%(value)s ends in %(last)s, but its check digit must be %(expected)s"),
    "no_object": _("The row is not an object."),
    "no_text": _("%(name)s is not text."),
    "no_field": _("The field %(name)s does not exist."),
    "missing": _("%(name)s is missing."),
    "to_be_text": _("%(name)s must be text."),
    "to_be_true_or_false": _("%(name)s must be true or false."),
    "no_moment": _("seen_at must have the format 2026-11-24T12:00:00Z."),
    "comma": _("price must have the format 1234.50, without a comma."),
    "currency_spelling": _("currency must be three capital letters, such as EUR."),
    "competitor_length": _("competitor is longer than %(most)s characters."),
    "confidence_empty": _("confidence is empty. Leave it out or use the format 0.9."),
    "ourselves": _("This is our own shop."),
    "future": _("The date %(day)s is in the future."),
    "old": _("The price of %(day)s is older than %(days)s days."),
    "not_ours": _("No matching product: %(goods)s."),
    "ambiguous": _("The %(names)s match different products."),
    "duplicate": _("Another row has the same product and shop."),
    "variant_deleted": _("The product was just removed."),
    "bad_csv": _("Row %(number)s: %(problem)s"),
    "too_many": _("The file has more than %(most)s rows. Split it."),
    "no_column": _("Missing columns: %(columns)s."),
    "no_json": _("The file is not valid JSON: %(problem)s"),
    "no_list": _("The file must be a list, or an object with a list “%(name)s”."),
    "content_deleted": _("The rows of this file were deleted."),
    "too_large": _("The file is larger than %(most)s MB. Split it."),
    "no_utf8": _("The file is not UTF-8. Save it as UTF-8 and try again."),
    "no_lines": _("The file has no rows."),
    "nothing_to_keep": _("The source reports no change, but no earlier file is stored."),
    "cut_off": _("The last row is incomplete. The file may be cut off."),
}
IMPLAUSIBLE = "doubtful"


def message(code: str, values: Mapping[str, Any]) -> str:
    shown = dict(values)
    if "goods" in shown:
        shown["goods"] = ", ".join(f"{MatchMethod(by).label} {name}" for by, name in shown["goods"])
    if "names" in shown:
        between = gettext(" and ")
        shown["names"] = between.join(str(MatchMethod(by).label) for by in shown["names"])
    return str(MESSAGES[code]) % shown


def review_reason(file: CompetitorPriceList) -> str:
    return implausible_changes(file.counts) if file.problem else ""


def implausible_changes(counts: Mapping[str, Any]) -> str:
    return (
        gettext(
            "%(moved)d of %(known)d known prices change by a factor of %(factor)d or "
            "more, or to another currency. Check the file and apply it manually."
        )
        % counts
    )


def import_result(counts: Mapping[str, Any]) -> str:
    names = {
        **{outcome.value: outcome.label for outcome in ImportOutcome},
        "refused": _("rejected"),
    }
    if "changed" not in counts and "matched" in counts:
        names |= {"matched": _("matched")}  # preview, or held for review: nothing was imported yet
    return " · ".join(f"{name}: {counts[code]}" for code, name in names.items() if counts.get(code))


SOURCE_FIELDSETS = (
    Group(_("Source"), ("name", "url", "list_format")),
    Group(_("Schedule"), ("interval_minutes", "is_enabled")),
    Group(_("Authentication"), ("header", "secret")),
)
