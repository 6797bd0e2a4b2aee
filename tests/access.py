"""Who may do what at every URL: each route x method x role (tests/test_access_table.py).

A cell is "yes" (let in: anything but a refusal), "404" (does not exist for them), "in" (sent to the
way in: 302 to the front page), "405" (method not offered).
"""

ROLES = (
    "anonymous",
    "stranger",
    "other student",
    "other teacher",
    "removed student",
    "removed teacher",
    "student",
    "assistant",
    "teacher",
    "admin",
)
OUTSIDE = {
    "anonymous": "in",
    "stranger": "404",
    "other student": "404",
    "other teacher": "404",
    "removed student": "404",
    "removed teacher": "404",
}


def only(*inside: str) -> dict[str, str]:
    """Those inside the class who are let in; for everybody else it does not exist."""
    return OUTSIDE | {
        role: "yes" if role in inside else "404"
        for role in ("student", "assistant", "teacher", "admin")
    }


EVERYBODY = dict.fromkeys(ROLES, "yes")
MEMBERS = only("student", "assistant", "teacher", "admin")
STUDENT = only("student")
HELPERS = only("assistant", "teacher")
MANAGERS = only("teacher", "admin")
#: Of the school, whatever class; students without an account are sent to the way in.
SCHOOL_ADMIN = dict.fromkeys(ROLES, "404") | {
    "anonymous": "in",
    "other student": "in",
    "removed student": "in",
    "student": "in",
    "admin": "yes",
}
#: Whoever has an account; others are sent to the way in.
ACCOUNT = {role: "in" if cell == "in" else "yes" for role, cell in SCHOOL_ADMIN.items()}


def of_account(role: str) -> dict[str, str]:
    """What is asked of one account; it does not exist for the others."""
    return SCHOOL_ADMIN | {"admin": "404"} | {role: "yes"}


#: Pages of a school for a browser that one of its classes remembers.
OF_THE_SCHOOL = dict.fromkeys(ROLES, "404") | dict.fromkeys(
    ("other student", "student", "assistant", "teacher", "admin"), "yes"
)
#: Pages of an account; students without one are sent to the way in.
SIGNED_IN = dict.fromkeys(ROLES, "yes") | dict.fromkeys(
    ("anonymous", "other student", "removed student", "student"), "in"
)
STUDENT_ALONE = dict.fromkeys(("assistant", "teacher", "admin"), "404")
NOT_OFFERED = dict.fromkeys(ROLES, "405")


def reads(who: dict) -> dict[str, dict]:
    """A page: GET for these, POST for nobody who is let in."""
    return {
        "GET": who,
        "POST": {role: "405" if cell == "yes" else cell for role, cell in who.items()},
    }


def shows(who: dict) -> dict[str, dict]:
    """A page whose method is looked at before the door."""
    return {"GET": who, "POST": NOT_OFFERED}


def acts(who: dict) -> dict[str, dict]:
    """A verb: POST for these; what GET answers is a refusal for all."""
    return {"GET": NOT_OFFERED, "POST": who}


def acts_in(who: dict) -> dict[str, dict]:
    """A verb whose method is looked at inside the door."""
    return {"GET": reads(who)["POST"], "POST": who}


def both(who: dict) -> dict[str, dict]:
    """A form: GET shows it, POST sends it."""
    return {"GET": who, "POST": who}


