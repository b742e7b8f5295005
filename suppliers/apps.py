"""App configuration: name the suppliers app, register its system checks."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SuppliersConfig(AppConfig):
    name = "suppliers"
    verbose_name = _("Suppliers")

    def ready(self) -> None:
        import_module("suppliers.compliance.checks")
        documents: Any = import_module("catalog.safety.documents")
        documents.IN_USE_CHECKS.append(self._has_document)
        supplier_codes: Any = import_module("catalog.price_books.supplier_codes")
        supplier_codes.KNOWN_CHECKS.append(self._has_supplier)

    def _has_document(self, name: str) -> bool:
        model: Any = self.get_model("ComplianceDocument")
        return bool(model.objects.filter(file=name).exists())

    def _has_supplier(self, code: str) -> bool:
        model: Any = self.get_model("Supplier")
        return bool(model.objects.filter(code=code).exists())
