"""Lib app: configure the lowest layer as an app, because it owns the status change table."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from django.utils.translation import gettext_lazy as _

from storefront.lib import log_format


class LibConfig(AppConfig):
    name = "storefront.lib"
    label = "lib"
    verbose_name = _("Behind it")

    def ready(self) -> None:
        request_started.connect(log_format.use_request_id, dispatch_uid="log_format")
        request_finished.connect(log_format.forget_id, dispatch_uid="log_format")
