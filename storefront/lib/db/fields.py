"""Model fields: define generated columns, amounts of money, rates and foreign keys."""

from decimal import Decimal
from typing import Any, Literal, overload

from django.core.checks import CheckMessage
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.functional import Promise

type _Amount = str | float | Decimal | Combinable


class StoredGeneratedField(models.GeneratedField):
    """A stored generated column whose system check needs no database, unlike Django's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "db_persist": True})

    def check(self, **options: Any) -> list[CheckMessage]:
        return super().check(**{**options, "databases": None})

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, options


@overload
def amount_field(
    label: str | Promise, *, null: Literal[True], **options: Any
) -> "models.DecimalField[_Amount | None, Decimal | None]": ...
@overload
def amount_field(
    label: str | Promise, **options: Any
) -> "models.DecimalField[_Amount, Decimal]": ...
def amount_field(label: Any, *, null: bool = False, **options: Any) -> Any:
    """Return a column of an amount of money; its currency is in another column."""
    return models.DecimalField(
        label, max_digits=12, decimal_places=2, null=null, blank=null, **options
    )


@overload
def rate_field(
    label: str | Promise, *, null: Literal[True], **options: Any
) -> "models.DecimalField[_Amount | None, Decimal | None]": ...
@overload
def rate_field(label: str | Promise, **options: Any) -> "models.DecimalField[_Amount, Decimal]": ...
def rate_field(label: Any, *, null: bool = False, **options: Any) -> Any:
    """Return a column of a fraction, such as 0.19."""
    return models.DecimalField(
        label, max_digits=5, decimal_places=4, null=null, blank=null, **options
    )


@overload
def protected_key[M: models.Model](
    to: type[M], related_name: str, label: str | Promise, *, null: Literal[True], **options: Any
) -> "models.ForeignKey[M | Combinable | None, M | None]": ...
@overload
def protected_key[M: models.Model](
    to: type[M], related_name: str, label: str | Promise, **options: Any
) -> "models.ForeignKey[M | Combinable, M]": ...
def protected_key(
    to: Any, related_name: str, label: Any, *, null: bool = False, **options: Any
) -> Any:
    """Return a foreign key to a row that cannot be deleted while this one exists."""
    options |= {"related_name": related_name, "verbose_name": label}
    return models.ForeignKey(to, models.PROTECT, null=null, blank=null, **options)


@overload
def cascading_key[M: models.Model](
    to: type[M], related_name: str, label: str | Promise, *, null: Literal[True], **options: Any
) -> "models.ForeignKey[M | Combinable | None, M | None]": ...
@overload
def cascading_key[M: models.Model](
    to: type[M], related_name: str, label: str | Promise, **options: Any
) -> "models.ForeignKey[M | Combinable, M]": ...
def cascading_key(
    to: Any, related_name: str, label: Any, *, null: bool = False, **options: Any
) -> Any:
    """Return a foreign key to a row whose deletion deletes this one too."""
    options |= {"related_name": related_name, "verbose_name": label}
    return models.ForeignKey(to, models.CASCADE, null=null, blank=null, **options)
