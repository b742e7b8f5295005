"""Constant folding: insert fixed texts and URLs when a template is compiled, per language.

A page has about fifty fixed texts. Looking them up in each request took longer than rendering the
rest.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, override
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

# Globals whose result depends on arguments and language only; no template may redefine them.
GETTEXT = "_"
FIXED = frozenset({"url", "static"})


class FoldingGenerator(CodeGenerator):
    """Jinja's code generator, which first evaluates constant calls."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - name given by Jinja
        super().visit_Template(_Folding(self.environment).visit(node), frame)


class _Folding(NodeTransformer):
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._globals: Mapping[str, Any] = environment.globals
        self._language: str = environment.language  # type: ignore[attr-defined]

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - as above
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return node
        try:
            args = [arg.as_const() for arg in node.args]
        except nodes.Impossible:
            return node
        name = node.node.name
        if name in FIXED and not node.kwargs:
            return self._at(node, nodes.Const(self._globals[name](*args)))
        if name == GETTEXT:
            return self._at(node, self._folded_text(node, *args))
        return node

    def _folded_text(self, node: nodes.Call, message: str) -> nodes.Expr:
        """Translate as Jinja's gettext does: the text is safe, inserted values are escaped."""
        with override(self._language):
            text = nodes.MarkSafe(nodes.Const(gettext(message)))
        values = nodes.Dict(
            [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
        )
        return nodes.Mod(text, values)

    def _at(self, call: nodes.Call, new: nodes.Expr) -> nodes.Expr:
        new.set_lineno(call.lineno).set_environment(self._environment)
        return new
