"""Return label account model: store the keys of the label provider."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.security.encryption import EncryptedTextField


class ReturnLabelAccount(models.Model):
    """The shop's account at the label provider; at most one row.

    ``secret_encrypted`` holds the secret key. ``problem`` is why the last call failed, empty while
    the provider answers.
    """

    provider = models.CharField(_("Provider"), max_length=20, default="sendcloud", unique=True)
    public_key = models.CharField(_("Public key"), max_length=100)
    secret_encrypted = EncryptedTextField(_("Secret key (encrypted)"))
    answered_at = models.DateTimeField(_("Last answer"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("return label account")
        verbose_name_plural = _("return label accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(provider="sendcloud"), name="label_provider_is_known"
            )
        ]

    def __str__(self) -> str:
        return "Sendcloud"
