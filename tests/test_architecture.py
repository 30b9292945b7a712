"""The house stays small: short modules, short functions, names that say something."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 300
"""Lines of a module."""
HIGHEST = 400
"""Lines that not even an exception may have."""
LONG_MODULES = {
    "tasks/plex/client.py": 300,
    "tasks/plex/parsing.py": 300,
    "tasks/sync/reconcile.py": 265,
    "tests/flows/test_terminal.py": 330,
    "tests/simulator/world.py": 260,
    "tests/state_machine/household.py": 290,
    "tests/crash_matrix/fault_schedule.py": 255,
    "tests/tasks/test_client.py": 270,
}
"""The exceptions, each with a ceiling of its own."""
LONGEST_FUNCTION = 40
"""Lines of a function without its docstring."""
LONG_FUNCTIONS = {
    "tests/benchmarks/speed.py": 43,
    "tests/engine/parts.py": 50,
}
"""Exceptions: what builds whole libraries for tests."""
PRIVATE_WORDS = re.compile(
    r"(?i)(?<![a-z])(heed\w*|doubts?|doubting|believ\w+|beliefs?|mend(ed|ing)?|vouch\w*|"
    r"pens?|workbench|glanc\w+|straggl\w+|gates?|shelf|shelves|witness\w*|overheard|"
    r"testimony|fates?|trays?)(?![a-z])"
)
"""A language of our own: retry, cancellation and so on are what people search for."""
PRIVATE_IN_CODE = re.compile(r"(?i)(?<![a-z])(promis\w+|bench)(?![a-z])")
IN_DOUBT = re.compile(r"(?i)_?in[ _]?doubt\w*|beyond doubt|where in doubt")
"""What may be said of a write or a rating all the same."""
EMPTY_NAMES = ("get_", "handle_", "process_")
EMPTY_MODULES = {"utils", "util", "helpers", "helper", "misc", "common"}
PRINTER = Path("flows/reports/terminal.py")
SLOW = {"numpy", "plexapi", "prefect", "pydantic", "requests", "sqlalchemy"}
"""What takes long to import, and what nobody needs who asks for help."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*rooms: str) -> list[Path]:
    """Return all modules of some rooms, relative to the project."""
    found = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found)


def functions(module: Path) -> Iterator[Function]:
    """Go through all functions of a module."""
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Count the lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or 0) - docstring.lineno + 1)


PROGRAM = modules("engine", "tasks", "flows")
EVERYTHING = [*PROGRAM, *modules("tests")]


def test_modules_are_short():
    lines = {
        module.as_posix(): len((ROOT / module).read_text("utf-8").splitlines())
        for module in EVERYTHING
    }
    too_long = {
        name: count
        for name, count in lines.items()
        if count > LONG_MODULES.get(name, LONGEST)
    }

    assert len(lines) > 100
    assert not too_long, too_long
    assert LONG_MODULES.keys() <= lines.keys()
    assert max(LONG_MODULES.values()) <= HIGHEST


def test_functions_are_short():
    too_long = [
        (module.as_posix(), function.name, length(function))
        for module in EVERYTHING
        for function in functions(module)
        if length(function) > LONG_FUNCTIONS.get(module.as_posix(), LONGEST_FUNCTION)
    ]

    assert not too_long, too_long


def test_names_say_what_something_is_for():
    empty = [
        (module.as_posix(), function.name)
        for module in PROGRAM
        for function in functions(module)
        if function.name.lstrip("_").startswith(EMPTY_NAMES)
    ]
    empty_modules = [
        module.as_posix()
        for module in PROGRAM
        if not EMPTY_MODULES.isdisjoint({module.stem, *module.parent.parts})
    ]

    assert empty == []
    assert empty_modules == []


def test_nothing_is_written_in_a_language_of_our_own():
    pages = [path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md")]
    private = [
        f"{path}:{number}: {found[0]}"
        for path in [*PROGRAM, *pages, Path("README.md")]
        if "migrations" not in path.parts
        for number, line in enumerate((ROOT / path).read_text("utf-8").split("\n"), 1)
        for words in ([PRIVATE_WORDS, PRIVATE_IN_CODE][: 1 + (path in PROGRAM)])
        for found in words.finditer(IN_DOUBT.sub("", line))
    ]

    assert not private, "\n".join(private)


def test_only_one_module_prints():
    printing = {
        module
        for module in PROGRAM
        for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }

    assert printing == {PRINTER}


def test_asking_for_help_loads_nothing_slow():
    program = (
        "import sys; from flows.cli.main import app;"
        "app(['--help'], standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert "infer" in answer.stdout
    assert SLOW.isdisjoint(name.split(".")[0] for name in answer.stderr.split())


def test_importing_the_program_changes_nothing_in_the_process():
    names = [module.with_suffix("").as_posix().replace("/", ".") for module in PROGRAM]
    plain = [name for name in names if "migrations" not in name.split(".")]
    program = (
        "import os, sys; before = dict(os.environ);"
        f"[__import__(name) for name in {plain}];"
        "changed = {k for k, v in os.environ.items() if before.get(k) != v};"
        "print(sorted(changed | (before.keys() - os.environ.keys())))"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert answer.stdout == "[]\n"
