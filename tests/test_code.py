"""What stands nowhere in the product's code: each would open a hole of a kind that it has not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import FileField

from tests.catalogue import APPS, ROOT

#: Python that serves people; what operators type (helpdesk/operate, commands) may start programs.
FILES = [
    path
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
#: Parsers and languages in which what somebody sends would be obeyed, and ways in that we have not.
ABSENT = {
    "pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml", "defusedxml", "jwt", "jose",
    "ldap", "ldap3", "graphene", "strawberry", "graphql", "jinja2", "mako", "markdown", "bleach",
    "oauthlib", "requests_oauthlib", "saml2", "onelogin", "aiortc", "pymemcache", "pylibmc",
    "zipfile", "tarfile", "PIL", "ctypes", "telnetlib",
}  # fmt: skip


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call, by the last name of what is called."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported(path: Path) -> Iterator[str]:
    """Modules, and what is taken from them."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_what_is_looked_through_is_all_of_it():
    assert len(FILES) > 150
    assert len(SCRIPTS) > 5
    assert len(TEMPLATES) > 100


def test_no_parser_and_no_way_in_that_is_said_to_be_absent():
    found = {
        f"{place(path)}: {name}"
        for path in FILES
        for name in imported(path)
        if name.partition(".")[0] in ABSENT
    }
    assert found == set()


def test_no_text_is_run_as_code():
    """Nor is a template made of one."""
    forbidden = {"eval", "exec", "compile", "__import__", "Template", "Engine", "from_string"}
    found = {
        f"{place(path)}: {name}"
        for path in FILES
        for name, _call in calls(path)
        if name in forbidden or name.rpartition(".")[2] in ("from_string", "Template")
    }
    assert found == set()


def test_programs_are_started_by_a_list_of_words_and_for_operators_alone():
    for path in FILES:
        for name, call in calls(path):
            assert name not in ("os.system", "os.popen", "subprocess.getoutput"), place(path)
            told = {each.arg: each.value for each in call.keywords}
            assert "shell" not in told, place(path)
        if "subprocess" in set(imported(path)):
            assert path.is_relative_to(ROOT / "helpdesk"), place(path)
            assert path.parent.name == "operate" or path.name in ("server.py", "supervisor.py")


def test_no_pattern_is_made_of_what_somebody_typed():
    found = set()
    for path in FILES:
        for name, call in calls(path):
            if not name.startswith("re.") or not call.args or name == "re.escape":
                continue
            pattern = call.args[0]
            is_ours = isinstance(pattern, ast.Constant) or (
                isinstance(pattern, ast.Name | ast.Call | ast.BinOp)
                and re.fullmatch(r"[\"'A-Z_|().format{}]+", ast.unparse(pattern))
            )
            if not is_ours:
                found.add(f"{place(path)}: {ast.unparse(pattern)}")
    # The name of a setting, which is one of ours; and a person's, escaped.
    assert found == {
        "helpdesk/operate/install.py: f'^(export )?{name}=.*$'",
        "classrooms/adults.py: f'(?<!\\\\w){re.escape(name)}(?!\\\\w)'",
    }


def test_queries_are_made_by_the_orm_or_have_places_for_values():
    for path in FILES:
        if {"operate", "commands"} & set(path.parts):
            continue  # names of tables, for whoever has the database anyhow
        for name, call in calls(path):
            last = name.rpartition(".")[2]
            assert last not in ("RawSQL", "extra"), place(path)
            if last in ("execute", "raw") and call.args:
                assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), place(path)


def test_what_is_marked_as_safe_was_made_of_safe_parts():
    """The picture of a code, and pieces that a template drew."""
    allowed = {"classrooms/qr.py", "live/shown.py"}
    found = {
        place(path)
        for path in FILES
        for name, _call in calls(path)
        if name in ("mark_safe", "SafeString", "SafeText")
    }
    assert found == allowed
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape off|safeseq", text), place(path)
        # Scripts are files; what stands between two tags is data, with nothing that people wrote.
        data = r"[^>]*(\bsrc=|type=\"application/json\">\s*\{\"ids\": \{[\w\s\",:{}.]*\}\}\s*<)"
        assert not re.search(rf"<script(?!{data})|\son\w+=|javascript:", text), place(path)


