"""Channel admin: edit channels and selling costs, open a draft of price rules, reprice."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import validate_host
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from catalog.markets.registry import RESERVED_PATHS
from catalog.models import Channel, SellingCosts
from catalog.price_books import versions
from catalog.price_books.forms import SellingCostsForm
from catalog.price_books.labels import CHANNEL_FIELDSETS, SELLING_COST_FIELDSETS
from catalog.pricing.policy import TERMS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, confirmed_action
from storefront.lib.staff.form_fields import CountriesField, CountryField, CurrencyField


def _cost_columns(names: Iterable[str]) -> Iterator[columns.Column]:
    for name in names:
        label = columns.field_label(SellingCosts, name)
        if name.endswith("_rate"):
            yield columns.percent(name, label)
        else:
            yield columns.money(name, label, currency="channel__currency")


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    currency = CurrencyField()
    default_country = CountryField()
    countries = CountriesField()
    default_language = forms.ChoiceField(choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget)
    languages = forms.MultipleChoiceField(
        choices=settings.LANGUAGES, widget=UnfoldAdminCheckboxSelectMultipleWidget, required=False
    )

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"]
        if host and not validate_host(host, settings.ALLOWED_HOSTS):
            message = gettext("Add %(host)s to ALLOWED_HOSTS first. The shop refuses its requests.")
            raise forms.ValidationError(message % {"host": host})
        return host

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"]
        if path in RESERVED_PATHS or path in dict(settings.SUPPLIER_LANGUAGES):
            message = gettext("Choose another path. Other pages of the site begin with %(path)s.")
            raise forms.ValidationError(message % {"path": path})
        return path

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        usual, chosen = cleaned.get("default_country"), cleaned.get("countries")
        if usual and chosen and usual not in chosen:
            message = gettext("Include the default country %(code)s.")
            self.add_error("countries", message % {"code": usual})
        terms = SellingCosts.objects.filter(channel=self.instance.pk, tax_rate__gt=0)
        if cleaned.get("prices_exclude_tax") and self.instance.pk and terms.exists():
            message = gettext(
                "The selling costs of this channel say that tax is in the "
                "price. Set that tax rate to 0 first."
            )
            self.add_error("prices_exclude_tax", message)
        offered = cleaned.get("languages")
        if offered and cleaned.get("default_language", offered[0]) not in offered:
            self.add_error("languages", gettext("Include the default language."))
        return cleaned


@admin.register(Channel)
class ChannelAdmin(StaffAdmin):
    form = ChannelForm
    editable = (
        "name",
        "default_country",
        "countries",
        "prices_exclude_tax",
        "is_storefront",
        "host",
        "path",
        "default_language",
        "languages",
        "safety_stock",
        "low_stock_units",
        "max_split_locations",
    )
    may_add = True
    groups = CHANNEL_FIELDSETS
    list_display: ClassVar = [
        "code", "name", "currency", "default_country", "is_storefront", "host", "path",
        "safety_stock",
    ]  # fmt: skip
    ordering: ClassVar = ["id"]
    exclude: ClassVar = ["reprice_locked_until", "supplied_under", "published_max_split_locations"]
    readonly_fields: ClassVar = ["reprice_requested_at", "repriced_at"]
    actions_detail: ClassVar = ["new_draft", "reprice"]
    user_errors: ClassVar = (versions.NotReadyError,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the defaults of the database, which an empty form does not show."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        fields = (Channel.low_stock_units.field, Channel.max_split_locations.field)
        return {**{field.name: field.db_default for field in fields}, **initial}

    def save_model(
        self, request: HttpRequest, obj: Channel, form: "forms.ModelForm[Channel]", change: bool
    ) -> None:
        before = Channel.objects.filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        if before is not None and before.destinations != obj.destinations:
            versions.request_repricing(channel=obj, now=timezone.now())

    @action(description=_("New price book draft"), icon="edit_note")
    def new_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self.row(request, object_id)
        drafts = []
        answer = self.ask(
            request,
            channel,
            title=gettext("New price book draft"),
            explain=gettext("The draft starts with the live rules and limits."),
            act=lambda _values: drafts.append(
                versions.create_draft(channel=channel, **acting(request))
            ),
            done=gettext("Draft created. It has no effect until it goes live."),
        )
        if drafts:
            page = reverse("admin:catalog_pricebook_change", args=[drafts[0].pk])
            return HttpResponseRedirect(page)
        return answer

    @confirmed_action(
        description=_("Recalculate all prices"),
        icon="refresh",
        explain=_("Uses the live price book, the selling costs and today's exchange rates."),
        done=_("The prices are recalculated within a minute."),
    )
    def reprice(self, _request: HttpRequest, channel: Channel, _cleaned_data: object) -> None:
        versions.request_repricing(channel=channel, now=timezone.now())


@admin.register(SellingCosts)
class SellingCostsAdmin(StaffAdmin):
    """Selling costs; a change reprices the channel."""

    empty_text: ClassVar = _("Add selling costs. Without them, a channel has no prices.")
    form = SellingCostsForm
    editable = TERMS
    may_add = True
    may_delete = True
    groups = SELLING_COST_FIELDSETS
    list_display: ClassVar = [
        columns.text("channel__name", _("Channel")),
        "origin",
        "supplier_code",
        *_cost_columns(editable),
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["channel"]
    ordering: ClassVar = ["channel", "supplier_code", "origin"]

    def save_model(
        self,
        request: HttpRequest,
        obj: SellingCosts,
        form: "forms.ModelForm[SellingCosts]",
        change: bool,
    ) -> None:
        super().save_model(request, obj, form, change)
        versions.request_repricing(channel=obj.channel, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: SellingCosts) -> None:
        super().delete_model(request, obj)
        versions.request_repricing(channel=obj.channel, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SellingCosts]) -> None:
        for row in queryset:
            self.delete_model(request, row)
