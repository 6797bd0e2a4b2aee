from django.urls import path

from requests_app import manage, views

app_name = "requests_app"

#: The verbs of whoever helps; each is URL, url name, view and action.
request = "requests/<slug:key>/"

urlpatterns = [
    path("", views.show, name="show"),
    path("regions/", views.what_is_new, name="regions"),
    path("same-problem/", views.same_problem, name="same_problem"),
    path("board/", views.board, name="board"),
    path("board/regions/", views.new_on_board, name="board_regions"),
    path("raise/", views.raise_hand, name="raise_hand"),
    path("solve/", views.solve, name="solve"),
    path("lower/", views.lower, name="lower"),
    path("manner/", views.choose_manner, name="choose_manner"),
    path("why/", views.say_why, name="say_why"),
    path("reflect/", views.reflect, name="reflect"),
    path("reopen/", views.reopen, name="reopen"),
    path("carry-over/", views.carry_over, name="carry_over"),
    path("defer/", views.defer, name="defer"),
    path("decline-later/", views.decline_later, name="decline_later"),
    path("open/", views.open_help, name="open_help"),
    path("close/", views.close_help, name="close_help"),
    path("raise-for/", views.raise_for, name="raise_for"),
    path("answer-group/", views.answer_group, name="answer_group"),
    path("pause-class/", views.pause_class, name="pause_class"),
    path("resume-class/", views.resume_class, name="resume_class"),
    path("undo/", views.undo, name="undo"),
    path(request + "more/", views.more, name="more"),
    path(request + "claim/", views.claim, name="claim"),
    path(request + "start/", views.start, name="start"),
    path(request + "resolve/", views.resolve, name="resolve"),
    path(request + "given/", views.note_given, name="note_given"),
    path(request + "thank/", views.thank, name="thank"),
    path(request + "pause/", views.pause, name="pause"),
    path(request + "put-back/", views.put_back, name="put_back"),
    path(request + "bring-forward/", views.bring_forward, name="bring_forward"),
    path(request + "propose-later/", views.propose_later, name="propose_later"),
    path("manage/history/", manage.history, name="history"),
    path("manage/history/hands/", manage.hands, name="hands"),
    path("manage/order/", manage.order, name="order"),
]
