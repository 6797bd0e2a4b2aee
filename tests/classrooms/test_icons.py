"""Icons come from one file, which has all that pages use and nothing else."""

import re

import pytest

from classrooms import icons
from classrooms.templatetags.icons import lucide
from tests.servers import ROOT

#: Where an icon is named: in a template, or as a word in the code of an app.
IN_TEMPLATE = re.compile(r"""(?:{% lucide |icon=)"([a-z0-9-]+)\"""")
IN_CODE = re.compile(r'"([a-z0-9-]+)"')


def words_in(pattern, files):
    return {word for file in files for word in pattern.findall(file.read_text(encoding="utf-8"))}


def test_each_icon_of_a_template_is_in_the_file():
    assert words_in(IN_TEMPLATE, (ROOT / "templates").rglob("*.*")) <= set(icons.NAMES)


def test_no_icon_is_in_the_file_that_no_page_shows():
    used = words_in(IN_TEMPLATE, (ROOT / "templates").rglob("*.*"))
    for app in ("classrooms", "coaching", "requests_app"):
        code = (each for each in (ROOT / app).glob("*.py") if each.name != "icons.py")
        used |= words_in(IN_CODE, code)
    assert set(icons.NAMES) <= used
    assert list(icons.NAMES) == sorted(set(icons.NAMES))


def test_the_file_has_a_picture_under_each_name(client):
    answer = client.get("/static/img/icons.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    text = answer.getvalue().decode()
    drawn = dict(re.findall(r'<symbol id="([\w-]+)"[^>]*>(.*?)</symbol>', text))
    assert list(drawn) == list(icons.NAMES)
    assert all(each.startswith("<") for each in drawn.values())


def test_an_icon_names_its_picture_and_its_look():
    assert lucide("hand", aria_hidden="true", **{"class": 'a"b'}) == (
        '<svg aria-hidden="true" class="a&quot;b"><use href="/static/img/icons.svg#hand"/></svg>'
    )
    assert 'width="96" height="96"' in lucide("moon", size=96, stroke_width="1.2")


def test_an_icon_that_is_not_in_the_file_is_a_mistake():
    with pytest.raises(KeyError, match=r"classrooms/icons\.py"):
        lucide("dragon")
