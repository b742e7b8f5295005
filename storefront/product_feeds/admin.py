"""Product feed admin: add feeds, show their addresses, what they contain and leave out."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from storefront.lib.address import COUNTRIES
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.fieldsets import Group
from storefront.product_feeds import building, tasks
from storefront.product_feeds.models import ProductFeed
from storefront.product_feeds.products import Exclusion

EXCLUSION_LABELS = {
    Exclusion.UNDELIVERABLE: _("cannot be delivered to the country"),
    Exclusion.NO_PICTURE: _("no picture"),
    Exclusion.PACKS_ONLY: _("sold in packs only"),
}
CONTENT_FIELDS = ProductFeed.CONTENT_FIELDS
FIELDS = (
    Group(_("Feed"), (*CONTENT_FIELDS, "is_active")),
    Group(
        _("Last build"), ("address", "items", "left_out", "built_at", "build_seconds", "problem")
    ),
)


class ProductFeedForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    def clean_country(self) -> str:
        code: str = self.cleaned_data["country"].strip().upper()
        if code not in COUNTRIES:
            raise forms.ValidationError(_("Enter a country code of two letters, such as DE."))
        return code

    def clean(self) -> dict[str, Any] | None:
        """Require a country that the channel delivers to."""
        cleaned = super().clean()
        data = self.cleaned_data
        if (channel := data.get("channel")) is None:
            return cleaned
        if not channel.is_storefront:
            self.add_error(
                "channel", _("Choose a market of our own site: items link to its pages.")
            )
        elif data.get("country") and data["country"] not in channel.destinations:
            self.add_error("country", _("The channel does not sell to this country."))
        elif channel.languages and data.get("language") not in channel.languages:
            self.add_error("language", _("The channel is not offered in this language."))
        return cleaned


@admin.register(ProductFeed)
class ProductFeedAdmin(StaffAdmin):
    form = ProductFeedForm
    may_add = True
    may_delete = True
    editable = (*CONTENT_FIELDS, "is_active")
    groups = FIELDS
    exclude: ClassVar = ["key", "file", "excluded", "building_until"]
    empty_text: ClassVar = _(
        "No product feeds yet. Add one, then enter its address at Google, Meta or Microsoft."
    )
    list_display: ClassVar = [
        "target",
        columns.text("channel__name", _("Channel")),
        "country",
        "language",
        "file_type",
        "items",
        "left_out",
        columns.age("built_at", _("Built")),
        "is_active",
        "problem",
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["target", "channel", "is_active"]
    readonly_fields: ClassVar = ["address", "left_out"]
    actions_detail: ClassVar = ["build_now"]

    @action(description=_("Build now"), icon="refresh")
    def build_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Queue a build; the page shows its result after a reload."""
        feed = self.row(request, object_id)
        self.message_user(request, _("The build has started. Reload the page to see its result."))
        self.wake(request, tasks.build, feed_id=feed.pk)
        return HttpResponseRedirect(self.page_of(feed))

    @admin.display(description=_("Address"))
    def address(self, feed: ProductFeed) -> SafeString:
        """Show the address that the reader fetches."""
        url = settings.PUBLIC_URL + reverse("product-feed", args=[feed.key, feed.file_type])
        return format_html('<a href="{}">{}</a>', url, url)

    @admin.display(description=_("Left out"))
    def left_out(self, feed: ProductFeed) -> str:
        counts = sorted(feed.excluded.items())
        texts = [f"{count} {EXCLUSION_LABELS[Exclusion(code)]}" for code, count in counts]
        return ", ".join(texts) or "–"

    def save_model(
        self,
        request: HttpRequest,
        obj: ProductFeed,
        form: "forms.ModelForm[ProductFeed]",
        change: bool,
    ) -> None:
        """Store the feed; if its content changes, its old file is deleted and a new one is built."""
        old_file = obj.file
        if has_new_content := bool(set(form.changed_data) & set(CONTENT_FIELDS)):
            obj.file, obj.built_at = "", None
        super().save_model(request, obj, form, change)
        if old_file and has_new_content:
            building.delete_file(old_file)
        self.wake(request, tasks.build_due)

    def delete_model(self, request: HttpRequest, obj: ProductFeed) -> None:
        super().delete_model(request, obj)
        building.delete_file(obj.file)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProductFeed]) -> None:
        for feed in queryset:
            self.delete_model(request, feed)
