"""Which tests stand nearest to what changed: ``./run test --changed``, for the loop of a person.

A file of tests is near if it changed itself, is named after what changed, names it or imports it,
or belongs to the same app. The nearest are run, for about a minute by the times that earlier runs
took on this machine; the rest is named. Near is a guess: before a change is handed in, all are run.

Also a plugin of pytest (``-p tests.changed``), which keeps those times.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

#: Seconds that tests may take, two of them at a time; starting takes half a minute more.
BUDGET = 90
#: Seconds of a file of tests that never ran here.
UNKNOWN = 5
ROOT = Path(__file__).resolve().parent.parent
TIMES = ROOT / "var" / "test-times.json"
APPS = (
    "accounts", "checkins", "classrooms", "coaching", "demo", "helpdesk", "live",
    "records", "requests_app", "resources",
)  # fmt: skip
#: Each test of these starts a browser or servers: they run if they changed themselves.
SLOW = ("tests/browser/", "tests/workers/", "tests/operate/", "tests/faults/")
ITSELF, NEXT_TO_IT, SAME_APP, NEIGHBOUR = range(4)


def chosen() -> tuple[list[str], list[str]]:
    """The legs to run and the files of tests, nearest first; what is left out is printed."""
    tests = [str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")]
    near = rank(changed_files(), tests)
    taken, left, times = [], float(BUDGET), _times()
    for file in sorted(near, key=lambda each: (near[each], each)):
        takes = times.get(file, UNKNOWN)
        if near[file] == ITSELF or (takes <= left and not file.startswith(SLOW)):
            taken.append(file)
            left -= takes
    if left_out := sorted(set(near) - set(taken)):
        print(f"Near, and left out: {', '.join(left_out)}")
    return sorted({_leg_of(file) for file in taken}), taken


def changed_files() -> list[str]:
    """What is not committed, on a branch also what is not on main; else what the last commit
    changed."""
    new = _git("ls-files", "--others", "--exclude-standard")
    base = _git("merge-base", "HEAD", "main") or ["HEAD"]
    found = {*new, *_git("diff", "--name-only", base[0])}
    return sorted(found or _git("diff", "--name-only", "HEAD~1"))


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def rank(changed: Iterable[str], tests: Sequence[str]) -> dict[str, int]:
    """How near each file of tests is; what is not near is missing."""
    importers, second = _importers(changed)
    texts = {test: (ROOT / test).read_text(encoding="utf-8") for test in tests}
    found: dict[str, int] = {}
    for path in map(Path, changed):
        app = next((part for part in path.parts[:2] if part in APPS), "")
        for test, text in texts.items():
            is_named = Path(test).stem == f"test_{path.stem}" or (path.suffix and path.name in text)
            if test == str(path):
                how = ITSELF
            elif is_named or test in importers:
                how = NEXT_TO_IT
            elif (app and f"/{app}/" in test) or (
                path.name == "conftest.py" and (path.parent in Path(test).parents)
            ):
                how = SAME_APP
            elif test in second:
                how = NEIGHBOUR
            else:
                continue
            found[test] = min(how, found.get(test, how))
    return found


def _importers(changed: Iterable[str]) -> tuple[set[str], set[str]]:
    """The files that import one of these, and those that import such a one."""
    import grimp

    graph = grimp.build_graph(*APPS, "tests", cache_dir=None)
    modules = {path[:-3].replace("/", ".") for path in changed if path.endswith(".py")}
    steps = []
    for _ in range(2):
        known = modules & graph.modules
        modules = {m for each in known for m in graph.find_modules_that_directly_import(each)}
        steps.append({f"{module.replace('.', '/')}.py" for module in modules})
    return steps[0], steps[1]


def _leg_of(file: str) -> str:
    return "browser" if file.startswith("tests/browser/") else "sqlite"


# --- The plugin: how long each file of tests takes ---

_took: Counter[str] = Counter()


def pytest_runtest_logreport(report) -> None:
    _took[report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(session, exitstatus) -> None:
    """Keep the times of files that ran whole; with xdist the one that has them all does."""
    is_worker = hasattr(session.config, "workerinput")
    is_part = session.config.option.keyword or any("::" in arg for arg in session.config.args)
    if is_worker or is_part or exitstatus != 0:
        return
    TIMES.parent.mkdir(exist_ok=True)
    kept = {**_times(), **{file: round(took, 1) for file, took in _took.items()}}
    new = TIMES.with_suffix(f".{id(session)}")
    new.write_text(json.dumps(kept, indent=1, sort_keys=True))
    new.replace(TIMES)


def _times() -> dict[str, float]:
    try:
        return json.loads(TIMES.read_text())
    except (OSError, ValueError):
        return {}
