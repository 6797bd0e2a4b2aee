"""The alarms and the dashboard in deploy/: they parse, ring when they should, and ask for numbers
that a server really tells."""

import json
import re
import subprocess
from functools import cache

import pytest
import yaml

from tests import services
from tests.servers import ROOT, running

pytestmark = pytest.mark.own_servers

TOKEN = "a-token-of-the-tests-0123"
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
TRIED = ROOT / "deploy/prometheus/alerts.test.yml"
DASHBOARD = ROOT / "deploy/grafana/helpdesk.json"
#: What Prometheus itself adds: a series, and labels on all of them.
OF_PROMETHEUS = {"up": set()}
ADDED = {"job", "instance"}
WORD = re.compile(r"[a-zA-Z_:][\w:]*")
GROUPING = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
#: A name that is no function's, where labels, times and texts are taken away.
SERIES = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
KEYWORDS = {"and", "or", "unless", "bool"}


def alerts() -> list[dict]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def questions() -> dict[str, str]:
    """Who asks → what, in Prometheus' language; the dashboard's variable is one server."""
    asked = {rule["alert"]: rule["expr"] for rule in alerts()}
    for panel in panels():
        for target in panel["targets"]:
            expression = target["expr"].replace("$instance", "a:8000")
            asked[f"panel {panel['title']} {target['refId']}"] = expression
    return asked


@pytest.fixture(scope="module")
def promtool():
    program = services.promtool()
    if program is None:
        pytest.skip("there is no promtool, and it could not be fetched")

    def run(*words, text=None):
        done = subprocess.run(
            [program, *map(str, words)], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def told_by_a_server(folder) -> str:
    """What its /metrics tells after a hand was raised."""
    database = f"sqlite:///{folder}/helpdesk.sqlite3"
    with running(folder, DATABASE_URL=database, HELPDESK_METRICS_TOKEN=TOKEN) as server:
        cast = server.cast()
        with server.listen(cast):
            assert server.raise_hand(cast, 0) == 200
        status, text = server.get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    return text


def labels_of(text: str) -> dict[str, set[str]]:
    """Series → its labels."""
    found: dict[str, set[str]] = {}
    for name, inside in re.findall(rf"^({WORD.pattern})(?:\{{(.*)\}})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(rf'({WORD.pattern})="', inside))
    return found


# --- They ring when they should ----------------------------------------------


def test_the_alarms_ring_when_they_should_and_not_on_an_ordinary_day(promtool):
    assert "SUCCESS" in promtool("check", "rules", ALERTS)
    assert "SUCCESS" in promtool("test", "rules", TRIED)


def test_each_alarm_is_tried_ringing_and_silent():
    rings, silent = set(), set()
    for story in yaml.safe_load(TRIED.read_text(encoding="utf-8"))["tests"]:
        for moment in story.get("alert_rule_test", ()):
            (rings if moment["exp_alerts"] else silent).add(moment["alertname"])
    assert rings == silent == {rule["alert"] for rule in alerts()}


def test_what_the_dashboard_asks_can_be_asked(promtool, tmp_path):
    rules = [
        {"record": f"asked:{n}", "expr": asked} for n, asked in enumerate(questions().values())
    ]
    file = tmp_path / "asked.yml"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


# --- They ask for what a server tells ----------------------------------------


def test_each_question_is_about_what_a_server_tells(promtool, tmp_path):
    told = told_by_a_server(tmp_path)
    promtool("check", "metrics", text=told)
    series = OF_PROMETHEUS | labels_of(told)
    wrong = {who: misfits(asked, series) for who, asked in questions().items()}
    assert {who: names for who, names in wrong.items() if names} == {}


def misfits(expression: str, series: dict[str, set[str]]) -> set[str]:
    """What it asks for that nobody tells: series, and labels of them."""
    grouped = {name for inside in GROUPING.findall(expression) for name in WORD.findall(inside)}
    rest = re.sub(r'"[^"]*"|\[[^]]*\]', " ", GROUPING.sub(" ", expression))
    named = set(SERIES.findall(re.sub(r"\{[^}]*\}", " ", rest))) - KEYWORDS
    if not named:
        return {"nothing is asked for"}
    wrong = named - set(series)
    for name, labels in re.findall(rf"({WORD.pattern})\{{([^}}]*)\}}", rest):
        wrong |= set(WORD.findall(labels)) - series.get(name, set()) - ADDED
    known = set().union(*(series.get(name, set()) for name in named))
    return wrong | (grouped - known - ADDED)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("sum(rate(hands_total[5m])) / up > bool 1", set()),
        ('sum by (verb, instance) (increase(hands_total{verb=~"a|b{2}"}[1h]))', set()),
        ("rate(hand_total[5m])", {"hand_total"}),
        ('hands_total{word="verb"}', {"word"}),
        ("sum by (word) (hands_total)", {"word"}),
        ("time()", {"nothing is asked for"}),
    ],
)
def test_a_wrong_question_would_be_found(expression, wrong):
    assert misfits(expression, {"up": set(), "hands_total": {"verb"}}) == wrong


# --- And say where to read on -------------------------------------------------


@cache
def headings() -> set[str]:
    """The anchors of docs/operate.md, as its readers' web pages make them."""
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_each_alarm_names_its_page(rule):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operate.md"
    assert anchor == rule["alert"].lower()
    assert anchor in headings()
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in ("critical", "warning")
