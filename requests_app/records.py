"""What is kept about people in a help request (``records.registry``)."""

from django.utils.translation import gettext_lazy as _

from records.registry import (
    ForAdmin,
    Record,
    Rule,
    not_personal,
    register,
    with_its_row,
)
from requests_app import forgetting
from requests_app.models import Event, HelpRequest, LessonTotals, Queue
from requests_app.said import Tried

WORDS = Rule(
    "words of requests",
    _("%(days)d days after the request ended"),
    days="KEEP_WORDS_DAYS",
    empty=forgetting.delete_words,
)
REQUESTS = Rule(
    "requests",
    _("%(days)d days after the lesson; then totals of five or more stay"),
    days="KEEP_FACTS_DAYS",
    empty=forgetting.delete_requests,
)


def tried_in_words(help_request: HelpRequest) -> list[str]:
    known = Tried.values
    return [str(Tried(each).label) for each in help_request.tried if each in known]


register(
    Record(
        HelpRequest,
        "key queue lesson student status version changed_at raised_at first_today been_a_while"
        " missed_last_time sort_at brought_forward_at is_promised first_response_at claimed_at"
        " help_started_at return_at proposed_at ended_at reopened longer_look carried_from"
        " form_key",
        what=_("When somebody raised a hand, and when help came"),
        why=_("to help in a fair order"),
        seen=_("the student, the helpers of the class; operators see that, not what about"),
        rule=REQUESTS,
        member="student",
        moment="raised_at",
        told="raised_at status helper raised_by first_response_at help_started_at ended_at",
        for_admin=ForAdmin.COUNT,
        erase=forgetting.erase_requests,
    ),
    Record(
        HelpRequest,
        "task carry_on kind tried given outcome reflection repair next_one",
        what=_("What the help was about, what was tried, and how it went"),
        why=_("so that the right help comes, and to see whether help helps"),
        seen=_("the student, the helpers of the class"),
        rule=REQUESTS,
        member="student",
        moment="raised_at",
        says={"tried": tried_in_words},
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "reason thanks cards",
        what=_("Why a hand was lowered, which cards were used, a kind word from the helper"),
        why=_("to keep what works, and the word for the student"),
        seen=_("the student; the helpers of the class see reasons as totals of five or more"),
        rule=REQUESTS,
        member="student",
        moment="raised_at",
        private=True,
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "text starter hint next_step",
        what=_("What was written about a request, by the student and by the helper"),
        why=_("so that the helper knows what it is about"),
        seen=_("the student, the helpers of the class"),
        rule=WORDS,
        member="student",
        moment="raised_at",
        told="text hint next_step",
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "feeling",
        what=_("What it felt like"),
        why=_("to offer something that fits"),
        seen=_("the student alone"),
        rule=WORDS,
        member="student",
        moment="raised_at",
        private=True,
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "manner",
        what=_("That a helper was asked to come quietly"),
        why=_("so that the helper comes as the student likes it"),
        seen=_("the student, the helpers of the class"),
        rule=WORDS,
        member="student",
        moment="raised_at",
        private=True,
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "helper",
        what=_("Which adult helped"),
        why=_("so that two do not come at once, and the student knows who comes"),
        seen=_("the student, the helpers of the class, operators"),
        rule=REQUESTS,
        member="helper",
        told="claimed_at help_started_at ended_at given hint",
        erase=forgetting.forget_helper,
        loosen=forgetting.forget_helper_slowly,
    ),
    Record(
        HelpRequest,
        "last_helper",
        what=_("Which adult helped before the student said “not yet”"),
        why=_("so that somebody else can come if the student likes"),
        seen=_("the helpers of the class"),
        rule=REQUESTS,
        member="last_helper",
        told="ended_at",
        erase=with_its_row,
    ),
    Record(
        HelpRequest,
        "raised_by",
        what=_("Which adult raised a hand for a student"),
        why=_("so that the student knows"),
        seen=_("the student, the helpers of the class"),
        rule=REQUESTS,
        member="raised_by",
        told="raised_at",
        erase=with_its_row,
    ),
    Record(
        Event,
        "help_request verb status happened_at facts before",
        what=_("Each step of a request"),
        why=_("so that a step can be undone, and mistakes can be found"),
        seen=_("operators see the steps, not what was said"),
        rule=REQUESTS,
        member="help_request__student",
        moment="help_request__raised_at",
        told="happened_at verb status",
        private=True,
        erase=with_its_row,
    ),
    Record(
        Event,
        "actor",
        what=_("Who did a step"),
        why=_("so that only they can undo it"),
        seen=_("operators"),
        rule=REQUESTS,
        member="actor",
        moment="help_request__raised_at",
        told="happened_at verb",
        private=True,
        erase=with_its_row,
    ),
)
not_personal(
    Queue,
    "classroom version rule paused_at paused_for beside class_beside_at",
    why="how the line of a class works",
)
not_personal(LessonTotals, "lesson asked helped missed", why="totals of five or more")
