from django.urls import path

from classrooms import erasing_pages, kept_pages, leaving_pages, manage, picture_pages, views

app_name = "classrooms"

room = "c/<slug:slug>/"
device = room + "manage/door/<int:device>/"
member = room + "manage/people/<int:member>/"
task = room + "manage/tasks/<int:task>/"

urlpatterns = [
    path("", views.index, name="index"),
    path("join/", views.join, name="join"),
    path("join/<str:code>/", views.join_code, name="join_code"),
    path("start/", views.start, name="start"),
    path("school/", views.school, name="school"),
    path("school/add/", views.add_classroom, name="add_classroom"),
    path("school/invite/", views.invite_admin, name="invite_admin"),
    path("school/take-back/", views.take_back_admin_invite, name="take_back_admin_invite"),
    path("school/remove-admin/", views.remove_admin, name="remove_admin"),
    path("school/restore/", views.restore, name="restore"),
    path("school/people/", erasing_pages.school_people, name="school_people"),
    path("school/people/<int:person>/erase/", erasing_pages.erase_staff, name="erase_staff"),
    path(
        "school/classes/<int:classroom>/erase/",
        erasing_pages.erase_classroom,
        name="erase_classroom",
    ),
    path("school/erase/", erasing_pages.erase_school, name="erase_school"),
    path("invite/<str:key>/", views.accept_invite, name="accept_invite"),
    path(room + "waiting/", views.waiting, name="waiting"),
    path(room + "leave/", views.leave, name="leave"),
    path(room + "sign/", views.sign, name="sign"),
    path(room + "kept/", kept_pages.mine, name="kept"),
    path(room + "kept/file/", kept_pages.download_mine, name="download_kept"),
    path(room + "manage/", manage.people, name="people"),
    path(room + "manage/door/let-all-in/", manage.let_all_in, name="let_all_in"),
    path(room + "manage/door/crowd/", manage.crowd, name="crowd"),
    path(device + "let-in/", manage.let_in, name="let_in"),
    path(device + "turn-away/", manage.turn_away, name="turn_away"),
    path(member + "rename/", manage.rename, name="rename"),
    path(room + "pictures/", picture_pages.choose, name="pictures"),
    path(member + "forget-pictures/", manage.forget_pictures, name="forget_pictures"),
    path(member + "vouch/", manage.vouch, name="vouch"),
    path(member + "remove/", leaving_pages.remove, name="remove"),
    path(member + "kept/", kept_pages.of_student, name="kept_of"),
    path(member + "kept/file/", kept_pages.download_of_student, name="download_kept_of"),
    path(member + "erase/", leaving_pages.erase_student, name="erase_student"),
    path(member + "come-back/", leaving_pages.come_back, name="come_back"),
    path(member + "role/", manage.change_role, name="change_role"),
    path(member + "forget-devices/", manage.forget_devices, name="forget_devices"),
    path(room + "manage/roster/", manage.roster, name="roster"),
    path(room + "manage/roster/add/", manage.add_students, name="add_students"),
    path(room + "manage/invite/", manage.invite, name="invite"),
    path(room + "manage/invite/joining/", manage.set_joining, name="set_joining"),
    path(room + "manage/invite/renew/", manage.renew_code, name="renew_code"),
    path(room + "manage/invite/colleague/", manage.invite_colleague, name="invite_colleague"),
    path(
        room + "manage/invite/colleague/<int:invitation>/take-back/",
        manage.take_back_invite,
        name="take_back_invite",
    ),
    path(room + "manage/tasks/", manage.tasks, name="tasks"),
    path(task + "rename/", manage.rename_task, name="rename_task"),
    path(task + "archive/", manage.archive_task, name="archive_task"),
    path(task + "move/", manage.move_task, name="move_task"),
    path(room + "manage/settings/", manage.settings, name="settings"),
    path(room + "manage/archive/", manage.archive, name="archive"),
]
