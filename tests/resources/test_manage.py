"""Setting up: teachers for their class, admins for their school, nobody for anybody else's."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from classrooms.models import Classroom, School
from classrooms.qr import join_link, qr_svg
from resources.models import Change, Contact, Entry, Pathway
from resources.search import find
from resources.sign_words import SIGN_WORDS
from tests.resources.conftest import complete, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def typed():
    """What a form for one entry sends."""

    def fill(**changes):
        values = complete(**changes)
        return values | {"languages": ", ".join(values["languages"])}

    return fill


def test_a_teacher_adds_an_entry_and_students_see_it(room, grace, ada, browser_of, typed):
    client = browser_of(grace)
    url = f"/c/{room.slug}/manage/resources/new/"
    assert 'value="Grace Hopper"' in client.get(url).content.decode()  # author, filled in
    answer = client.post(url, typed(title="Loops corner") | {"publish": "1"})
    assert answer.status_code == 302
    entry = Entry.objects.get()
    assert (entry.classroom, entry.owner) == (room, grace.user)
    page = browser_of(ada).get(f"/c/{room.slug}/help/directory/?q=loops").content.decode()
    assert "Loops corner" in page


@pytest.mark.parametrize("part", ["review_due", "kind", "hours"])
def test_publishing_without_a_part_is_refused_and_keeps_what_was_typed(
    part, room, grace, browser_of, typed
):
    answer = browser_of(grace).post(
        f"/c/{room.slug}/manage/resources/new/", typed(**{part: ""}) | {"publish": "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    label = str(Entry._meta.get_field(part).verbose_name)
    assert f"please add: {label}." in page
    assert "Ms Okafor, counsellor" in page
    assert "Please fill this in." in page
    assert not Entry.objects.exists()


def test_a_draft_may_have_gaps(room, grace, ada, browser_of):
    client = browser_of(grace)
    client.post(f"/c/{room.slug}/manage/resources/new/", {"title": "Half"})
    entry = Entry.objects.get()
    assert entry.published_at is None
    assert "Half" not in browser_of(ada).get(f"/c/{room.slug}/help/directory/").content.decode()
    assert "Draft" in client.get(f"/c/{room.slug}/manage/resources/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("link", "javascript:alert(1)", "https://"),
        ("link", "ftp://example.org/x", "https://"),
        ("link", "https://bank.example@evil.example/", "@"),
        ("hours", "whenever", "Mon-Fri 08:30-15:30"),
        ("reading_age", "99", "5 to 18"),
        ("review_due", "2999-01-01", "three years"),
        ("topics", ["juggling"], "choose one of these"),
        ("title", "x" * 81, "80 characters"),
        ("title", "\u202e\u200b", "give it a name"),
        ("languages", ",".join(f"l{n}" for n in range(13)), "12 languages"),
    ],
)
def test_odd_values_are_told_at_their_field(field, value, says, room, grace, browser_of, typed):
    answer = browser_of(grace).post(
        f"/c/{room.slug}/manage/resources/new/", typed() | {field: value}
    )
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Entry.objects.exists()


def test_a_web_address_without_its_beginning_is_completed(room, grace, browser_of, typed):
    browser_of(grace).post(
        f"/c/{room.slug}/manage/resources/new/", typed() | {"link": "example.org/help"}
    )
    assert Entry.objects.get().link == "https://example.org/help"


def test_a_published_entry_cannot_be_emptied(room, grace, browser_of, publish, typed):
    entry = publish(classroom=room)
    url = f"/c/{room.slug}/manage/resources/{entry.pk}/"
    answer = browser_of(grace).post(url, typed(contact=""))
    assert answer.status_code == 422
    entry.refresh_from_db()
    assert entry.contact == "Come in"


def test_the_owner_of_an_expired_entry_is_told_on_the_page(room, grace, browser_of, publish):
    entry = publish(classroom=room)
    Entry.objects.update(review_due=timezone.localdate() - timedelta(days=2))
    page = browser_of(grace).get(f"/c/{room.slug}/manage/resources/").content.decode()
    assert "Please look these over" in page
    assert f"/manage/resources/{entry.pk}/" in page


def test_hide_and_remove(room, grace, browser_of, publish):
    entry = publish(classroom=room)
    client = browser_of(grace)
    base = f"/c/{room.slug}/manage/resources/{entry.pk}/"
    client.post(f"{base}withdraw/")
    entry.refresh_from_db()
    assert entry.published_at is None
    client.get(f"{base}remove/")
    assert Entry.objects.exists()
    client.post(f"{base}remove/")
    assert not Entry.objects.exists()
    assert Change.objects.first().verb == "removed"


def test_nobody_sets_up_what_is_not_theirs(
    room, school, grace, edsger, alan, ada, mallory, browser_of, publish, publish_pathway
):
    of_class, of_school = publish(classroom=room), publish(title="Of the school")
    pathway = publish_pathway()
    other_school = School.objects.create(name="Other")
    other = Classroom.objects.create(school=other_school, name="B", slug="b", code="BBBBBBBB")
    far = Entry.objects.create(school=other_school, classroom=other, title="Far")
    teacher, admin = browser_of(grace), browser_of(edsger)
    in_class = f"/c/{room.slug}/manage/resources/"
    assert teacher.get(f"{in_class}{of_class.pk}/").status_code == 200
    assert teacher.get(f"{in_class}{of_school.pk}/").status_code == 404
    assert teacher.get(f"{in_class}{far.pk}/").status_code == 404
    assert teacher.get("/school/resources/").status_code == 404
    assert admin.get(f"/school/resources/{of_school.pk}/").status_code == 200
    assert admin.get(f"/school/resources/{of_class.pk}/").status_code == 404
    assert admin.get(f"/school/resources/?school={other_school.pk}").status_code == 404
    for who in (alan, ada, mallory):
        client = browser_of(who)
        assert client.get(in_class).status_code == 404
        assert client.post(f"{in_class}{of_class.pk}/remove/").status_code == 404
        assert client.get(f"/school/pathways/{pathway.pk}/").status_code in (302, 404)
    assert Entry.objects.count() == 3


def upload(text: str):
    return {"file": SimpleUploadedFile("list.csv", text.encode(), "text/csv")}


def test_a_file_is_previewed_then_added(school, edsger, browser_of):
    client = browser_of(edsger)
    answer = client.post(
        "/school/resources/import/", upload("Name,Kind\nLunch club,informal\n=1+1,formal\n")
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "1 will be added" in page
    assert "Please take away" in page
    assert not Entry.objects.exists()
    signed = page.split('name="lines" value="')[1].split('"')[0]
    assert client.post("/school/resources/import/add/", {"lines": signed}).status_code == 302
    assert Entry.objects.get().title == "Lunch club"
    answer = client.post("/school/resources/import/add/", {"lines": signed + "x"})
    assert answer.status_code == 422
    assert Entry.objects.count() == 1


def test_a_complete_file_can_be_shown_at_once(school, edsger, browser_of, publish):
    publish(title="One")
    publish(title="Two")
    client = browser_of(edsger)
    saved = client.get("/school/resources/export/")
    assert saved["Content-Type"].startswith("text/csv")
    Entry.objects.all().delete()
    page = client.post("/school/resources/import/", upload(saved.content.decode())).content.decode()
    signed = page.split('name="lines" value="')[1].split('"')[0]
    client.post("/school/resources/import/add/", {"lines": signed, "publish": "1"})
    assert Entry.objects.exclude(published_at=None).count() == 2
    assert {entry.title for entry in find(school, None, "one two")} == {"One", "Two"}
    assert Change.objects.filter(entry__isnull=False, verb="published").count() == 2


def test_a_file_that_cannot_be_read_says_so(school, edsger, browser_of):
    client = browser_of(edsger)
    assert client.post("/school/resources/import/").status_code == 422
    answer = client.post("/school/resources/import/", upload("Colour\nred\n"))
    assert answer.status_code == 422
    assert "no column called" in answer.content.decode()


def pathway_typed(steps, **changes):
    sent = {"title": "Talk", "kind": "wellbeing", "use": "I feel bad.", "step-TOTAL_FORMS": "6"}
    sent |= {"step-INITIAL_FORMS": "0"} | changes
    for number, each in enumerate(steps):
        sent |= {f"step-{number}-{name}": value for name, value in each.items()}
    return sent


def test_an_admin_makes_a_pathway_and_mends_it(school, edsger, browser_of):
    client = browser_of(edsger)
    sent = pathway_typed([step(), step(backup="")], publish="1")
    answer = client.post("/school/pathways/new/", sent)
    assert answer.status_code == 422
    assert "please add to step 2: who steps in" in answer.content.decode()
    assert not Pathway.objects.exists()
    assert (
        client.post("/school/pathways/new/", pathway_typed([step()], publish="1")).status_code
        == 302
    )
    pathway = Pathway.objects.get()
    assert pathway.published_at
    page = client.get(f"/school/pathways/{pathway.pk}/").content.decode()
    assert 'value="Ms Okafor"' in page
    answer = client.post(f"/school/pathways/{pathway.pk}/", pathway_typed([]))
    assert answer.status_code == 422
    assert pathway.steps.count() == 1
    client.post(f"/school/pathways/{pathway.pk}/withdraw/")
    pathway.refresh_from_db()
    assert pathway.published_at is None


@pytest.mark.parametrize("total", ["", "-1", "1000000", "x"])
def test_a_pathway_form_that_was_tampered_with_is_no_crash(total, school, edsger, browser_of):
    sent = pathway_typed([step()]) | {"step-TOTAL_FORMS": total}
    assert browser_of(edsger).post("/school/pathways/new/", sent).status_code in (302, 422)


def test_kinds_of_help_without_a_way_are_told_to_the_admin(
    school, edsger, browser_of, publish_pathway
):
    publish_pathway()
    page = browser_of(edsger).get("/school/pathways/").content.decode()
    notice = page.split('id="without"')[1].split("</section>")[0]
    assert "Bullying" in notice
    assert "How I feel" not in notice


def test_contacts_are_kept_changed_and_removed(school, edsger, browser_of):
    client = browser_of(edsger)
    values = {"country": "Freedonia", "name": "Line", "number": "116 111", "hours": "24/7"}
    client.post("/school/contacts/", values)
    contact = Contact.objects.get()
    assert (contact.school, contact.hours) == (school, "always")
    client.post(f"/school/contacts/{contact.pk}/", values | {"number": "+49 116"})
    contact.refresh_from_db()
    assert contact.dialled == "+49116"
    answer = client.post("/school/contacts/", values | {"number": "call me"})
    assert answer.status_code == 422
    assert "call me" in answer.content.decode()
    general = Contact.objects.create(country="X", name="Server", number="1", hours="always")
    assert client.post(f"/school/contacts/{general.pk}/remove/").status_code == 404
    client.post(f"/school/contacts/{contact.pk}/remove/")
    assert list(Contact.objects.all()) == [general]


def test_messages_of_the_coming_year(school, edsger, browser_of):
    client = browser_of(edsger)
    month = f"{timezone.localdate():%Y-%m}"
    assert client.post(f"/school/months/{month}/", {"text": "Ask <us>"}).status_code == 302
    assert "Ask &lt;us&gt;" in client.get("/school/months/").content.decode()
    assert client.post(f"/school/months/{month}/", {"text": "x" * 161}).status_code == 422
    assert client.post("/school/months/1999-01/", {"text": "x"}).status_code == 404


def test_a_sign_has_code_qr_private_way_and_contacts(
    room, school, grace, ada, browser_of, publish_pathway, settings
):
    publish_pathway()
    Contact.objects.create(
        school=school, country="Freedonia", name="Youth line", number="116 111", hours="always"
    )
    url = f"/c/{room.slug}/manage/sign/"
    page = browser_of(grace).get(url, {"size": "a3", "languages": ["en", "ar"]}).content.decode()
    for text in (
        room.shown_code,
        "<svg",
        "go to Ms Okafor",
        "116 111",
        "sheet--a3",
        'lang="ar" dir="rtl"',
    ):
        assert text in page
    assert qr_svg(join_link(room)) in page
    assert ada.name not in page
    assert browser_of(grace).get(url, {"size": "card"}).content.decode().count("sheet__code") == 4
    assert (
        "sheet--a4"
        in browser_of(grace).get(url, {"size": "odd", "languages": "xx"}).content.decode()
    )
    assert browser_of(ada).get(url).status_code == 404


@pytest.mark.parametrize("code", SIGN_WORDS)
def test_a_sign_speaks_languages_that_the_pages_do_not(
    code, room, grace, browser_of, settings, publish_pathway
):
    settings.LANGUAGES = [("en", "English")]
    url = f"/c/{room.slug}/manage/sign/"
    chosen = {"languages": ["en", code]}
    page = browser_of(grace).get(url, chosen).text
    assert "Raise a hand here" in page
    assert SIGN_WORDS[code].line in page.replace("&#x27;", "'")
    assert SIGN_WORDS[code].anybody in page
    publish_pathway()
    page = browser_of(grace).get(url, chosen).text
    assert page.count("Ms Okafor") == 2
    assert f'lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}"' in page


def test_a_sign_begins_with_the_languages_that_helpers_speak(room, grace, browser_of, publish):
    url = f"/c/{room.slug}/manage/sign/"
    assert browser_of(grace).get(url).text.count("sheet__line") == 1
    publish(languages=["English", "polski"])
    page = browser_of(grace).get(url).text
    assert page.count("sheet__line") == 2
    assert 'lang="pl"' in page
