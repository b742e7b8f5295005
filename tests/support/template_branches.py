"""Template branches: record which branches of the Jinja templates a test run renders."""

from collections import Counter
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator
from jinja2.visitor import NodeTransformer

from tests.support.source_files import ROOT

FOLDERS = [
    ROOT / "storefront" / "web" / "templates",
    ROOT / "storefront" / "supplier_portal" / "templates",
    ROOT / "notifications" / "templates",
]
SEEN: set[str] = set()


class _Marking(NodeTransformer):
    """Puts a mark into each branch; ``found`` lists the names of the marks."""

    def __init__(self, name, source):
        self.name, self.lines, self.found, self._counts = name, source.splitlines(), [], Counter()

    def _mark(self, node, kind):
        text = " ".join(self.lines[node.lineno - 1].split())[:90]
        name = f"{self.name} | {kind} | {text}"
        self._counts[name] += 1
        self.found.append(name if self._counts[name] == 1 else f"{name} #{self._counts[name]}")
        return nodes.Const(self.found[-1])

    def _call(self, attribute, *args):
        return nodes.Call(nodes.EnvironmentAttribute(attribute), list(args), [], None, None)

    def _begin(self, body, node, kind):
        if body:
            call = self._call("mark_branch", self._mark(node, kind))
            body.insert(0, nodes.ExprStmt(call, lineno=node.lineno))

    def visit_If(self, node):  # noqa: N802 - Jinja names its visitors so
        self.generic_visit(node)
        self._begin(node.body, node, "if")
        self._begin(node.else_, node, "else")
        return node

    def visit_For(self, node):  # noqa: N802 - Jinja names its visitors so
        self.generic_visit(node)
        self._begin(node.body, node, "for")
        self._begin(node.else_, node, "empty")
        return node

    def visit_Macro(self, node):  # noqa: N802 - Jinja names its visitors so
        self.generic_visit(node)
        self._begin(node.body, node, "macro")
        return node

    def visit_CondExpr(self, node):  # noqa: N802 - Jinja names its visitors so
        self.generic_visit(node)
        node.expr1 = self._call("mark_value", self._mark(node, "then"), node.expr1)
        if node.expr2 is not None:
            node.expr2 = self._call("mark_value", self._mark(node, "otherwise"), node.expr2)
        return node


def _name(path):
    """Return the name of a template, relative to its own folder of ``FOLDERS``."""
    return next(
        (path.relative_to(one).as_posix() for one in FOLDERS if path.is_relative_to(one)), None
    )


def branches():
    """Return the names of all branches."""
    parser = Environment(extensions=["jinja2.ext.i18n"])
    found = []
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".html", ".txt"}:
                source = path.read_text()
                marking = _Marking(_name(path), source)
                marking.visit(parser.parse(source))
                found += marking.found
    return found


def record():
    """Make every template compiled from now on record the branches that it renders."""
    compile_template = CodeGenerator.visit_Template

    def visit_template(generator, node, frame=None):
        path = Path(generator.filename or "")
        if (name := _name(path)) is not None:
            _Marking(name, path.read_text()).visit(node)
        compile_template(generator, node, frame)

    CodeGenerator.visit_Template = visit_template
    Environment.mark_branch = staticmethod(SEEN.add)
    Environment.mark_value = staticmethod(lambda name, value: (SEEN.add(name), value)[1])


def pytest_addoption(parser):
    parser.addoption("--template-branches", action="store_true", help="fail on unrendered branches")


def pytest_configure(config):
    if config.getoption("--template-branches"):
        record()


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_testnodedown(node, error):
    SEEN.update(getattr(node, "workeroutput", {}).get("template_branches", ()))


def pytest_sessionfinish(session):
    if not session.config.getoption("--template-branches"):
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["template_branches"] = sorted(SEEN)
        return
    if found := sorted(set(branches()) - SEEN):
        session.exitstatus = 1
        print(f"\n{len(found)} template branches were rendered by no test:", *found, sep="\n")  # noqa: T201
