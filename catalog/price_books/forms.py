"""Price forms: parse tiers from one line of text, validate rules and selling costs."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.enums import Basis, Method
from catalog.models import PriceBook, PriceRule
from catalog.price_books import supplier_codes
from storefront.lib.money import smallest_unit
from storefront.lib.staff.form_fields import clean_country


class TiersField(forms.CharField):
    """Tiers in one line of text: ``20: 0.35, 100: 0.30``."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return ", ".join(f"{start}: {tier}" for start, tier in value)
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        pairs: list[list[str]] = []
        for part in filter(None, (item.strip() for item in str(value or "").split(","))):
            start, colon, tier = part.partition(":")
            try:
                read = [Decimal(start.strip()), Decimal(tier.strip())]
            except InvalidOperation:
                read = []
            if not colon or not read or not all(item.is_finite() for item in read) or read[0] < 0:
                raise forms.ValidationError(gettext("Use the format 20: 0.35, 100: 0.30"))
            pairs.append([str(item) for item in read])
        return sorted(pairs, key=lambda pair: Decimal(pair[0]))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class PriceRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    tiers = TiersField(required=False)

    class Meta:
        model = PriceRule
        fields = (
            "book",
            "number",
            "category",
            "brand",
            "supplier_code",
            "product",
            "variant",
            "basis",
            "method",
            "value",
            "tiers",
            "step",
            "ending",
            "starts_at",
            "ends_at",
            "is_promotion",
            "undercut_rate",
            "low_cover_days",
            "raise_rate",
            "high_cover_days",
            "lower_rate",
        )

    def __init__(self, *args: Any, **known: Any) -> None:
        super().__init__(*args, **known)
        if "book" in self.fields:
            drafts = PriceBook.objects.filter(status=PriceBook.Status.DRAFT)
            self.fields["book"].queryset = drafts.select_related("channel")  # type: ignore[attr-defined]

    def clean_supplier_code(self) -> str:
        return supplier_codes.clean(self.cleaned_data["supplier_code"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._method(values)
        step, ending = values.get("step"), values.get("ending")
        if step is not None and ending is not None and not 0 <= ending < step:
            self.add_error("ending", gettext("The ending must be lower than the step."))
        book = values.get("book") or (self.instance.book if self.instance.book_id else None)
        if (
            book is not None
            and ending is not None
            and ending % smallest_unit(book.channel.currency)
        ):
            message = gettext("%(currency)s does not have this many decimal places.") % {
                "currency": book.channel.currency
            }
            self.add_error("ending", message)
        start, end = values.get("starts_at"), values.get("ends_at")
        if values.get("is_promotion") and not (start and end):
            self.add_error("ends_at", gettext("An announced discount needs a start and an end."))
        if start and end and end <= start:
            self.add_error("ends_at", gettext("The end must be after the start."))
        return values

    def _method(self, cleaned: dict[str, Any]) -> None:
        values = [
            cleaned.get("value"),
            *(Decimal(tier) for _start, tier in cleaned.get("tiers") or ()),
        ]
        known = [value for value in values if value is not None]
        if cleaned.get("method") == Method.MARGIN:
            if cleaned.get("basis") != Basis.COST:
                message = gettext("A margin can only be based on the landed cost.")
                self.add_error("method", message)
            if not all(0 <= value < 1 for value in known):
                self.add_error("value", gettext("A margin must be between 0 and 1."))
        elif cleaned.get("basis") == Basis.COST and any(value < 0 for value in known):
            self.add_error(
                "value", gettext("The value cannot be negative: prices must cover the cost.")
            )


class SellingCostsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form of selling costs; ``*`` matches all suppliers or origins."""

    def clean_origin(self) -> str:
        origin: str = self.cleaned_data["origin"]
        return origin if origin == "*" else clean_country(origin)

    def clean_supplier_code(self) -> str:
        return supplier_codes.clean(self.cleaned_data["supplier_code"])
