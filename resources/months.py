"""One message a month that asking is normal, for the board and the signs (A58).

The same for everybody, never aimed at anybody. A school can write its own.
"""

from datetime import date

from django.utils.translation import gettext_lazy as _

from classrooms.models import School
from resources.models import today_in

#: By month, January first.
BUILT_IN = (
    _("A new year: nobody knows everything yet. Ask early."),
    _("Asking is part of learning. People who are good at something ask a lot."),
    _("One sentence is enough: “I am stuck here.”"),
    _("Try one thing, then ask. Both count."),
    _("Your question helps the person beside you too."),
    _("Before tests everybody has questions. Bring yours."),
    _("You can ask for help with more than schoolwork."),
    _("Holidays can be hard. Get help shows who is there."),
    _("New here? Ask anything. Everybody was new once."),
    _("Looking after how you feel is as normal as looking after your teeth."),
    _("Telling an adult about bullying is brave, and it helps others too."),
    _("Say thank you to somebody who helped you this year."),
)


def message_of(school: School, today: date | None = None) -> str:
    """The words of this month on the school's clock, in the language at hand or as typed."""
    today = today or today_in(school)
    own = school.messages.filter(month=today.replace(day=1)).first()
    return own.text if own is not None else str(BUILT_IN[today.month - 1])
