"""Selection: show the members of an object that the client asks for and may read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import Scope

FIELDS, EXPAND = "fields", "expand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The members that a request asks for; ``fields`` is None for all."""

    fields: frozenset[str] | None
    expanded: frozenset[str]
    scopes: frozenset[str]


class ResourceSerializer(serializers.Serializer[Any]):
    """An object whose members are selected with ``fields`` and ``expand``.

    ``expandable`` members are shown on request, ``restricted`` ones to clients with the scope.
    """

    key: ClassVar = "id"
    expandable: ClassVar[tuple[str, ...]] = ()
    restricted: ClassVar[Mapping[str, Scope]] = {}

    def get_fields(self) -> dict[str, Any]:
        members: dict[str, Any] = super().get_fields()
        selection: Selection | None = self.context.get("selection")
        if selection is None:  # the schema describes all
            return members
        return {name: field for name, field in members.items() if self._shows(name, selection)}

    def _shows(self, name: str, selection: Selection) -> bool:
        scope = self.restricted.get(name)
        if scope is not None and scope not in selection.scopes:
            return False
        if not self._is_outermost():
            return name not in self.expandable
        if name in self.expandable:
            return name in selection.expanded
        return selection.fields is None or name in selection.fields or name == self.key

    def _is_outermost(self) -> bool:
        parent = self.parent
        if isinstance(parent, serializers.ListSerializer):
            parent = parent.parent
        return parent is None


class ResourceSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # untyped registry
    """Documents that only the key of an object is always present.

    The component is named after the merchant API: a cart's customer sees other products and orders.
    """

    target_class = ResourceSerializer
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:  # noqa: ARG002 - as documented
        return schema_name(type(self.target))

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(  # type: ignore[no-untyped-call]  # noqa: SLF001 - as documented
            self.target, direction, bypass_extensions=True
        )
        schema["required"] = [self.target.key]
        return schema


def schema_name(serializer: type[serializers.Serializer[Any]]) -> str:
    """Return the name of a schema component; that of a merchant resource begins with Merchant."""
    name = serializer.__name__.removesuffix("Serializer")
    is_merchant = issubclass(serializer, ResourceSerializer)
    return f"Merchant{name.removeprefix('Merchant')}" if is_merchant else name


def selection_of(
    request: Request, serializer: type[ResourceSerializer], scopes: frozenset[str]
) -> Selection:
    """Return the selection of a request. Raises ProblemError: a name is unknown.

    A write shows the complete object: it is done when its answer is selected, so that a wrong
    parameter must not make it look refused.
    """
    if request.method not in SAFE_METHODS:
        return Selection(fields=None, expanded=frozenset(), scopes=scopes)
    fields = _names(request, FIELDS, known=_selectable(serializer))
    expanded = _names(request, EXPAND, known=serializer.expandable)
    return Selection(fields=fields, expanded=expanded or frozenset(), scopes=scopes)


def parameters_of(serializer: type[ResourceSerializer]) -> tuple[OpenApiParameter, ...]:
    """Return the parameters ``fields`` and ``expand`` of a resource, for the schema."""
    parameters = [_parameter(FIELDS, "Members to return.", _selectable(serializer))]
    if serializer.expandable:
        parameters.append(_parameter(EXPAND, "Members to add.", serializer.expandable))
    return tuple(parameters)


def _selectable(serializer: type[ResourceSerializer]) -> tuple[str, ...]:
    return tuple(name for name in serializer().get_fields() if name not in serializer.expandable)


def _parameter(name: str, description: str, known: tuple[str, ...]) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        {"type": "array", "items": {"type": "string", "enum": list(known)}},
        description=f"{description} Separate names with commas.",
        style="form",
        explode=False,
    )


def _names(request: Request, parameter: str, *, known: tuple[str, ...]) -> frozenset[str] | None:
    text = request.query_params.get(parameter)
    if text is None:
        return None
    names = frozenset(text.split(","))
    if unknown := names.difference(known):
        listed = ", ".join(known) or "none"
        errors = [
            {"parameter": parameter, "detail": f"{name!r} is unknown. Known: {listed}."}
            for name in sorted(unknown)
        ]
        raise ProblemError(problem_types.INVALID_PARAMETERS, errors=errors)
    return names
