"""The shape of the package: which module may know which, and what it may use."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from cargo_stow import __version__
from tests.imports import calls, graph, load_modules, uses

# From the top down: a module may import from layers below its own, and from its own layer, but never from one above,
# not even for type checkers. A package stands for all of its modules.
LAYERS = [
    {"entry"},  # the boundary where errors become exit codes
    {"cli"},  # the commands
    {"options", "typed"},  # what can be typed, and what was
    {"completion"},  # what a shell offers for a word
    {"candidates"},  # names that may be typed, from the manifest at hand  # what is typed, as values
    {"commands"},  # a verb as a short story
    {"hook", "tasks"},  # the other two ways in: pre-commit and doit
    {"work"},  # what one run of doit is asked to do
    {"actions"},  # what a task does
    {"session"},  # what the actions of one command share
    {"inputs", "planning"},  # what decides an image; a project and its pins become a plan
    {"pinning"},  # from names of images to pins
    {"projects"},  # manifest, settings and git come together
    {"project", "report", "complete"},  # an image's crate as a value; how what happened looks; what cargo must find
    {"selection"},  # which packages of a workspace
    {"backends"},  # engines: siblings behind one protocol
    {"sandbox"},  # containers of an OCI runtime
    {"oci"},  # images as bytes, and the registries that hold them
    # One subject each.
    {
        "cargo_lock",
        "dockerfile",
        "lock",
        "manifest",
        "planner",
        "record",
        "settings",
        "skeleton",
        "toolchain",
        "families",
        "access",
        "caches",
        "generated",
        "git",
        "includes",
        "named",
        "outline",
        "propose",
        "tables",
    },
    {"hashes", "sent"},  # what files were, remembered
    {"globs", "links"},  # what patterns mean on this disk, and what symbolic links lead to
    {"context"},  # the files of a plan's context
    {"dockerfile_config"},  # the image's configuration as instructions
    {"plan"},  # what is to be built, as a value
    # Values, and the two doors to the machine.
    {"cache_text", "files", "image_values", "model", "patterns", "platforms", "process", "reference"},
    {"errors"},
]
MODULES = load_modules()
NAMES = sorted(MODULES.keys() - {"cargo_stow"})
PURE = [
    "cache_text",
    "caches",
    "context",
    "dockerfile",
    "errors",
    "families",
    "lock",
    "model",
    "outline",
    "patterns",
    "plan",
    "image_values",
    "platforms",
    "planner",
    "reference",
    "toolchain",
]
PURE += ["cargo_lock", "dockerfile_config", "selection", "tables"]
PURE += [
    name.removeprefix("cargo_stow.")
    for name in MODULES
    if name.startswith(("cargo_stow.planner.", "cargo_stow.propose", "cargo_stow.settings", "cargo_stow.skeleton"))
]
REACHING = [
    "subprocess",
    "socket",
    "time",
    "datetime",
    "random",
    "tempfile",
    "asyncio",
    "threading",
    "urllib.request",
    "http",
    "shutil",
]


def layer(name: str) -> int:
    top = name.split(".")[1]
    return next((number for number, each in enumerate(LAYERS) if top in each), len(LAYERS))


def test_every_module_has_one_layer() -> None:
    tops = [name for each in LAYERS for name in each]
    assert len(set(tops)) == len(tops)
    assert {name.split(".")[1] for name in NAMES} == set(tops)


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down(name: str) -> None:
    others = graph(MODULES)[name] - {"cargo_stow"}
    assert {other for other in others if layer(other) < layer(name)} == set()


def test_there_is_no_cycle() -> None:
    tuple(TopologicalSorter(graph(MODULES)).static_order())


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"cargo_stow.process"}))
def test_only_one_module_starts_processes(name: str) -> None:
    module = MODULES[name]
    starting = ("os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.system", "os.popen", "subprocess.")
    found = {call for call in calls(module) | module.imports if call.startswith(starting)}
    assert found <= {"subprocess.CalledProcessError", "subprocess.TimeoutExpired"}
    assert uses(module, "multiprocessing", "pty", "asyncio") == set()


@pytest.mark.parametrize("name", NAMES)
def test_only_backends_know_the_docker_sdk(name: str) -> None:
    siblings = ("backends.engine", "backends.push", "backends.registry", "oci.credentials")
    part = name.removeprefix("cargo_stow.")
    if not part.startswith(siblings):
        assert uses(MODULES[name], "docker") == set()
    if not part.startswith((*siblings, "oci.registry.")):
        assert uses(MODULES[name], "requests", "urllib3") == set()


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("jinja2", {"cargo_stow.dockerfile"}),
        (
            "click",
            {"cargo_stow.cli", "cargo_stow.completion", "cargo_stow.entry", "cargo_stow.options", "cargo_stow.typed"},
        ),
        ("doit", {"cargo_stow.commands.own_doit", "cargo_stow.commands.state", "cargo_stow.tasks"}),
        (
            "tomli",
            {
                "cargo_stow.lock",
                "cargo_stow.cargo_lock",
                "cargo_stow.manifest.toml",
                "cargo_stow.oci.registry.configuration",
                "cargo_stow.settings.kinds",  # tables and lists that are typed
                "cargo_stow.skeleton.lockfile",
            },
        ),
        ("rich", {"cargo_stow.tables"}),
        ("tomli_w", {"cargo_stow.actions.registries", "cargo_stow.skeleton.layout", "cargo_stow.skeleton.lockfile"}),
        ("tomlkit", {"cargo_stow.propose.section"}),
        ("zstandard", {"cargo_stow.oci.streams"}),
    ],
)
def test_each_library_has_its_place(library: str, where: set[str]) -> None:
    assert {name for name in NAMES if uses(MODULES[name], library)} <= where


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_reach_for_nothing(name: str) -> None:
    module = MODULES[f"cargo_stow.{name}"]
    assert uses(module, *REACHING) == set()
    assert not {"os.environ", "os.getenv", "os.getcwd", "Path.cwd", "Path.home"} & calls(module)
    assert "os.environ" not in module.imports


@pytest.mark.parametrize("arguments", [["--version"], ["stow", "--version"], ["--help"], ["build", "--help"]])
def test_what_is_not_needed_is_not_imported(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom cargo_stow.entry import main\n"
        f"sys.argv = ['cargo-stow', *{arguments!r}]\n"
        "try:\n    main()\nfinally:\n"
        "    print(*sorted(name.partition('.')[0] for name in sys.modules), file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unneeded = {
        "jinja2",
        "docker",
        "doit",
        "requests",
        "rich",
        "tomli",
        "tomli_w",
        "tomlkit",
        "filelock",
        "hypothesis",
        "zstandard",
    }
    assert not unneeded & set(ended.stderr.split())
    if "--version" in arguments:
        assert __version__ in ended.stdout
