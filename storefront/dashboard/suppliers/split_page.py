"""Split pages: choose the offers or variants that are another item, and where they go."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminRadioSelectWidget

from catalog.models import Identifier, Product, Variant
from catalog.models.products import WIDTHS_PX
from catalog.products import images
from storefront.dashboard import staff_page
from storefront.dashboard.suppliers.open_orders import refuse_open_orders
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.admin import acting
from storefront.lib.staff.form_fields import LinesField, use_staff_widgets
from storefront.lib.tasks import enqueue
from suppliers.inventory import tasks
from suppliers.matches import splits
from suppliers.matches.splits import Target
from suppliers.models import MatchDecision, SupplierOffer
from suppliers.offers.overrides import OverrideError

CHANGE = "catalog.change_product"
NEW_PRODUCT, NEW_VARIANT, EXISTING = "product", "variant", "existing"


def _choices(label: Any, **options: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, coerce=int, widget=UnfoldAdminCheckboxSelectMultipleWidget, **options
    )


class SplitOffersForm(forms.Form):
    """Offers of a variant, what goes along, and the target."""

    offers = _choices(_("Offers to move"))
    identifiers = _choices(
        _("Identifiers to move"),
        required=False,
        help_text=_("Choose the GTINs and part numbers that these offers state."),
    )
    images = _choices(_("Images to move"), required=False)
    goal = forms.ChoiceField(
        label=_("Target"),
        widget=UnfoldAdminRadioSelectWidget,
        initial=NEW_PRODUCT,
        choices=[
            (NEW_PRODUCT, _("A new product, as a draft")),
            (NEW_VARIANT, _("A new variant of this product")),
            (EXISTING, _("An offer of an existing variant")),
        ],
    )
    title = forms.CharField(label=_("Title of the new product"), max_length=150, required=False)
    option_values = LinesField(
        label=_("Options of the new variant"),
        required=False,
        help_text=_("One per line, in the order of the option names of the product."),
    )
    sku = forms.CharField(label=_("SKU of the existing variant"), max_length=40, required=False)
    is_redirected = forms.BooleanField(
        label=_("Redirect the old page"),
        required=False,
        help_text=_(
            "Only if no offer remains. The old product is archived, and its page redirects to the other one."
        ),
    )

    def __init__(self, *args: Any, variant: Variant, names_suppliers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = variant.offers.exclude(status=SupplierOffer.Status.DISCONTINUED)
        _offer(self, "offers", [
            (
                offer.pk,
                f"{offer.supplier.name} · {offer.supplier_sku} · {offer.title}"
                if names_suppliers
                else offer.title,
            )
            for offer in offers.select_related("supplier").order_by("pk")
        ])  # fmt: skip
        _offer(self, "identifiers", [
            (row.pk, f"{row.get_scheme_display()} {row.raw or row.value}")
            for row in variant.identifiers.exclude(scheme=Identifier.Scheme.SUPPLIER).order_by("pk")
        ])  # fmt: skip
        _offer(self, "images", _images(variant.product))
        use_staff_widgets(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        goal = cleaned.get("goal")
        if goal == NEW_PRODUCT and not cleaned.get("title", "").strip():
            self.add_error("title", gettext("Enter a title."))
        if goal == EXISTING:
            cleaned["variant"] = Variant.objects.filter(sku=cleaned.get("sku", "").strip()).first()
            if cleaned["variant"] is None:
                self.add_error("sku", gettext("No variant has this SKU."))
        return cleaned

    def target(self) -> Target:
        given = self.cleaned_data
        if given["goal"] == EXISTING:
            return Target(variant=given["variant"])
        if given["goal"] == NEW_VARIANT:
            return Target(option_values=given["option_values"])
        return Target(title=given["title"])


class SplitVariantsForm(forms.Form):
    """Variants of a product that become a new product."""

    variants = _choices(_("Variants to move"))
    title = forms.CharField(label=_("Title of the new product"), max_length=150)
    images = _choices(
        _("Images to move"),
        required=False,
        help_text=_("Images of the chosen variants move in any case."),
    )

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = product.variants.exclude(status=Variant.Status.DISCONTINUED).order_by("position")
        choices = [(row.pk, f"{row.sku} · {row.options_text}") for row in listed]
        _offer(self, "variants", choices)
        _offer(self, "images", _images(product))
        use_staff_widgets(self)


def _offer(form: forms.Form, name: str, choices: list[tuple[int, str]]) -> None:
    field: Any = form.fields[name]
    field.choices = choices
    if not choices and not field.required:
        del form.fields[name]


def _images(product: Product) -> list[tuple[int, str]]:
    """Return the downloaded images with their view, and the SKU if a variant's."""
    rows = product.images.exclude(stem="").select_related("variant").order_by("position", "pk")
    line = '<img class="choice-picture" src="{}" alt="" loading="lazy"> {}'
    choices: list[tuple[int, str]] = []
    for row in rows:
        parts = [row.get_role_display(), row.variant.sku if row.variant else ""]
        label = format_html(
            line, images.url_of(row.stem, min(WIDTHS_PX)), " · ".join(filter(None, parts))
        )
        choices.append((row.pk, label))
    return choices


