"""Webhooks app: configure inbound webhooks, subscribe at a supplier as soon as it is active."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HooksConfig(AppConfig):
    name = "storefront.webhooks"
    label = "hooks"
    verbose_name = _("In-tray")

    def ready(self) -> None:
        from suppliers.compliance.vetting import activated  # noqa: PLC0415 - it reads models

        activated.connect(subscribe_now, dispatch_uid="webhooks")


def subscribe_now(supplier: Any, **_: Any) -> None:
    """Register our webhooks at a supplier that was activated; the hourly sweep repeats it."""
    from storefront.lib.tasks import wake  # noqa: PLC0415 - these read models
    from storefront.webhooks import sources, tasks  # noqa: PLC0415

    if sources.has_webhooks(supplier) and hasattr(supplier, "connection"):
        wake(tasks.subscribe, supplier_id=supplier.pk)
