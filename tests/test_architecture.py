"""The house stays small: short modules, short functions, names that say something."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 300
"""Lines of a module."""
LONGEST_FUNCTION = 40
"""Lines of a function without its docstring."""
LONG_FUNCTIONS = {
    "tests/benchmarks/speed.py": 43,
    "tests/engine/parts.py": 50,
    "tests/flows/sample_report.py": 51,
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
SLOW = {
    *("jinja2", "matplotlib", "numpy", "plexapi", "prefect", "pydantic", "requests"),
    *("scipy", "sqlalchemy"),
}
"""What takes long to import, and what nobody needs who asks for help."""
ROOMS = {
    "sqlalchemy": {"tasks.record"},
    "requests": {"tasks.plex"},
    "prefect": {"tasks.orchestration", "flows"},
    "rich": {"flows"},
    "jinja2": {"flows"},
}
"""What may be imported where only."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*rooms: str) -> list[Path]:
    """Return all modules of some rooms, relative to the project."""
    found = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found)


@cache
def source(path: Path) -> str:
    """Return the text of a file."""
    return (ROOT / path).read_text("utf-8")


@cache
def functions(module: Path) -> list[Function]:
    """Return all functions of a module."""
    nodes = ast.walk(ast.parse(source(module)))
    return [node for node in nodes if isinstance(node, Function)]


def length(function: Function) -> int:
    """Count the lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or 0) - docstring.lineno + 1)


def python(program: str) -> str:
    """Run a program in a new interpreter; return what it prints of errors."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "100"},
        check=True,
        capture_output=True,
        text=True,
    ).stderr


PROGRAM = modules("engine", "tasks", "flows")
EVERYTHING = [*PROGRAM, *modules("tests")]


def test_modules_are_short():
    lines = {path.as_posix(): source(path).count("\n") for path in EVERYTHING}

    assert len(lines) > 100
    assert {name: n for name, n in lines.items() if n > LONGEST} == {}


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
    empty += [
        (module.as_posix(), "")
        for module in PROGRAM
        if not EMPTY_MODULES.isdisjoint({module.stem, *module.parent.parts})
    ]

    assert empty == []


def private_words(path: Path) -> Iterator[str]:
    """Yield the words of a language of our own, and where they stand."""
    patterns = [PRIVATE_WORDS, PRIVATE_IN_CODE][: 1 + (path.suffix == ".py")]
    for number, line in enumerate(source(path).split("\n"), 1):
        for pattern in patterns:
            for found in pattern.finditer(IN_DOUBT.sub("", line)):
                yield f"{path}:{number}: {found[0]}"


def test_nothing_is_written_in_a_language_of_our_own():
    pages = [path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md")]
    paths = [p for p in PROGRAM if "migrations" not in p.parts]
    paths += [*pages, Path("README.md")]
    private = [found for path in paths for found in private_words(path)]

    assert not private, "\n".join(private)


def test_only_one_module_prints():
    printing = {
        module
        for module in PROGRAM
        if "print(" in source(module)
        for node in ast.walk(ast.parse(source(module)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }

    assert printing == {PRINTER}


def test_asking_for_help_loads_nothing_slow():
    loaded = python(
        "import sys; from flows.cli.main import app;"
        "app(['--help'], standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )

    assert "flows.cli.main" in loaded.split()
    assert SLOW & {name.split(".")[0] for name in loaded.split()} == set()


def test_importing_the_program_changes_nothing_in_the_process():
    names = [module.with_suffix("").as_posix().replace("/", ".") for module in PROGRAM]
    plain = [name for name in names if "migrations" not in name.split(".")]
    changed = python(
        "import os, sys; before = dict(os.environ);"
        f"[__import__(name) for name in {plain}];"
        "changed = {k for k, v in os.environ.items() if before.get(k) != v};"
        "changed |= before.keys() - os.environ.keys();"
        "print(sorted(changed), file=sys.stderr)"
    )

    assert changed == "[]\n"


def packages() -> list[str]:
    """Return every sub-package of tasks, and the other two rooms."""
    inside = [path.name for path in (ROOT / "tasks").iterdir() if path.is_dir()]
    return ["engine", "flows", *(f"tasks.{n}" for n in inside if n != "__pycache__")]


def test_an_import_in_the_wrong_package_fails_the_build(tmp_path: Path) -> None:
    for name in ("engine", "flows", "tasks", "tests", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    wrong = set()
    for package in packages():
        names = [n for n, rooms in ROOMS.items() if package not in rooms]
        stray = tmp_path / package.replace(".", "/") / "stray.py"
        stray.write_text("".join(f"import {name}\n" for name in names))
        wrong |= {(f"{package}.stray", name) for name in names}

    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    said = re.sub(r"\s+", " ", ran.stdout)
    assert ran.returncode == 1
    assert len(wrong) > 30
    assert wrong - set(re.findall(r"([\w.]+\.stray) -> (\w+)", said)) == set()