@require_http_methods(staff_page.FORM_METHODS)
def split_offers(request: HttpRequest, variant_id: int) -> HttpResponse:
    staff_page.require(request, CHANGE)
    variant = get_object_or_404(Variant.objects.select_related("product"), pk=variant_id)
    names = request.user.has_perm(VIEW_COSTS)
    form = SplitOffersForm(request.POST or None, variant=variant, names_suppliers=names)

    def act() -> MatchDecision:
        given = form.cleaned_data
        return splits.split_offers(
            variant=variant,
            offers=given["offers"],
            target=form.target(),
            identifiers=given.get("identifiers", ()),
            images=given.get("images", ()),
            is_redirected=given["is_redirected"],
            check_orders=refuse_open_orders,
            **acting(request),
        )

    return _answer(
        request, form, act,
        title=gettext("Split offers"),
        explain=gettext(
            "The chosen offers are another item. Imports keep this decision. You can undo it in Match review."
        ),
        original=variant.full_title,
        back=reverse("admin:catalog_variant_change", args=[variant.pk]),
    )  # fmt: skip


@require_http_methods(staff_page.FORM_METHODS)
def split_variants(request: HttpRequest, product_id: int) -> HttpResponse:
    staff_page.require(request, CHANGE)
    product = get_object_or_404(Product, pk=product_id)
    form = SplitVariantsForm(request.POST or None, product=product)

    def act() -> MatchDecision:
        given = form.cleaned_data
        return splits.split_variants(
            product=product,
            variants=given["variants"],
            title=given["title"],
            images=given.get("images", ()),
            check_orders=refuse_open_orders,
            **acting(request),
        )

    return _answer(
        request, form, act,
        title=gettext("Split product"),
        explain=gettext(
            "The chosen variants become a new product, as a draft. You can undo this in Match review."
        ),
        original=product.title,
        back=reverse("admin:catalog_product_change", args=[product.pk]),
    )  # fmt: skip


def _answer(
    request: HttpRequest, form: forms.Form, act: Callable[[], MatchDecision], **shown: Any
) -> HttpResponse:
    if form.is_valid():
        try:
            decision = act()
        except OverrideError as refusal:
            form.add_error(None, str(refusal))
        else:
            enqueue(tasks.publish_pending)
            messages.success(request, gettext("Split. Check the texts, then publish the product."))
            made = decision.other
            page = reverse("admin:catalog_variant_change", args=[made.pk if made else 0])
            return HttpResponseRedirect(page)
    return staff_page.render(request, "staff/confirm_action.html", form=form, **shown)
