"""A tab from before: a page of the last release goes on with this one's server (F19)."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_two_workers import is_live, is_not_live
from tests.operate import versions
from tests.servers import ROOT, running

pytestmark = pytest.mark.own_servers


@pytest.fixture
def old_page(browser, tmp_path):
    """(page of a student, page of the teacher, whoever served them until now is gone)."""
    code = tmp_path / "srv"
    versions.put_released(code)
    file = f"sqlite:///{tmp_path}/school.sqlite3"
    with running(tmp_path, code=code, DATABASE_URL=file) as server:
        cast, site = server.cast(), server.environment["HELPDESK_SITE_URL"]
        contexts = []

        def open_page(cookie, value):
            context = browser.chromium.new_context(base_url=site)
            contexts.append(context)
            context.add_cookies([{"name": cookie, "value": value, "url": site}])
            page = context.new_page()
            page.goto(f"/c/{cast['slug']}/")
            is_live(page)
            return page

        student = browser.do(open_page, "helpdesk-device", cast["students"][0])
        teacher = browser.do(open_page, "sessionid", cast["teacher"])
    yield student, teacher, {"PORT": str(server.port), "DATABASE_URL": file}
    for context in contexts:
        browser.do(context.close)


def test_a_page_of_the_last_release_goes_on_with_this_one(old_page, tmp_path):
    student, teacher, same = old_page
    is_not_live(student)
    with running(tmp_path, code=ROOT, **same):
        for page in (student, teacher):
            is_live(page)
        student.get_by_role("button", name="Raise hand").click()
        expect(student.get_by_role("heading", name="You are in line")).to_be_visible()
        teacher.locator('[formaction$="/claim/"]').click()
        expect(student.get_by_text("Grace").first).to_be_visible()
