"""Invoice labels: texts of rows and notes, in the active language. The PDF and the XML show them."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from orders.customer_invoices.rows import RowKind


def row_title(row: Mapping[str, str]) -> str:
    """Return why a row is on the document, and what it is for."""
    labels = {
        RowKind.DELIVERY: _("Delivery"),
        RowKind.ADJUSTMENT: _("Price adjustment"),
        RowKind.RETURN: _("Returned items"),
        RowKind.EXCHANGE: _("Price difference of an exchange"),
        RowKind.CANCELED: _("Canceled items"),
        RowKind.REFUND: _("Refund"),
    }
    label = labels.get(RowKind(row["kind"]), "")
    return ": ".join(filter(None, (label, row["title"])))


def note_texts(codes: Iterable[str]) -> list[str]:
    """Return the notes about tax, by the codes of ``snapshot.NOTES``."""
    notes = {
        "ioss": _(
            "The VAT is paid under the Import One Stop Shop (IOSS). It is not due again on import."
        ),
        "untaxed": _(
            "No tax is charged, because we are not registered for tax at the place of"
            " delivery. Taxes on import may be due."
        ),
    }
    return [notes[code] for code in codes]
