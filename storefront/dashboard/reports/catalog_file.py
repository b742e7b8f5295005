"""Catalog file: export the products of the staff list as CSV or XLSX, as an import reads them."""

import tempfile

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Product
from storefront.dashboard import staff_page
from storefront.lib.staff.csv_export import lossless_csv_line
from storefront.lib.staff.list_actions import csv_response
from storefront.lib.staff.xlsx_export import CellTooLongError, write_xlsx
from suppliers.catalog_files.own_export import OwnTable

RIGHTS = ("catalog.view_product", "catalog.view_variant")


def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Return the file of the products that pass the filters in the query."""
    staff_page.require(request, *RIGHTS)
    product_list = reverse("admin:catalog_product_changelist")
    model_admin = admin.site.get_model_admin(Product)
    try:
        products = model_admin.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:  # the list ignores unknown parameters with a message
        return HttpResponseRedirect(f"{product_list}?{ERROR_FLAG}=1")
    name = f"catalog-{timezone.localdate()}"
    if kind == "csv":
        return csv_response(OwnTable(products).rows(), f"{name}.csv", line=lossless_csv_line)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        table = OwnTable(products)
        write_xlsx(table.rows(), file, number_headings=table.number_headings)
    except CellTooLongError as error:
        file.close()
        message = gettext("%(problem)s. Export as CSV instead.") % {"problem": error}
        messages.error(request, message)
        return HttpResponseRedirect(f"{product_list}?{request.GET.urlencode()}")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx")
