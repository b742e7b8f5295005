"""URL map: list the path of every URL pattern, with arguments of existing rows."""

import re
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from catalog.models import Brand, Category, Image, Product, ProductCard, Variant
from orders.links import purchase_url
from orders.models import Cart, Order, PurchaseOrder, ReturnAuthorization
from storefront.web.content.pages import PAGES
from suppliers.models import Supplier
from suppliers.portal_links import links as portal_links

ARGUMENT = re.compile(r"(?<!\?P)<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<\w+>(\w*)[^)]*\)")  # captures the first alternative of a named group
PICTURE = "^media/(?P<path>pictures/[\\w-]+\\.webp)$"


@dataclass(frozen=True)
class Address:
    """One pattern of the map and a path that it matches."""

    pattern: str
    path: str

    @property
    def is_staff_page(self):
        return self.path.startswith("/admin/")


def patterns(resolver=None, prefix=""):
    for each in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield whole
        else:
            yield from patterns(each, whole)


def addresses(row_id=None):
    """Yield every pattern with a path that matches it; a new kind of argument raises KeyError.

    ``row_id`` replaces the ids of rows on staff pages.
    """
    known, found = _arguments(), dict.fromkeys(patterns())  # also registers the admin pages
    tables = {
        f"admin/{model._meta.app_label}/{model._meta.model_name}/": model
        for model in admin.site._registry
    }
    for pattern in found:
        if pattern == PICTURE:
            path = f"media/pictures/{Image.objects.exclude(stem='').first().stem}-480.webp"
        else:
            mine = dict(known)
            if table := next((tables[name] for name in tables if pattern.startswith(name)), None):
                row = table.objects.order_by("pk").first()
                value = row_id or (row.pk if row else 1)
                mine |= dict.fromkeys(("object_id", "pk", "id"), value)
            if pattern.startswith("en/supplier/"):
                mine |= {"number": known["purchase"][0], "key": known["purchase"][1]}
            if pattern.startswith("en/suppliers/"):
                mine |= known["portal"]
            path = ARGUMENT.sub(lambda found, of=mine: str(of[found[1]]), pattern)
        path = re.sub(r"[\^$\\]", "", GROUP.sub(r"\1", path))
        yield Address(pattern, f"/{path}")


def _arguments():
    order = Order.objects.exclude(returns=None).first() or Order.objects.first()
    returned = ReturnAuthorization.objects.filter(order=order).first()
    invoice = order.customer_invoices.first()
    unsubmitted = PurchaseOrder.Submission.UNSUBMITTED
    submitted = PurchaseOrder.objects.exclude(submission_status=unsubmitted)
    purchase = submitted.select_related("supplier").first()
    return {
        "slug": ProductCard.objects.first().slug
        if ProductCard.objects.exists()
        else Category.objects.first().slug,
        "number": order.number,
        "key": order.access_key,
        "access_key": order.access_key,
        "name": returned.number if returned else next(iter(PAGES)),
        "document": invoice.number if invoice else "INV-2026-00001",
        "token": Cart.objects.first().token,
        "code": Supplier.objects.first().code,
        "source": "stripe",
        "order_id": order.pk,
        "customer": f"order-{order.pk}",
        "supplier_id": Supplier.objects.first().pk,
        "variant_id": Variant.objects.first().pk,
        "product_id": Product.objects.first().pk,
        "image_id": Image.objects.exclude(stem="").first().pk,
        "brand_id": Brand.objects.first().pk,
        "content_type_id": ContentType.objects.get_for_model(Order).pk,
        "portal": {
            "number": purchase.number,
            "code": purchase.supplier.code,
            "key": _portal_key(purchase.supplier),
        },
        "purchase": (purchase.number, purchase_url(purchase).rstrip("/").rpartition("/")[2]),
        "intensity_cd": 2500,
        "output_lm": 400,
        "uidb36": "1",
        "object_id": order.pk,
        "pk": 1,
        "id": 1,
        **dict.fromkeys(
            ("line_id", "backorder", "case_id", "saved_id", "factor_id", "position", "label"), 1
        ),
        **dict.fromkeys(("parcel", "report"), 1),
        **dict.fromkeys(("subscription_id", "hook_id", "event_id", "message_id"), 1),
        **dict.fromkeys(("address_id", "customer_id", "listing_id", "parcel_id", "refund_id"), 1),
        "job_id": 1,
        "action": "reject",
        "event": "order.placed",
        "kind": "damaged",
        **dict.fromkeys(
            ("user_id", "session_id", "merge_id", "edit_id", "import_id", "draft_id"), 1
        ),
        "language": "az",
        "step": "supplier",
    }


def _portal_key(supplier):
    now = timezone.now()
    url = portal_links.portal_url(supplier, now=now) or portal_links.create_link(
        supplier=supplier, former_id=None, email="", actor="ann", now=now
    )
    return url.rstrip("/").rpartition("/")[2]
