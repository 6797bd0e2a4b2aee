"""The made-up school's directory, pathways and contacts: thirty entries, the same each time."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from classrooms.models import School
from resources import actions

_WEEK, _LUNCH, _AFTER = "Mon-Fri 08:30-15:30", "Mon-Fri 12:15-13:00", "Mon-Thu 15:30-17:00"
_NOTHING = "Nothing is written down."
_FILE = "Notes are kept for a year and read by the counsellors only."

#: Name, use, topics, hours, place, contact, and what differs from the ordinary.
_FORMAL: tuple[tuple[str, str, str, str, str, str, dict[str, Any]], ...] = (
    (
        "Ms Okafor, counsellor",
        "talk about worries, sadness or trouble at home",
        "feelings people",
        _WEEK,
        "Room 12",
        "Come in, or counsellor@school.example",
        {"data_note": _FILE},
    ),
    (
        "Mr Brand, counsellor",
        "talk to somebody when Ms Okafor is away",
        "feelings people",
        _WEEK,
        "Room 14",
        "Come in",
        {"data_note": _FILE},
    ),
    (
        "School nurse",
        "get help when you feel ill or have a question about your body",
        "health",
        _WEEK,
        "Medical room",
        "Come in, or ask any teacher",
        {"data_note": _FILE},
    ),
    (
        "Safeguarding lead",
        "tell somebody that you or a friend are not safe",
        "safety bullying",
        _WEEK,
        "Office 3",
        "Ask at the front desk for Mrs Lindqvist",
        {"data_note": "What you say is passed on only to keep somebody safe."},
    ),
    (
        "Bullying report desk",
        "report bullying, for yourself or for somebody else",
        "bullying safety",
        _LUNCH,
        "Room 20",
        "Come in, or put a note into the blue box",
        {"data_note": "Your note is read by two teachers."},
    ),
    (
        "Learning support",
        "get help with reading, writing and planning your work",
        "schoolwork",
        _WEEK,
        "Room 7",
        "Come in",
        {},
    ),
    (
        "Library desk",
        "find books, sources and a quiet table",
        "schoolwork",
        "Mon-Fri 08:00-17:00",
        "Library",
        "Ask at the desk",
        {},
    ),
    (
        "Device desk",
        "mend a tablet, reset a password or borrow a charger",
        "technical",
        _LUNCH,
        "Room 31",
        "Come in with your device",
        {"bring": "Bring the device and its charger."},
    ),
    (
        "Careers adviser",
        "plan what comes after school",
        "future",
        "Tue,Thu 12:00-15:00",
        "Room 16",
        "Write your name on the list at the door",
        {},
    ),
    (
        "School fund",
        "ask for money for a trip, a calculator or a uniform",
        "money",
        _WEEK,
        "School office",
        "Ask for the fund form; nobody asks why",
        {"data_note": "Two people read the form, then it is shredded."},
    ),
    (
        "Breakfast table",
        "eat before school, without any question",
        "money health",
        "Mon-Fri 07:30-08:20",
        "Canteen",
        "Come in",
        {},
    ),
    (
        "School social worker",
        "get help for your family with forms, housing or money",
        "people money",
        "Mon,Wed 09:00-14:00",
        "Room 2",
        "Ask for a time at the front desk",
        {"data_note": _FILE},
    ),
    (
        "Head of year 9",
        "sort out a problem with lessons or with a teacher",
        "schoolwork people",
        _WEEK,
        "Room 25",
        "Come in at break",
        {"audience": "Year 9"},
    ),
    (
        "Speech and language help",
        "practise speaking, or get more time to answer",
        "schoolwork health",
        "by arrangement",
        "Room 8",
        "Ask learning support",
        {},
    ),
    (
        "Youth clinic",
        "see a doctor or a nurse without your parents",
        "health",
        "Mon-Fri 14:00-18:00",
        "Mill Street 4",
        "Call or walk in",
        {"bring": "Bus 3 to Mill Street. Bring your health card if you have it."},
    ),
)
_INFORMAL: tuple[tuple[str, str, str, str, str, str, dict[str, Any]], ...] = (
    (
        "Homework club",
        "do homework together, with biscuits",
        "schoolwork",
        _AFTER,
        "Library",
        "Come in",
        {},
    ),
    (
        "Maths café",
        "ask older students about maths",
        "schoolwork",
        "Wed 15:30-17:00",
        "Room 5",
        "Come in",
        {},
    ),
    (
        "Code club",
        "make games and get help with programming",
        "schoolwork technical",
        "Tue 15:30-17:00",
        "Room 31",
        "Come in",
        {},
    ),
    (
        "Peer helpers",
        "ask somebody your own age first",
        "schoolwork people",
        _LUNCH,
        "The green sofa",
        "Look for the green lanyard",
        {},
    ),
    (
        "Buddy bench",
        "find somebody to sit with at lunch",
        "people bullying",
        _LUNCH,
        "Yard",
        "Sit down; somebody comes",
        {},
    ),
    (
        "Newcomers’ table",
        "meet others who are new here",
        "people",
        _LUNCH,
        "Canteen",
        "Come in",
        {"languages": ["English", "Українська", "العربية", "Türkçe"]},
    ),
    (
        "Language exchange",
        "practise a language with somebody who speaks it",
        "schoolwork people",
        "Thu 15:30-16:30",
        "Room 9",
        "Come in",
        {"languages": ["English", "Español", "Polski"]},
    ),
    (
        "Running group",
        "clear your head outside",
        "health feelings",
        "Mon,Fri 15:30-16:30",
        "Sports field",
        "Bring shoes",
        {},
    ),
    (
        "Quiet room",
        "be somewhere without noise",
        "feelings",
        _WEEK,
        "Room 13",
        "Show any teacher the card",
        {},
    ),
    (
        "Rainbow group",
        "talk with others about who you are",
        "people feelings",
        "Tue 12:15-13:00",
        "Room 18",
        "Come in, also just to listen",
        {"data_note": "Nobody writes down who comes."},
    ),
    (
        "Young carers",
        "meet others who look after somebody at home",
        "people feelings",
        "Fri 12:15-13:00",
        "Room 12",
        "Come in",
        {},
    ),
    (
        "Swap shelf",
        "take or leave clothes, books and calculators",
        "money",
        _WEEK,
        "Corridor by the gym",
        "Take what you need",
        {},
    ),
    (
        "Repair café",
        "mend a bike, a phone or a bag",
        "technical money",
        "Sat 10:00-13:00",
        "Old Town Hall",
        "Come in",
        {"cost": "some", "bring": "Ten minutes on foot from school."},
    ),
    (
        "Open door youth centre",
        "spend the afternoon with others, also in the holidays",
        "people",
        "Mon-Fri 14:00-20:00; Sat 12:00-20:00",
        "River Lane 1",
        "Come in",
        {},
    ),
    (
        "Revision videos",
        "hear it explained another way",
        "schoolwork",
        "always",
        "Website",
        "On the website",
        {
            "where": "online",
            "link": "https://revision.example/",
            "data_note": "The site counts visits. It does not ask for a name.",
        },
    ),
)

#: Kind, name, when, and steps: what, owner, backup, limit, where.
_PATHWAYS: tuple[tuple[str, str, str, tuple[tuple[str, str, str, str, str], ...]], ...] = (
    (
        "academic",
        "Stuck on the work",
        "I do not understand a task, or I cannot get started.",
        (
            (
                "You raise your hand in the class page. Somebody comes to you.",
                "Your teacher",
                "The assistant in class",
                "15m",
                "",
            ),
            (
                "Still stuck after class? Somebody goes through it with you.",
                "Learning support",
                "Homework club",
                "1d",
                "Room 7",
            ),
        ),
    ),
    (
        "wellbeing",
        "I do not feel well inside",
        "I am sad, worried or angry, and it does not go away.",
        (
            (
                "We find a time and a quiet room, and you say as much as you like.",
                "Ms Okafor",
                "Mr Brand",
                "today",
                "Room 12",
            ),
            (
                "If you want, we plan together who else may know.",
                "Ms Okafor",
                "School nurse",
                "1w",
                "Room 12",
            ),
        ),
    ),
    (
        "safety",
        "Somebody is not safe",
        "I am afraid, or I worry that somebody will be hurt.",
        (
            (
                "You tell us, alone or with a friend. We stay with you.",
                "Mrs Lindqvist",
                "Ms Okafor",
                "5m",
                "Office 3",
            ),
            (
                "We say what we must pass on, to whom, and do it with you.",
                "Mrs Lindqvist",
                "Head of school",
                "2h",
                "Office 3",
            ),
        ),
    ),
    (
        "bullying",
        "Bullying",
        "Somebody hurts, threatens or leaves out me or another person, here or online.",
        (
            (
                "We listen and write down only what you want written down.",
                "Mr Adeyemi",
                "Ms Okafor",
                "today",
                "Room 20",
            ),
            (
                "We talk to the others without saying that you came.",
                "Mr Adeyemi",
                "Head of year 9",
                "2d",
                "",
            ),
            ("We ask you whether it has stopped.", "Mr Adeyemi", "Ms Okafor", "1w", ""),
        ),
    ),
    (
        "technical",
        "My device or account does not work",
        "I cannot log in, or something is broken.",
        (
            (
                "You raise your hand. We lend you another device for the lesson.",
                "Your teacher",
                "The assistant in class",
                "15m",
                "",
            ),
            ("We mend it or make a new password.", "Device desk", "Library desk", "1d", "Room 31"),
        ),
    ),
    (
        "practical",
        "Food, money or things I need",
        "I am hungry, or I cannot pay for something.",
        (
            (
                "You get something to eat at once. Nobody asks why.",
                "School office",
                "School nurse",
                "5m",
                "By the main door",
            ),
            (
                "We look for money or things together.",
                "School social worker",
                "School fund",
                "2d",
                "Room 2",
            ),
        ),
    ),
)
#: Made up: numbers of a country that does not exist.
_CONTACTS = (
    (
        "Freedonia",
        "Freedonia youth line (made up)",
        "0000 111 111",
        "always",
        "You need to talk to somebody now.",
    ),
    (
        "Freedonia",
        "Emergency (made up)",
        "0000 112",
        "always",
        "You or somebody else is in danger.",
    ),
)


def add_resources(school: School) -> None:
    """Fill the made-up school's directory; what is there already stays as it is."""
    by = school.admins.order_by("pk").first()
    user = by.user if by is not None else None
    _add_entries(school, user)
    known = set(school.pathways.values_list("title", flat=True))
    for kind, title, use, steps in _PATHWAYS:
        if title not in known:
            values = {"kind": kind, "title": title, "use": use}
            rows = [_step(*step) for step in steps]
            actions.save_pathway(school, None, values, rows, by=user, publish=True)
    numbers = set(school.contacts.values_list("number", flat=True))
    for country, name, number, hours, note in _CONTACTS:
        if number not in numbers:
            contact = {"country": country, "name": name, "number": number}
            actions.save_contact(school, None, contact | {"hours": hours, "note": note}, by=user)


