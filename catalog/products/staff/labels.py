"""Staff labels: name a field of a product or a variant, or of what belongs to it."""

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import get_language

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Identifier, Image, Mode, Spec
from catalog.products.image_edits import IMAGES
from catalog.products.mode_changes import MODES
from storefront.lib.staff import columns


def label_of(name: str, model: type[models.Model]) -> str:
    """Return the label of a locked field of a product or a variant, or of what belongs to it."""
    if parts := {MODES: Mode, IMAGES: Image}.get(name):
        return str(capfirst(parts._meta.verbose_name_plural))  # noqa: SLF001
    if name.startswith(CUSTOM):
        code, language = name.removeprefix(CUSTOM), get_language() or "en"
        return next((one.name_in(language) for one in registry.cached() if one.code == code), code)
    if name in Identifier.Scheme.values:
        return str(Identifier.Scheme(name).label)
    own = {field.name for field in model._meta.fields}  # noqa: SLF001
    return str(columns.field_label(model if name in own else Spec, name))