def test_scripts_write_text_as_text_and_run_none():
    """Nor do they talk to other windows, or take over keys of an object from outside."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|"
        r"setTimeout\(\s*[\"'`]|postMessage|window\.opener|document\.domain|importScripts|"
        r"Object\.assign|__proto__|JSON\.parse|\bfor \((const|let) \w+ in "
    )
    # What a script of ours put there itself does not come from outside.
    own = "JSON.parse(sessionStorage.getItem("
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8").replace(own, "")
        assert not re.search(forbidden, text), place(path)


def test_hashes_and_ciphers_are_approved_ones():
    hashes = {
        ast.unparse(node)
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("hashlib.")
    }
    kinds = {name.split("(")[0] for name in hashes}
    assert kinds == {"hashlib.sha256", "hashlib.blake2b"}  # the latter finds copying mistakes
    ciphers = {
        name for path in FILES for name in imported(path) if name.startswith("cryptography.")
    }
    kinds = {name.rpartition(".")[2] for name in ciphers}
    assert kinds == {"AESGCM", "Scrypt", "InvalidTag"}
    for path in FILES:
        for name, call in calls(path):
            if name.rpartition(".")[2] == "salted_hmac":
                told = {each.arg: ast.unparse(each.value) for each in call.keywords}
                assert told.get("algorithm") == "'sha256'", place(path)


def test_chance_that_nobody_may_guess_comes_from_the_system():
    """``random`` spreads what is not secret: the made-up school, and when a worker next beats."""
    users = {
        place(path).partition("/")[0]
        for path in FILES
        for name in imported(path)
        if name.partition(".")[0] == "random"
    }
    assert users <= {"demo", "live", "checkins"}
    for path in FILES:
        for name, _call in calls(path):
            if name.startswith("random.") and "demo" not in path.parts:
                assert place(path) == "live/hub.py" or "SystemRandom" in name, place(path)


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_no_row_keeps_a_file(model):
    assert not [each for each in model._meta.get_fields() if isinstance(each, FileField)]


def test_no_old_technique_stands_in_a_page():
    """Nothing that browsers have given up, and nothing that takes pasting away."""
    old = (
        r"<(object|embed|applet|param|frame|frameset|marquee|bgsound)\b|onpaste|oncopy|\bxmlns:v\b"
    )
    for path in (*TEMPLATES, *SCRIPTS):
        text = path.read_text(encoding="utf-8")
        assert not re.search(old, text), place(path)
        assert not re.search(r"ActiveXObject|[\"']paste[\"']", text), place(path)


def test_names_of_downloads_are_ours():
    """Each is a constant: nothing that somebody typed stands in the head of an answer."""
    found = {}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign) and "Content-Disposition" in ast.unparse(
                node.targets[0]
            ):
                assert isinstance(node.value, ast.Constant), place(path)
                found[place(path)] = node.value.value
    assert found == {
        "records/telling.py": 'attachment; filename="what-is-kept.json"',
        "resources/manage.py": 'attachment; filename="resources.csv"',
    }


def test_forms_name_their_fields():
    """A form of a model that takes all of its fields would take new ones unasked."""
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                is_all = ast.unparse(node.targets[0]) == "fields" and node.value.value == "__all__"
                assert not is_all, place(path)
        for name, call in calls(path):
            # **request.POST would write whatever somebody sends.
            spread = [ast.unparse(each.value) for each in call.keywords if each.arg is None]
            assert not [each for each in spread if "request." in each], f"{place(path)}: {name}"


def test_nothing_else_opens_a_connection():
    """Links of the directory; for the rest it is our own port and our own server."""
    openers = ("socket", "http.client", "urllib.request", "requests", "httpx", "aiohttp", "ftplib",
               "smtplib", "asyncio.open_connection", "urllib3")  # fmt: skip
    found = {
        place(path)
        for path in FILES
        for name in imported(path)
        if name.startswith(tuple(f"{each}" for each in openers)) and "requests_app" not in name
    }
    own = {"settings", "server", "supervisor", "operate/checkup"}
    assert found == {
        "resources/links.py",
        "demo/browser.py",
        *(f"helpdesk/{each}.py" for each in own),
    }
