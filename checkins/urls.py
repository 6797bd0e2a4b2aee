"""Below a class and below the school. A verb is URL, url name, view and action."""

from django.urls import include, path

from checkins import asked, manage, school, views

app_name = "checkins"

in_class = [
    # helpers
    path("check-ins/", manage.check_ins, name="check_ins"),
    path("check-ins/open/", manage.open_check_in, name="open_check_in"),
    path("check-ins/schedule/", manage.schedule, name="schedule"),
    path("check-ins/write/", manage.write, name="write"),
    path("check-ins/settings/", manage.settings, name="settings"),
    path("check-ins/templates/<int:template>/drop/", manage.drop_template, name="drop_template"),
    path("check-ins/families/", manage.families, name="families"),
    path("check-ins/<slug:check_in_key>/results/", manage.show_results, name="results"),
    path(
        "check-ins/<slug:check_in_key>/results/region/",
        manage.results_region,
        name="results_region",
    ),
    path("check-ins/<slug:check_in_key>/close/", manage.close, name="close"),
    path("check-ins/<slug:check_in_key>/cancel/", manage.cancel, name="cancel"),
    path("follow-ups/count/", manage.count_follow_ups, name="count_follow_ups"),
    path("follow-ups/", manage.follow_ups, name="follow_ups"),
    path("follow-ups/<int:follow_up>/acknowledge/", manage.acknowledge, name="acknowledge"),
    path("follow-ups/<int:follow_up>/finish/", manage.finish, name="finish"),
    path("not-asking/", manage.not_asking, name="not_asking"),
    path("not-asking/<int:member>/checked-in/", manage.checked_in, name="checked_in"),
    path("not-asking/<int:member>/offer/", manage.offer, name="offer"),
    path("moments/", manage.moments, name="moments"),
    path("moments/start/", manage.start_moment, name="start_moment"),
    path("moments/plan/", manage.plan_moment, name="plan_moment"),
    path("moments/<int:moment>/end/", manage.end_moment, name="end_moment"),
    # students
    path("my/check-ins/", views.mine, name="mine"),
    path("my/how/", views.say_how, name="say_how"),
    path("my/nudge/end/", views.end_nudge, name="end_nudge"),
    path("my/offer/take/", views.take_offer, name="take_offer"),
    path("my/offer/refuse/", views.refuse_offer, name="refuse_offer"),
    path("check-ins/<slug:check_in_key>/", views.answer, name="answer"),
    path("check-ins/<slug:check_in_key>/raise/", views.raise_for_plan, name="raise_for_plan"),
    path("check-ins/<slug:check_in_key>/adult/", views.ask_for_adult, name="ask_for_adult"),
    path(
        "check-ins/<slug:check_in_key>/decline/", views.decline_follow_up, name="decline_follow_up"
    ),
]

#: For school admins.
of_school = [
    path("", school.rules, name="rules"),
    path("write/", school.write, name="write_for_school"),
    path("templates/<int:template>/drop/", school.drop, name="drop_for_school"),
    path("follow-ups/<int:follow_up>/pass-on/", school.pass_on, name="pass_on"),
    path("follow-ups/<int:follow_up>/read/", school.read_for_school, name="read_for_school"),
    path("follow-ups/<int:follow_up>/finish/", school.finish_for_school, name="finish_for_school"),
]

#: For an account, whatever its classes.
of_me = [
    path("", asked.asked_of_me, name="asked_of_me"),
    path("<int:asked>/agree/", asked.agree, name="agree"),
    path("<int:asked>/refuse/", asked.refuse, name="refuse"),
    path("wishes/<int:follow_up>/read/", asked.read_wish, name="read_wish"),
    path("wishes/<int:follow_up>/finish/", asked.finish_wish, name="finish_wish"),
]

urlpatterns = [
    path("c/<slug:slug>/", include(in_class)),
    path("school/check-ins/", include(of_school)),
    path("asked-of-me/", include(of_me)),
]
