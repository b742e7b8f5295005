"""Competitor price admin: upload, preview and import price lists, show prices and daily sales."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from catalog.competitors import labels, matching, price_import
from catalog.competitors.csv_format import RejectedLine, UnreadableFileError
from catalog.competitors.labels import PRICE_LIST_FIELDSETS
from catalog.models import (
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorPriceList,
    DailySales,
    RepricingRequest,
)
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, confirmed_action, register_read_only

MAX_SHOWN_LINES = 200


class CompetitorPriceListForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV with the columns competitor, price, currency, and sku, gtin, or "
            "brand and mpn. Optional: tax (incl or excl), url, as_of, confidence. "
            "Or JSON: a list of objects with these names."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.json"}),
    )

    class Meta:
        model = CompetitorPriceList
        fields = ()

    def clean_file(self) -> "UploadedFile[bytes]":
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        if (upload.size or 0) > price_import.MAX_BYTES:
            raise forms.ValidationError(gettext("Maximum 8 MB."), code="too_large")
        try:
            price_import.decode(upload.read())
        except UnreadableFileError as error:
            message = labels.message(error.code, error.values)
            raise forms.ValidationError(message, code="unreadable") from error
        upload.seek(0)
        return upload


@admin.register(CompetitorPriceList)
class CompetitorPriceListAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Upload competitor prices as CSV or JSON. You check the file before its prices "
        "apply. Prices from the API and from sources appear here automatically."
    )
    may_add = True
    add_form = CompetitorPriceListForm
    groups = PRICE_LIST_FIELDSETS
    list_display: ClassVar = [
        "name",
        columns.age("received_at", _("Received")),
        "received_by",
        "source_type",
        columns.age("imported_at", _("Applied")),
        "review_reason",
        "import_result",
    ]
    list_filter: ClassVar = ["source_type"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["content", "refused", "problem", "counts"]
    readonly_fields: ClassVar = ["review_reason", "import_result", "lines"]
    actions_detail: ClassVar = ["import_list"]
    user_errors: ClassVar = (UnreadableFileError,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CompetitorPriceList]:
        """Defer the large columns: only the page of one list needs them."""
        return super().get_queryset(request).defer("content", "refused")

    def save_model(
        self,
        request: HttpRequest,
        obj: CompetitorPriceList,
        form: CompetitorPriceListForm,
        change: bool,
    ) -> None:
        upload = form.cleaned_data["file"]
        price_list = price_import.store_list(
            name=upload.name, content=upload.read(), **acting(request)
        )
        obj.pk = price_list.pk
        obj.refresh_from_db()

    @admin.display(description=_("Problem"), ordering="problem")
    def review_reason(self, file: CompetitorPriceList) -> str:
        return labels.review_reason(file)

    @admin.display(description=_("Import result"))
    def import_result(self, file: CompetitorPriceList) -> str:
        return labels.import_result(file.counts)

    @admin.display(description=_("Rows"))
    def lines(self, file: CompetitorPriceList) -> str:
        try:
            preview = matching.preview(file=file)
        except UnreadableFileError as error:
            rejected = [RejectedLine(*row) for row in file.refused]
            why = labels.message(error.code, error.values)
            return format_html("<p>{}</p>{}", why, _rejected_rows(rejected))
        matched = [
            (
                match.line.number,
                match.sku,
                match.line.competitor,
                columns.as_money(Money(match.line.amount, match.line.currency)),
                match.by.label,
                columns.as_number(match.confidence),
            )
            for match in preview.matched[:MAX_SHOWN_LINES]
        ]
        return format_html(
            "{}{}",
            _table(
                gettext("Matched rows"),
                matched,
                total=len(preview.matched),
                headings=(
                    gettext("Row"),
                    gettext("SKU"),
                    gettext("Competitor"),
                    gettext("Price"),
                    gettext("Matched by"),
                    gettext("Match confidence (1 = certain)"),
                ),
            ),
            _rejected_rows(preview.rejected),
        )

    @confirmed_action(
        description=_("Apply matched rows"),
        icon="download_done",
        explain=_(
            "Prices that are recent and certain enough take effect immediately. "
            "Rejected rows stay in the file."
        ),
    )
    def import_list(
        self, request: HttpRequest, file: CompetitorPriceList, _cleaned_data: object
    ) -> str:
        try:
            result = price_import.import_list(file=file, **acting(request))
        except UnreadableFileError as error:
            message = labels.message(error.code, error.values)
            raise UnreadableFileError(message) from error
        hint = gettext("Prices that follow competitors are recalculated within a minute.")
        return f"{labels.import_result(result.counts)}. {hint}"


def _rejected_rows(rejected: Sequence[RejectedLine]) -> str:
    return _table(
        gettext("Rejected rows"),
        [
            (line.number, labels.message(line.code, line.values))
            for line in rejected[:MAX_SHOWN_LINES]
        ],
        total=len(rejected),
        headings=(gettext("Row"), gettext("Reason")),
    )


def _table(title: str, lines: list[tuple[Any, ...]], *, total: int, headings: Iterable[str]) -> str:
    rows = [format_html_join("", "<td>{}</td>", ((cell,) for cell in line)) for line in lines]
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in rows))
    return format_html(
        '<p>{}: {}</p><div class="today-scroll" tabindex="0" role="group" aria-label="{}">'
        '<table class="today-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        title,
        gettext("%(total)d in all") % {"total": total},
        title,
        format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings)),
        body,
    )


register_read_only(
    CompetitorPrice,
    may_delete=True,
    empty_text=_("No competitor prices yet. Upload a file, add a source, or create an API key."),
    list_display=[
        columns.link("variant", _("Variant"), text="variant__sku"),
        "competitor",
        columns.money("amount", _("Price")),
        "has_tax",
        columns.age("as_of", _("As of")),
        "confidence",
        "matched_by",
        "source",
        "reported_by",
    ],
    list_select_related=["variant"],
    list_filter=["matched_by", "currency"],
    search_fields=["variant__sku", "competitor"],
    ordering=["-id"],
)
register_read_only(
    CompetitorPriceChange,
    list_display=[
        columns.link("variant", _("Variant"), text="variant__sku"),
        "competitor",
        columns.money("amount", _("Price")),
        columns.age("as_of", _("As of")),
        "source",
        columns.age("at", _("Received")),
    ],
    list_select_related=["variant"],
    search_fields=["variant__sku", "competitor"],
    ordering=["-id"],
)
register_read_only(
    DailySales,
    list_display=[
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.text("channel__name", _("Channel")),
        "day",
        "units",
    ],
    list_select_related=["variant", "channel"],
    list_filter=["channel"],
    search_fields=["variant__sku"],
    ordering=["-day", "-id"],
)
register_read_only(
    RepricingRequest,
    list_display=[
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.age("requested_at", _("Waiting since")),
    ],
    list_select_related=["variant"],
    ordering=["id"],
)
