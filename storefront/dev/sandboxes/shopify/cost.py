"""Shopify cost: calculate the points of a document, keep the bucket that they are taken from.

An object costs 1, a mutation 10, scalars nothing. A connection multiplies the cost of a node by a
factor that grows slower than its size: Shopify publishes no formula, so this one meets the figure
that it reported for 250 variants with their inventory items, 25 points. ``productSet`` adds what
its input holds.
"""

import math
import threading
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

MUTATION, OBJECT = 10.0, 1.0
FILE, METAFIELD, VARIANT, VARIANT_FILE = 1.9, 0.4, 0.2, 0.6
MAX_QUERY = 1000
BUCKET_SECONDS = 20  # the bucket of the standard plan holds 2,000 points and restores 100 a second
DEFAULT_SIZE = 10
WRAPPERS = frozenset({"nodes", "edges", "pageInfo"})


def scaled(size: int) -> float:
    return 1 + 2 * math.log(size) if size > 0 else 0.0


class Calculator:
    """The requested cost of one document."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema, self._variables = schema, variables
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def of(self, operation: OperationDefinitionNode) -> float:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 - the schema has both
        total = 0.0
        is_mutation = root is self._schema.mutation_type
        for field in self._fields(operation.selection_set):
            inner = self._cost(root, field)
            total += MUTATION - OBJECT + inner if is_mutation else inner
            if field.name.value == "productSet":
                total += _input_cost(self._arguments(field).get("input") or {})
        return math.ceil(total)

    def _fields(self, selection: SelectionSetNode | None) -> list[FieldNode]:
        found: list[FieldNode] = []
        for each in selection.selections if selection else ():
            if isinstance(each, FieldNode):
                found.append(each)
            elif isinstance(each, FragmentSpreadNode):
                found += self._fields(self._fragments[each.name.value].selection_set)
            elif isinstance(each, InlineFragmentNode):
                found += self._fields(each.selection_set)
        return found

    def _cost(self, parent: GraphQLObjectType, field: FieldNode) -> float:
        definition = parent.fields.get(field.name.value)
        kind = get_named_type(definition.type) if definition else None
        if not isinstance(kind, GraphQLObjectType):
            return 0.0
        inner = sum(self._cost(kind, each) for each in self._fields(field.selection_set))
        if field.name.value in WRAPPERS:
            return inner + (OBJECT if field.name.value == "nodes" else 0)
        if "first" in definition.args if definition else False:
            size = self._arguments(field).get("first") or DEFAULT_SIZE
            own = inner if kind.name.endswith("Connection") else inner + OBJECT
            return scaled(int(size)) * own
        return OBJECT + inner

    def _arguments(self, field: FieldNode) -> dict[str, Any]:
        return {
            each.name.value: value_from_ast_untyped(each.value, dict(self._variables))
            for each in field.arguments or ()
        }


def _input_cost(product: Mapping[str, Any]) -> float:
    variants = product.get("variants") or ()
    return (
        FILE * len(product.get("files") or ())
        + METAFIELD * len(product.get("metafields") or ())
        + sum(VARIANT + (VARIANT_FILE if each.get("file") else 0) for each in variants)
    )


def actual(data: Any, *, is_mutation: bool) -> float:
    """Return the cost of what was really read: the same rules on the objects of the answer."""
    base = sum(_size(each) for each in data.values()) if data else 0.0
    return math.ceil(base + (len(data or ()) * (MUTATION - OBJECT) if is_mutation else 0))


def _size(value: Any) -> float:
    if isinstance(value, dict):
        if "nodes" in value:
            return _size(value["nodes"])
        return OBJECT + sum(map(_size, value.values()))
    if isinstance(value, list):
        objects = [each for each in value if isinstance(each, dict)]
        return scaled(len(objects)) * sum(map(_size, objects)) / len(objects) if objects else 0.0
    return 0.0


class Bucket:
    """The points that are left; ``restore`` is added each second, up to twenty times as much."""

    def __init__(self, *, restore: float) -> None:
        self._lock = threading.Lock()
        self.set(restore=restore)

    def set(self, *, restore: float, maximum: float = 0.0) -> None:
        with self._lock:
            self.restore = restore
            self.maximum = maximum or restore * BUCKET_SECONDS
            self._left, self._at_s = self.maximum, 0.0

    def take(self, cost: float, *, now_s: float) -> bool:
        """Take the points if there are enough."""
        with self._lock:
            self._refill(now_s)
            if self.restore and cost > self._left:
                return False
            self._left -= cost
            return True

    def give_back(self, points: float) -> None:
        """Return what a query requested and did not use."""
        with self._lock:
            self._left = min(self._left + points, self.maximum)

    def status(self, *, now_s: float) -> dict[str, float]:
        with self._lock:
            self._refill(now_s)
            return {
                "maximumAvailable": self.maximum,
                "currentlyAvailable": math.floor(max(self._left, 0)),
                "restoreRate": self.restore,
            }

    def _refill(self, now_s: float) -> None:
        if self._at_s:
            restored = max(now_s - self._at_s, 0) * self.restore
            self._left = min(self._left + restored, self.maximum)
        self._at_s = now_s
