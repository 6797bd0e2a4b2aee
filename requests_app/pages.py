"""What the pages of a class are made of, and the answers to them."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from classrooms.access import MemberRequest
from classrooms.qr import join_link, qr_svg
from live import page, ticket
from requests_app import actions, forms, regions
from requests_app.models import HelpRequest, Queue, new_key
from requests_app.present import Present, look
from requests_app.said import Given, Thanks
from requests_app.topic import admission


def news_for(request: MemberRequest, *, on_board: bool = False) -> str:
    """What the page lacks that asks, or that a tap came from: what a push would bring."""
    return page.answer(request, regions.now_of(request.membership, on_board=on_board))


def render_page(request: MemberRequest, status: int = 200, tab: str = "queue") -> HttpResponse:
    membership = request.membership
    if not (membership.can_help or membership.can_raise):
        return redirect("classrooms:people", membership.classroom.slug)
    queue = queue_of(request)
    present = look(queue.pk, anew=True)
    if membership.can_raise:
        actions.attendance(membership.classroom, [membership.pk])
    views = page.drawable(regions.views_of(membership, present))
    context = place(request) | {
        "ticket": ticket_of(request, queue),
        "stamps": page.stamps({regions.topic_of(queue.pk): views}),
    }
    if membership.can_help:
        context |= helpers_context(request, present, tab)
        context["shown"] = regions.drawn(views["helpers"])
        return render(request, "requests_app/helpers.html", context, status=status)
    own = regions.audiences_of(membership)[-1]
    latest = present.latest_of([membership.pk]).get(membership.pk)
    context |= regions.student_context(present, latest) | {
        "shown_to_class": regions.drawn(views["class"]),
        "shown": regions.drawn(views[own]),
    }
    return render(request, "requests_app/student.html", context, status=status)


def helpers_context(request: MemberRequest, present: Present, tab: str) -> dict:
    """What stands around the queue."""
    classroom = request.membership.classroom
    context = {
        "title": regions.title(present),
        "next_time": regions.next_time_for_helpers(present),
        "tab": tab,
        "open_form": forms.OpenHelpForm(),
        "raise_for": forms.RaiseForForm(classroom=classroom, initial={"form_key": new_key()}),
        "students": classroom.memberships.present().students().by_name().values_list("pk", "name"),
    }
    if "undo" in request.GET:
        context["undo_url"] = reverse("requests_app:undo", args=[classroom.slug])
    if "done" in request.GET:
        done = find_help_request(request, request.GET["done"][:16])
        context |= after_done_context(done) | {"done": done}
    return context


def render_board(request: MemberRequest) -> HttpResponse:
    """For the projector; its socket must not even be sent what it does not show."""
    queue = queue_of(request)
    present = look(queue.pk, anew=True)
    views = page.drawable(regions.views_of(request.membership, present, on_board=True))
    context = regions.class_context(present) | {
        "ticket": ticket_of(request, queue, on_board=True),
        "stamps": page.stamps({regions.topic_of(queue.pk): views}),
        "shown": regions.drawn(views["class"]),
        "qr": qr_svg(join_link(queue.classroom)),
    }
    return render(request, "requests_app/board.html", context)


# --- Parts of answers ---------------------------------------------------------


def render_after_done(request: MemberRequest, help_request: HelpRequest, form: Any = None) -> str:
    context = after_done_context(help_request) | place(request) | {"form": form}
    return render_to_string("requests_app/_after_done.html", context, request)


def after_done_context(help_request: HelpRequest) -> dict:
    return {
        "help_request": help_request,
        "givens": Given.choices,
        "thanks": Thanks.choices,
    }


def render_flash(request: MemberRequest, *, undo: bool) -> str:
    url = reverse("requests_app:undo", args=[request.membership.classroom.slug])
    return render_to_string("_flash.html", {"undo_url": url if undo else ""}, request)


# --- Finding things through the membership -----------------------------------


def place(request: MemberRequest) -> dict:
    return {"membership": request.membership, "classroom": request.membership.classroom}


def ticket_of(request: MemberRequest, queue: Queue, *, on_board: bool = False) -> str:
    """Lets this page's socket in without asking the database."""
    return ticket.issue(admission(request.entry, queue.pk, request.COOKIES, on_board=on_board))


def queue_of(request: MemberRequest) -> Queue:
    return Queue.objects.of(request.membership.classroom)


def find_help_request(request: MemberRequest, key: str) -> HelpRequest:
    return get_object_or_404(
        HelpRequest.objects.with_people(), queue__classroom=request.membership.classroom, key=key
    )
