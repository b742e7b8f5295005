"""Product admin: edit products, categories and brands, show variants, images and cards."""

from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import (
    Category,
    Identifier,
    Image,
    Listing,
    Mode,
    Product,
    Spec,
    Variant,
)
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.products import (
    creation,
    editing,
    identifier_edits,
    image_edits,
    spec_edits,
    variant_edits,
)
from catalog.products.labels import (
    CATEGORY_FIELDSETS,
    PRODUCT_FIELDSETS,
    VARIANT_FIELDSETS,
    shown_title,
)
from catalog.products.staff.bulk_actions import ProductBulkActions, VariantBulkActions
from catalog.products.staff.category_forms import CategoryForm
from catalog.products.staff.creation_form import ProductAddForm, VariantAddForm
from catalog.products.staff.filters import FamilyFilter, MissingTextFilter
from catalog.products.staff.identifier_form import IdentifierInline, OtherIdentifierInline
from catalog.products.staff.image_form import ImageInline
from catalog.products.staff.inlines import ModeInline, SpecInline, VariantInline
from catalog.products.staff.locked_fields_admin import LockedFieldsAdmin, locked_fields
from catalog.products.staff.product_form import ProductForm
from catalog.products.staff.spec_panel import (
    basis,
    finding_messages,
    other_statements,
    spec_panel,
)
from catalog.products.staff.variant_form import VariantForm, un_number_of
from catalog.readiness.filters import FILTERS
from catalog.readiness.panel import completeness_panel, completeness_rows
from catalog.readiness.status_actions import (
    SALE_OBSTACLES,
    SALE_OBSTACLES_OF_VARIANT,
    STATUS,
    StatusActions,
)
from catalog.staff_search import variants as search
from storefront.lib.db.change_source import set_change_source
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    StaffAdmin,
    acting,
    action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import FilteredActions, IdentityActions