TABLE = {
    "accounts:confirm": both(SIGNED_IN),
    "accounts:mine": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:kept": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:download_kept": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:rename": acts(SIGNED_IN),
    "accounts:once_more": both(SIGNED_IN),
    "accounts:sign_out": acts(SIGNED_IN),
    "accounts:sign_out_others": acts(SIGNED_IN),
    "accounts:take_second_factor_off": acts(SCHOOL_ADMIN),
    "requests_app:show": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:same_problem": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:regions": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:board": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:board_regions": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:raise_hand": acts(STUDENT),
    "coaching:coach": {"GET": STUDENT, "POST": NOT_OFFERED},
    "coaching:describe": acts(STUDENT),
    "coaching:feel": acts(STUDENT),
    "coaching:look_ahead": acts(STUDENT),
    "coaching:use_resource": acts(STUDENT),
    "coaching:hide_tips": acts(HELPERS),
    "requests_app:pause_class": acts(HELPERS),
    "requests_app:resume_class": acts(HELPERS),
    "requests_app:note_given": acts(HELPERS),
    "requests_app:thank": acts(HELPERS),
    "requests_app:solve": acts(STUDENT),
    "requests_app:lower": acts(STUDENT),
    "requests_app:choose_manner": acts(STUDENT),
    "requests_app:say_why": acts(STUDENT),
    "requests_app:reflect": acts(STUDENT),
    "requests_app:reopen": acts(STUDENT),
    "requests_app:carry_over": acts(STUDENT),
    "requests_app:defer": acts(STUDENT),
    "requests_app:decline_later": acts(STUDENT),
    "requests_app:open_help": acts(HELPERS),
    "requests_app:close_help": acts(HELPERS),
    "requests_app:raise_for": acts(HELPERS),
    "requests_app:answer_group": acts(HELPERS),
    "requests_app:undo": acts(HELPERS),
    "requests_app:more": shows(HELPERS),
    "requests_app:claim": acts(HELPERS),
    "requests_app:start": acts(HELPERS),
    "requests_app:resolve": acts(HELPERS),
    "requests_app:put_back": acts(HELPERS),
    "requests_app:bring_forward": acts(HELPERS),
    "requests_app:pause": both(HELPERS),
    "requests_app:propose_later": both(HELPERS),
    "requests_app:history": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:hands": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:order": both(MANAGERS),
    **dict.fromkeys(
        [f"resources:{name}" for name in ("get_help", "directory", "entry", "leave", "pathway")],
        reads(MEMBERS),
    ),
    # D7: who gave which answer is for those who help; a school admin sees the totals of a
    # check-in without names; a follow-up is for one adult.
    **dict.fromkeys(
        [f"checkins:{name}" for name in ("follow_ups", "not_asking", "moments")], shows(HELPERS)
    ),
    **dict.fromkeys(
        [f"checkins:{name}" for name in ("check_ins", "results", "results_region")],
        shows(only("assistant", "teacher", "admin")),
    ),
    "checkins:acknowledge": acts(only("teacher")),
    "checkins:finish": acts(only("teacher")),
    **dict.fromkeys([f"checkins:{name}" for name in ("schedule", "write")], both(HELPERS)),
    "checkins:settings": both(MANAGERS),
    **dict.fromkeys(("checkins:rules", "checkins:write_for_school"), both(SCHOOL_ADMIN)),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in ("drop_for_school", "pass_on", "read_for_school", "finish_for_school")
        ],
        acts(SCHOOL_ADMIN),
    ),
    "checkins:asked_of_me": shows(ACCOUNT),
    **dict.fromkeys(("checkins:agree", "checkins:refuse"), acts(of_account("teacher"))),
    **dict.fromkeys(("checkins:read_wish", "checkins:finish_wish"), acts(of_account("admin"))),
    "checkins:families": both(MANAGERS),
    "checkins:count_follow_ups": shows(HELPERS),
    "checkins:ask_for_adult": acts(STUDENT),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in (
                "open_check_in",
                "drop_template",
                "close",
                "cancel",
                "checked_in",
                "offer",
                "start_moment",
                "plan_moment",
                "end_moment",
            )
        ],
        acts(HELPERS),
    ),
    "checkins:mine": shows(STUDENT),
    "checkins:answer": both(STUDENT),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in (
                "say_how",
                "end_nudge",
                "take_offer",
                "refuse_offer",
                "raise_for_plan",
                "decline_follow_up",
            )
        ],
        acts(STUDENT),
    ),
    "resources:rate": acts_in(MEMBERS) | {"POST": STUDENT},
    **dict.fromkeys(
        [f"resources:{name}" for name in ("entries", "export", "sign")], reads(MANAGERS)
    ),
    **dict.fromkeys(
        [
            f"resources:{name}"
            for name in ("new_entry", "edit_entry", "remove_entry", "import_file")
        ],
        both(MANAGERS),
    ),
    "resources:withdraw_entry": acts_in(MANAGERS),
    "resources:add_imported": acts_in(MANAGERS),
    **dict.fromkeys(
        [f"resources:school_{name}" for name in ("entries", "export", "pathways", "months")],
        reads(SCHOOL_ADMIN),
    ),
    **dict.fromkeys(
        [
            f"resources:school_{name}"
            for name in (
                "new_entry",
                "edit_entry",
                "remove_entry",
                "import_file",
                "new_pathway",
                "edit_pathway",
                "remove_pathway",
                "contacts",
                "edit_contact",
            )
        ],
        both(SCHOOL_ADMIN),
    ),
    **dict.fromkeys(
        [
            f"resources:school_{name}"
            for name in (
                "withdraw_entry",
                "add_imported",
                "withdraw_pathway",
                "remove_contact",
                "set_message",
            )
        ],
        acts_in(SCHOOL_ADMIN),
    ),
    "resources:school_get_help": reads(EVERYBODY),
    "resources:school_directory": reads(EVERYBODY),
    "resources:school_entry": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_leave": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_pathway": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_rate": {"GET": NOT_OFFERED, "POST": OF_THE_SCHOOL | STUDENT_ALONE},
    "coaching:settings": both(MANAGERS),
    "coaching:starters": both(MANAGERS),
    "coaching:questions": both(MANAGERS),
    "coaching:edit_class_card": both(MANAGERS),
    "coaching:suggest": both(MANAGERS),
    "coaching:suggest_entry": acts(MANAGERS),
    "coaching:stop_suggesting": acts(MANAGERS),
    "coaching:how_we_ask": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "coaching:mark_seen": acts(STUDENT),
    "coaching:how_i_get_help": both(STUDENT),
    "coaching:delete_note": acts(STUDENT),
    "coaching:show_cards_again": acts(STUDENT),
    "healthz": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "readyz": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "metrics": {"GET": dict.fromkeys(ROLES, "404"), "POST": NOT_OFFERED},
    "classrooms:index": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "classrooms:join": both(EVERYBODY),
    "classrooms:join_code": both(EVERYBODY),
    "classrooms:start": both(EVERYBODY),
    # Open invitations ended with the removed teacher's rights.
    "classrooms:accept_invite": both({**EVERYBODY, "removed teacher": "404"}),
    "classrooms:school": both(SCHOOL_ADMIN),
    "classrooms:add_classroom": acts(SCHOOL_ADMIN),
    "classrooms:invite_admin": acts(SCHOOL_ADMIN),
    "classrooms:take_back_admin_invite": acts(SCHOOL_ADMIN),
    "classrooms:remove_admin": acts(SCHOOL_ADMIN),
    "classrooms:restore": acts(SCHOOL_ADMIN),
    "classrooms:school_people": shows(SCHOOL_ADMIN),
    "classrooms:erase_staff": both(SCHOOL_ADMIN),
    "classrooms:erase_classroom": both(SCHOOL_ADMIN),
    "classrooms:erase_school": both(SCHOOL_ADMIN),
    "classrooms:waiting": {"GET": MEMBERS, "POST": NOT_OFFERED},
    # One answer for all, so that it tells nothing about the class.
    "classrooms:leave": acts(EVERYBODY),
    "classrooms:sign": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "classrooms:people": {"GET": MANAGERS, "POST": NOT_OFFERED},
    "classrooms:let_all_in": acts(MANAGERS),
    "classrooms:let_in": acts(MANAGERS),
    "classrooms:turn_away": acts(MANAGERS),
    "classrooms:pictures": both(STUDENT),
    "classrooms:forget_pictures": acts(MANAGERS),
    "classrooms:crowd": both(MANAGERS),
    "classrooms:vouch": acts(MANAGERS),
    "classrooms:rename": both(MANAGERS),
    "classrooms:remove": both(MANAGERS),
    "classrooms:kept": shows(STUDENT),
    "classrooms:download_kept": shows(STUDENT),
    "classrooms:kept_of": shows(MANAGERS),
    "classrooms:download_kept_of": shows(MANAGERS),
    "classrooms:erase_student": both(MANAGERS),
    "classrooms:come_back": acts(MANAGERS),
    "classrooms:change_role": acts(MANAGERS),
    "classrooms:forget_devices": acts(MANAGERS),
    "classrooms:roster": both(MANAGERS),
    "classrooms:add_students": acts(MANAGERS),
    "classrooms:invite": {"GET": MANAGERS, "POST": NOT_OFFERED},
    "classrooms:set_joining": acts(MANAGERS),
    "classrooms:renew_code": acts(MANAGERS),
    "classrooms:invite_colleague": acts(MANAGERS),
    "classrooms:take_back_invite": acts(MANAGERS),
    "classrooms:tasks": both(MANAGERS),
    "classrooms:rename_task": both(MANAGERS),
    "classrooms:archive_task": acts(MANAGERS),
    "classrooms:move_task": acts(MANAGERS),
    "classrooms:settings": both(MANAGERS),
    "classrooms:archive": both(MANAGERS),
}


def let_in(name) -> list[str]:
    """The roles for which something is at this address."""
    return [role for role in ROLES if "yes" in [who[role] for who in TABLE[name].values()]]


def refused(name) -> list[str]:
    return [role for role in ROLES if role not in let_in(name)]
