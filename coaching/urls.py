"""Below ``c/<slug>/``."""

from django.urls import path

from coaching import manage, pages, views

app_name = "coaching"

urlpatterns = [
    # Students, while they wait and afterwards
    path("coach/", views.coach, name="coach"),
    path("coach/feel/", views.feel, name="feel"),
    path("coach/next-one/", views.look_ahead, name="look_ahead"),
    path("coach/resources/<int:pk>/", views.use_resource, name="use_resource"),
    path("describe/<slug:card>/", views.describe, name="describe"),
    path("my/how-i-get-help/", pages.how_i_get_help, name="how_i_get_help"),
    path("my/how-i-get-help/note/<int:note>/delete/", pages.delete_note, name="delete_note"),
    path("my/how-i-get-help/cards/", pages.show_cards_again, name="show_cards_again"),
    # Members
    path("how-we-ask/", pages.how_we_ask, name="how_we_ask"),
    path("how-we-ask/seen/", pages.mark_seen, name="mark_seen"),
    # Helpers and teachers
    path("tips/hide/", views.hide_tips, name="hide_tips"),
    path("manage/coaching/", manage.settings, name="settings"),
    path("manage/coaching/starters/<slug:language>/", manage.starters, name="starters"),
    path("manage/coaching/questions/<slug:language>/", manage.questions, name="questions"),
    path("manage/class-card/", manage.class_card, name="edit_class_card"),
    path("manage/suggest/", manage.suggest, name="suggest"),
    path("manage/suggest/entry/", manage.suggest_entry, name="suggest_entry"),
    path("manage/suggest/<int:suggestion>/stop/", manage.stop_suggesting, name="stop_suggesting"),
]
