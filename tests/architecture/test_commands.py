"""Commands: every command named in a script, a document or the code exists."""

import re
from importlib.util import find_spec

from django.core.management import get_commands

from tests.support.source_files import ROOT, shipped

NAMED_IN = [
    ROOT / "Makefile",
    ROOT / "Dockerfile",
    ROOT / "docker-compose.yml",
    ROOT / ".ci" / "run",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(p for p in ROOT.rglob("README.md") if not {".venv", "var"} & set(p.parts)),
]
MANAGE = re.compile(r"manage\.py ([a-z]\w+)")
CALL_COMMAND = re.compile(r"call_command\(\s*\"(\w+)\"")
MODULE = re.compile(r"-m[\"',\s]+(storefront(?:\.\w+)*)")
# Entry points of servers and workers, e.g. `storefront.wsgi:application`, `celery -A storefront`.
ENTRY = re.compile(r"\"(storefront\.\w+):\w+\"|-A[\"',\s]+(storefront(?:\.\w+)*)")
# Modules that recipes of the Makefile write as `$(DEV).name`.
MAKE_MODULE = re.compile(r"\$\(DEV\)((?:\.\w+)+)")
MAKE_TARGET = re.compile(r"(?:`|^ *)make ([a-z-]+)(?=`| {2,}| [A-Z_]+=| *<| *$)", re.MULTILINE)


def texts():
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in NAMED_IN}
    return files | shipped()


def test_every_management_command_named_anywhere_exists():
    named = {
        (name, command)
        for name, text in texts().items()
        for command in MANAGE.findall(text) + CALL_COMMAND.findall(text)
    }

    assert {command for _, command in named} >= {"migrate", "supplier", "bench", "collectstatic"}
    assert [each for each in sorted(named) if each[1] not in get_commands()] == []


def test_every_module_named_as_a_program_exists():
    named = {(name, module) for name, text in texts().items() for module in MODULE.findall(text)}
    makefile = (ROOT / "Makefile").read_text()
    named |= {("Makefile", f"storefront.dev{rest}") for rest in MAKE_MODULE.findall(makefile)}
    named |= {
        (name, module or package)
        for name, text in texts().items()
        for module, package in ENTRY.findall(text)
    }

    assert {module for _, module in named} >= {"storefront.ops.healthcheck", "storefront.wsgi"}
    assert [each for each in sorted(named) if find_spec(each[1]) is None] == []


def test_every_make_target_named_in_the_documentation_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (name, target)
        for name, text in texts().items()
        if name.endswith(".md") or name == ".ci/run"
        for target in MAKE_TARGET.findall(text)
    }

    assert {target for _, target in named} >= {"demo", "test", "check"}
    assert [each for each in sorted(named) if each[1] not in targets] == []


def test_every_relative_link_in_the_documentation_leads_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in NAMED_IN
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / target).exists()
    ]

    assert broken == []
