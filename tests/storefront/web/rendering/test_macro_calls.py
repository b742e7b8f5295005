"""Templates: each macro call fits its signature, which Jinja checks only when it renders."""

from jinja2 import Environment, nodes

from tests.support.source_files import ROOT

FOLDERS = [
    ROOT / "storefront" / "web" / "templates",
    ROOT / "storefront" / "supplier_portal" / "templates",
    ROOT / "storefront" / "dev" / "templates",
    ROOT / "notifications" / "templates" / "notifications",
]
PARSER = Environment(extensions=["jinja2.ext.i18n"])
TEMPLATES = {
    path.relative_to(folder).as_posix(): PARSER.parse(path.read_text())
    for folder in FOLDERS
    for path in sorted(folder.rglob("*"))
    if path.suffix in {".html", ".txt"}
}


def macros(name):
    return {macro.name: macro for macro in TEMPLATES[name].find_all(nodes.Macro)}


def known_in(name):
    """Return {name: macro} for all macros that a template can call, its own and imported."""
    known = macros(name)
    for imported in TEMPLATES[name].find_all(nodes.FromImport):
        theirs = macros(imported.template.value)
        for each in imported.names:
            there, here = each if isinstance(each, tuple) else (each, each)
            known[here] = theirs[there]
    return known


def misfit(call, macro):
    """Return why a call does not fit a macro, "" if it fits."""
    names = [argument.name for argument in macro.args]
    needed = set(names[: len(names) - len(macro.defaults)])
    given = [keyword.key for keyword in call.kwargs]
    uses = {each.name for each in macro.find_all(nodes.Name)}
    if "kwargs" not in uses and (unknown := set(given) - set(names)):
        return f"takes no {sorted(unknown)}"
    if "varargs" not in uses and len(call.args) > len(names):
        return f"takes {len(names)} arguments"
    if missing := needed - set(names[: len(call.args)]) - set(given):
        return f"needs {sorted(missing)}"
    return ""


def test_each_macro_call_fits_its_signature():
    found = []
    for name, template in TEMPLATES.items():
        known = known_in(name)
        found += [
            f"{name}:{call.lineno}: {call.node.name} {problem}"
            for call in template.find_all(nodes.Call)
            if isinstance(call.node, nodes.Name) and call.node.name in known
            if (problem := misfit(call, known[call.node.name]))
        ]

    assert len(TEMPLATES) > 100
    assert found == []
