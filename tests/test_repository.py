"""What must hold for the repository as a whole, whoever commits to it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 300

#: Paths of somebody's computer, and computers that packages come from.
ELSEWHERE = re.compile(
    r"(?<![\w.$}*])/(?:root|home|Users|work|opt|mnt|srv)/\w"
    r"|\b(?:pypi\.org|pythonhosted\.org|artifactory|devpi|anaconda\.org|ghcr\.io|docker\.io)\b"
)
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
_NAMED = re.compile(r"`((?:core|plugins|tests|benchmarks|docs)/[\w./-]+)`")


def tracked(pattern: str = "*") -> list[Path]:
    """Return the files that git knows and that match, but for those just being removed."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", pattern]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [path for name in found.split("\0") if name and (path := ROOT / name).exists()]


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", "replace")


def shown(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def missing(page: Path) -> list[str]:
    """Return the files that a page links to or names, and that are not there."""
    text = page.read_text(encoding="utf-8")
    places = dict.fromkeys(_LINK.findall(text), (page.parent,))
    # A plugin's page names its own files as seen from the plugin, others from the root.
    places |= dict.fromkeys(_NAMED.findall(text), (page.parent, ROOT))
    return sorted(
        name
        for name, folders in places.items()
        if not any((folder / name).exists() for folder in folders)
    )


def test_no_source_file_is_longer_than_one_idea() -> None:
    sources = [path for kind in ("py", "js", "css", "html") for path in tracked(f"*.{kind}")]
    made = ROOT / "benchmarks/results"  # pages that benchmarks have written
    sources = [path for path in sources if not path.is_relative_to(made)]
    assert len(sources) > 100
    assert shown([p for p in sources if len(text_of(p).splitlines()) > MOST_LINES]) == []


def test_no_file_knows_the_computer_that_it_was_written_on() -> None:
    files = [path for path in tracked() if path != Path(__file__)]
    found = {name: ELSEWHERE.findall(text_of(ROOT / name)) for name in shown(files)}
    assert {name: texts for name, texts in found.items() if texts} == {}


#: Spelt so, this file names no computer itself.
SLASH = "/"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"see {SLASH}root/dev/venv", True),
        (f"https:{SLASH}{SLASH}files.pythonhosted" + ".org/packages", True),
        (f"['{SLASH}home/someone/model.onnx']", True),
        ("core/tests and plugins/opt/x and $WORK/root/x", False),
        ("https://keepachangelog.com", False),
    ],
)
def test_what_counts_as_a_computer_of_ones_own(text: str, known: bool) -> None:  # noqa: FBT001
    assert bool(ELSEWHERE.search(text)) is known


@pytest.mark.parametrize("page", shown(tracked("*.md")))
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    assert missing(ROOT / page) == []


def test_a_page_that_names_a_file_that_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[gone](gone.md) [web](https://x.org/y.md) `core/no.py` `core/src` `a/b`")
    assert missing(page) == ["core/no.py", "gone.md"]


def test_constraints_are_plain_pins_that_any_index_can_serve() -> None:
    lines = [line for line in text_of(ROOT / "constraints.txt").splitlines() if line[:1] != "#"]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line)] == []
    # NNI asks for nvidia-ml-py, which only reads counters; every other one is gigabytes of CUDA.
    heavy = re.compile("^(?!nvidia-ml-py==).*(nvidia|cuda|triton)")
    assert [line for line in lines if heavy.match(line)] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-tox.txt", "tox.ini"])
def test_no_index_is_prescribed(name: str) -> None:
    assert not re.search(r"index-url|find-links|trusted-host", text_of(ROOT / name))


def test_ci_runs_the_command_that_the_readme_gives_for_the_tests() -> None:
    _, chapter = text_of(ROOT / "README.md").split("\n## Tests\n")
    (command,) = re.findall(r"```sh\n(.*?)\n```", chapter, re.DOTALL)
    assert command in text_of(ROOT / ".ci" / "run").splitlines()


def test_a_distribution_is_installed_after_those_it_needs() -> None:
    # pip 23 looks in the index alone for one that comes later, and finds nothing.
    lines = re.findall(r"(?m)^-e \./plugins/(\w+)", text_of(ROOT / "requirements-all.txt"))
    needed = {
        (name, other)
        for name in lines
        for other in lines
        if f'"boildown-{other}"' in text_of(ROOT / "plugins" / name / "pyproject.toml")
    }
    assert ("nni", "torch") in needed
    assert [pair for pair in needed if lines.index(pair[0]) < lines.index(pair[1])] == []


def test_every_requirements_file_that_is_named_is_there() -> None:
    pages = text_of(ROOT / "README.md") + text_of(ROOT / ".ci" / "run") + text_of(ROOT / "tox.ini")
    named = set(re.findall(r"requirements[\w-]*\.txt", pages))
    assert named >= {"requirements.txt", "requirements-tox.txt"}
    assert named <= set(shown(tracked()))