@admin.register(Product)
class ProductAdmin(
    search.ProductList,
    ProductBulkActions,
    FilteredActions,
    StatusActions,
    IdentityActions,
    LockedFieldsAdmin,
):
    identity_kind = "product"
    form = ProductForm
    actions_list: ClassVar = ["export_csv", "export_xlsx"]
    add_form = ProductAddForm
    may_add = True
    return_field = staticmethod(editing.return_product_field)
    editable = (*editing.LOCKABLE_FIELDS, *editing.OWN_FIELDS)
    groups = PRODUCT_FIELDSETS
    actions: ClassVar = [
        *ProductBulkActions.bulk_actions,
        *StatusActions.selection_actions,
        "merge_selected",
    ]
    actions_detail: ClassVar = [*StatusActions.status_actions, "add_variant", "translate", "split"]
    list_display: ClassVar = [
        "title",
        columns.text("brand__name", _("Brand")),
        columns.text("category", _("Category")),
        columns.text("family", _("Family")),
        STATUS,
        columns.text("overridden_fields", _("Locked attributes")),
        columns.age("updated_at", _("Changed")),
    ]
    list_select_related: ClassVar = ["brand", "category"]
    list_filter: ClassVar = ["status", FamilyFilter, *FILTERS, MissingTextFilter, "category"]
    search_fields: ClassVar = ["title"]  # shows the search box; see ``search_condition``
    search_help_text = search.SEARCH_HELP
    ordering: ClassVar = ["-id"]
    exclude = ("overridden_fields", "created_at", "titles")
    readonly_fields: ClassVar = [
        shown_title,
        spec_panel,
        completeness_panel,
        SALE_OBSTACLES,
        columns.pairs("titles", _("Titles by language"), labels=dict(settings.LANGUAGES)),
        columns.age("created_at", _("Created")),
        locked_fields,
    ]
    autocomplete_fields: ClassVar = ["brand"]
    inlines: ClassVar = [
        VariantInline,
        SpecInline,
        ModeInline,
        ImageInline,
    ]

    has_add_variant_permission = permission_check("catalog.add_variant")

    @action(description=_("Add variant"), icon="add", may="add_variant")
    def add_variant(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        return HttpResponseRedirect(f"{reverse('admin:catalog_variant_add')}?product={object_id}")

    @action(description=_("Translate"), icon="translate", may="view")
    def translate(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        product, language = self.row(request, object_id), TRANSLATED_LANGUAGES[0][0]
        return HttpResponseRedirect(reverse("supply:texts", args=[product.pk, language]))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Product]":
        """Read with a product what several parts of its page need."""
        rows: QuerySet[Product] = super().get_queryset(request)
        if not _is_page(request):
            return rows
        first_variant = Variant.objects.filter(product=OuterRef(OuterRef("pk"))).order_by("pk")
        return (
            rows.select_related("spec")
            .prefetch_related(Prefetch("variants", Variant.objects.order_by("position", "pk")))
            .annotate(
                completeness_rows=completeness_rows(),
                other_statement_rows=other_statements(),
                is_fed=self.is_named_by_supplier(first_variant),
            )
        )

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        set_change_source("staff", actor=str(request.user))
        if isinstance(form, ProductAddForm):
            name = form.cleaned_data["brand_name"]
            first = form.fill(Variant(), option_names=obj.option_names)
            creation.create_product(obj, brand_name=name, first=first)
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if changes:
            editing.apply_edit(product=obj, changes=changes, now=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # names the changes for the history; services save them
        if not formset.has_changed():
            return
        if formset.model is Spec:
            self._save_spec(request, form.instance, formset.forms[0])
        elif formset.model is Mode:
            values = {"modes": formset.edited, "reason": formset.reason}
            spec_edits.edit_modes(product=form.instance, **values, now=timezone.now())
        else:
            self._save_images(form.instance, formset)

    def _save_images(self, product: Product, formset: Any) -> None:
        changed = [(row, ("role",)) for row in formset.new_objects] + formset.changed_objects
        chosen = [row for row, names in changed if "role" in names and row.role == Image.Role.MAIN]
        image_edits.edit_images(
            product=product,
            saved=[row for row, _names in changed],
            removed=formset.deleted_objects,
            main=next(iter(chosen), None),
            now=timezone.now(),
        )

    @action(description=_("Export CSV"), icon="download", may="view")
    def export_csv(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(_file_url(request, "csv"))

    @action(description=_("Export XLSX"), icon="download", may="view")
    def export_xlsx(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(_file_url(request, "xlsx"))

    def _save_spec(self, request: HttpRequest, product: Product, form: Any) -> None:
        values = {"changes": form.changes(), "reasons": form.reasons()}
        for finding in spec_edits.edit_spec(product=product, **values, **acting(request)):
            message = _("Unlikely: %(finding)s.") % {"finding": finding.message}
            self.message_user(request, message, messages.WARNING)


def _is_page(request: HttpRequest) -> bool:
    """Return whether the request is for the page of one row."""
    match = request.resolver_match
    return match is not None and "object_id" in match.kwargs


def _file_url(request: HttpRequest, kind: str) -> str:
    return reverse("supply:catalog_file", args=[kind], query=request.GET)


OFFER_COMPARISON = columns.page(
    "supply:offers", _("Supply"), _("Compare offers"), right="suppliers.view_supplieroffer"
)


@admin.register(Variant)
class VariantAdmin(search.VariantList, VariantBulkActions, IdentityActions, LockedFieldsAdmin):
    identity_kind = "variant"
    actions_detail: ClassVar = ["split"]
    form = VariantForm
    actions: ClassVar = [*VariantBulkActions.bulk_actions, "merge_selected"]
    add_form = VariantAddForm
    may_add = True
    return_field = staticmethod(variant_edits.return_variant_field)
    history_field = "variant"
    editable = (*variant_edits.LOCKABLE_FIELDS, *variant_edits.OWN_FIELDS)
    autocomplete_fields: ClassVar = ["product"]
    exclude = ("overridden_fields",)
    groups = VARIANT_FIELDSETS
    list_display: ClassVar = [
        "sku",
        columns.link("product", _("Product")),
        columns.text("option_values", _("Options")),
        "weight_g",
        "lithium",
        columns.status("status", _("Status"), final={"discontinued"}),
        OFFER_COMPARISON,
    ]
    list_select_related: ClassVar = ["product"]
    list_filter: ClassVar = ["status", "lithium"]
    search_fields: ClassVar = ["sku"]  # shows the search box; see ``search_condition``
    search_help_text = search.SEARCH_HELP
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        OFFER_COMPARISON,
        SALE_OBSTACLES_OF_VARIANT,
        un_number_of,
        locked_fields,
    ]
    inlines: ClassVar = [
        IdentifierInline,
        OtherIdentifierInline,
        inline(
            Listing,
            "channel",
            "price_amount",
            "available",
            "is_published",
            "is_delisted",
            related=("channel",),
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Variant]":
        """Read with a variant what several parts of its page need."""
        rows: QuerySet[Variant] = super().get_queryset(request)
        is_fed = self.is_named_by_supplier(OuterRef("pk"))
        page = rows.select_related("product__spec").annotate(is_fed=is_fed)
        return page if _is_page(request) else rows

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        set_change_source("staff", actor=str(request.user))
        if isinstance(form, VariantAddForm):
            creation.create_variant(form.fill(obj, option_names=obj.product.option_names))
        elif changes := form.changes():
            variant_edits.edit_variant(variant=obj, changes=changes, now=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)  # names the changes for the history; the service saves them
        if formset.has_changed():
            changed = [row for row, _names in formset.changed_objects]
            identifier_edits.save_identifiers(
                variant=form.instance,
                added=formset.new_objects,
                verified={
                    one.instance.pk: one.cleaned_data["is_verified"]
                    for one in formset.forms
                    if one.instance in changed
                },
                removed=formset.deleted_objects,
                now=timezone.now(),
            )


@admin.display(description=cast("str", _("Name")))
def category_name(row: Category) -> str:
    return str(row)


@admin.register(Category)
class CategoryAdmin(StaffAdmin):
    form = CategoryForm
    editable = CategoryForm.Meta.fields
    may_add = True
    groups = CATEGORY_FIELDSETS
    list_display: ClassVar = [
        "slug",
        category_name,
        columns.text("families", _("Product families")),
        "position",
    ]
    ordering: ClassVar = ["position", "id"]


register_read_only(
    Identifier,
    search.VariantRows,
    list_display=[
        "scheme",
        "value",
        columns.link("variant", _("Variant")),
        columns.status("state", _("Status"), needs_action={"conflict"}, final={"verified"}),
    ],
    list_select_related=["variant"],
    list_filter=["scheme", "state"],
    search_fields=["value", "raw", "variant__sku"],
    ordering=["-id"],
)


register_read_only(
    Image,
    search.ProductRows,
    list_display=[
        "source_url",
        columns.link("product", _("Product")),
        "role",
        "stem",
        "tries",
        "problem",
    ],
    list_select_related=["product"],
    list_filter=[
        "role",
        ("stem", admin.EmptyFieldListFilter),
        ("problem", admin.EmptyFieldListFilter),
    ],
    search_fields=["source_url", "product__title"],
    ordering=["-id"],
    sortable_by=(),  # no index serves it: the filters find files without an image, and problems
)


register_read_only(
    Spec,
    search.ProductRows,
    list_display=[
        columns.link("product", _("Product")),
        "output_lm",
        "beam_m",
        "runtime_high_min",
        "ip_rating",
        basis,
        finding_messages,
    ],
    list_select_related=["product"],
    search_fields=["product__title"],
    ordering=["-id"],
)


register_read_only(
    Mode,
    search.ProductRows,
    list_display=[
        "name",
        columns.link("product", _("Product")),
        "kind",
        "output_lm",
        "runtime_min",
    ],
    list_select_related=["product"],
    search_fields=["product__title"],
    ordering=["-id"],
)
