"""Portal link model: store the links that open all purchase orders of a supplier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique
from storefront.lib.db.fields import cascading_key
from storefront.lib.security.encryption import EncryptedTextField
from suppliers.models.supplier import Supplier


class PortalLink(models.Model):
    """A link to all purchase orders of a supplier; ended rows are the history.

    ``key_encrypted`` holds the key, which e-mails with purchase orders contain; an ended link has
    none.
    """

    supplier = cascading_key(Supplier, "portal_links", _("Supplier"))
    key_encrypted = EncryptedTextField(_("Key"), blank=True)
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    expires_at = models.DateTimeField(_("Expires"))
    # where it was e-mailed to; empty: it was shown to staff
    sent_to = models.EmailField(_("E-mailed to"), blank=True)
    last_used_at = models.DateTimeField(_("Last used"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    ended_by = models.CharField(_("Ended by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("portal link")
        verbose_name_plural = _("portal links")
        constraints = [
            unique("portal_link_current_once", ["supplier"], condition=models.Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: {self.created_at:%Y-%m-%d %H:%M}"
