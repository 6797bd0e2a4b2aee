from django.urls import path

from resources import manage, views
from resources.place import for_managers, for_members, for_school_admins, for_visitors

app_name = "resources"

room = "c/<slug:slug>/"

#: Pages of Get help: address below help/, name and view. They stand in a class and, for a
#: browser that a class remembers, in the school as a whole (``school_…``).
HELP = (
    ("", "get_help", views.get_help),
    ("directory/", "directory", views.directory),
    ("directory/<int:pk>/", "entry", views.entry),
    ("directory/<int:pk>/leave/", "leave", views.leave),
    ("directory/<int:pk>/rate/", "rate", views.rate),
    ("pathways/<int:pk>/", "pathway", views.pathway),
)
#: Pages that set up entries: of a class by its teachers, of the school by its admins.
ENTRIES = (
    ("", "entries", manage.entries),
    ("new/", "new_entry", manage.new_entry),
    ("<int:pk>/", "edit_entry", manage.edit_entry),
    ("<int:pk>/withdraw/", "withdraw_entry", manage.withdraw_entry),
    ("<int:pk>/remove/", "remove_entry", manage.remove_entry),
    ("export/", "export", manage.export),
    ("import/", "import_file", manage.import_file),
    ("import/add/", "add_imported", manage.add_imported),
)
#: What a school has once.
SCHOOL = (
    ("pathways/", "pathways", manage.pathways),
    ("pathways/new/", "new_pathway", manage.new_pathway),
    ("pathways/<int:pk>/", "edit_pathway", manage.edit_pathway),
    ("pathways/<int:pk>/withdraw/", "withdraw_pathway", manage.withdraw_pathway),
    ("pathways/<int:pk>/remove/", "remove_pathway", manage.remove_pathway),
    ("contacts/", "contacts", manage.contacts),
    ("contacts/<int:pk>/", "edit_contact", manage.edit_contact),
    ("contacts/<int:pk>/remove/", "remove_contact", manage.remove_contact),
    ("months/", "months", manage.months),
    ("months/<slug:month>/", "set_message", manage.set_message),
)

urlpatterns = [
    *(path(f"{room}help/{end}", for_members(view), name=name) for end, name, view in HELP),
    *(path(f"help/{end}", for_visitors(view), name=f"school_{name}") for end, name, view in HELP),
    *(
        path(f"{room}manage/resources/{end}", for_managers(view), name=name)
        for end, name, view in ENTRIES
    ),
    path(room + "manage/sign/", for_managers(manage.sign), name="sign"),
    *(
        path(f"school/resources/{end}", for_school_admins(view), name=f"school_{name}")
        for end, name, view in ENTRIES
    ),
    *(
        path(f"school/{end}", for_school_admins(view), name=f"school_{name}")
        for end, name, view in SCHOOL
    ),
]