def _add_entries(school: School, user: Any) -> None:
    known = set(school.entries.filter(classroom=None).values_list("title", flat=True))
    for kind, rows in (("formal", _FORMAL), ("informal", _INFORMAL)):
        for title, use, topics, hours, place, contact, special in rows:
            if title in known:
                continue
            values = _ordinary(user) | {
                "title": title,
                "kind": kind,
                "use": f"Use this to {use}.",
                "topics": topics.split(),
                "hours": hours,
                "place": place,
                "contact": contact,
            }
            entry = actions.add_entry(school, None, values | special, by=user)
            actions.publish_entry(entry, by=user)


def _ordinary(user: Any) -> dict[str, Any]:
    name = str(user)[:60] if user is not None else "School office"
    return {
        "audience": "Everybody",
        "languages": ["English"],
        "cost": "free",
        "where": "in_person",
        "reading_age": 11,
        "author": name,
        "reviewed_by": name,
        "review_due": timezone.localdate() + timedelta(days=300),
        "data_note": _NOTHING,
    }


def _step(what: str, owner: str, backup: str, limit: str, contact: str) -> dict[str, str]:
    return {
        "what": what,
        "owner": owner,
        "backup": backup,
        "limit": limit,
        "contact": contact,
        "hours": _WEEK,
    }
