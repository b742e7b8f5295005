"""What staff fill in when another is sent instead of what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from orders.models import ReturnLine
from orders.returns.exchange_options import Other
from storefront.lib.staff import columns


def instead_form(
    lines: Iterable[ReturnLine], may_be: Mapping[int, Sequence[Other]], *, same: Promise | str
) -> type[forms.Form]:
    """Make the form that chooses for each line what is sent; ``same`` words that it is no other."""
    fields: dict[str, Any] = {
        f"instead_{line.order_line_id}": forms.TypedChoiceField(
            label=f"{line.order_line.sku}: {line.order_line.title}",
            choices=[("", same), *(_choice(one) for one in may_be.get(line.order_line_id, ()))],
            coerce=int,
            empty_value=None,
            required=False,
            initial=line.wanted_id or "",
            help_text=_("Other variants of it, and what replaces it, as far as they are sold now."),
            widget=UnfoldAdminSelectWidget,
        )
        for line in lines
    }
    return type("InsteadForm", (forms.Form,), fields)


def _choice(one: Other) -> tuple[int, str]:
    words = _("%(title)s, %(price)s: it costs more") if one.is_dearer else _("%(title)s, %(price)s")
    return one.variant.pk, words % {"title": one.title, "price": columns.as_money(one.price)}


def exchange_form(
    lines: Iterable[ReturnLine], may_be: Mapping[int, Sequence[Other]]
) -> type[forms.Form]:
    """Make the form that replaces: by the same goods, or by others."""
    is_free = forms.BooleanField(
        label=_("Send it at no extra cost, although it costs more"),
        required=False,
        help_text=_("What it costs more is ours. Otherwise the shopper returns it and buys anew."),
        widget=UnfoldBooleanSwitchWidget,
    )
    form = instead_form(lines, may_be, same=_("The same"))
    return type("ExchangeForm", (form,), {"is_free": is_free})


def instead_in(given: Mapping[str, Any], lines: Iterable[ReturnLine]) -> dict[int, int | None]:
    """Read what was chosen, by the line that was sold; None: no other."""
    return {line.order_line_id: given.get(f"instead_{line.order_line_id}") for line in lines}
