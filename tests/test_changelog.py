"""What CHANGELOG.md says: each entry has a test, or a benchmark where it is a speed."""

import re

import pytest

from tests.servers import ROOT

#: How an entry begins → tests (a name that one file defines) and benchmarks (``bench/…``).
ENTRIES = {
    "Raise a hand, be seen, be helped": ("test_a_newcomer_starts_a_class_and_helps_in_it",),
    "`./run`, `./run demo`": ("test_the_living_class_moves_the_line",),
    "`./run move`": (
        "test_every_table_arrives_and_comes_back",
        "test_a_page_without_a_secret_or_a_name",
    ),
    "`./run backup`": ("test_a_backup_brings_back_what_was_there",),
    "A page says what it shows": ("test_a_lost_message_is_found_by_the_beat",),
    "A change brings a helper's page": (
        "test_a_raise_weighs_the_same_however_many_hands_are_up",
        "test_it_says_all_and_offers_what_can_be_done_now",
    ),
    "`./run serve --workers N`": ("test_a_hand_raised_at_one_worker_is_shown_at_every",),
    "The push goes before the answer": ("test_the_push_goes_before_the_answer",),
    "A raise costs half": ("bench/work_per_event.py", "test_a_loop_of_reconnects_is_slowed_down"),
    "A first page is 45 kB": (
        "bench/first_page.py",
        "test_text_is_compressed_for_who_can_read_it",
        "test_all_scripts_come_in_one_file_and_none_sees_anothers_names",
        "test_the_file_has_a_picture_under_each_name",
    ),
    "Benchmarks for planned restarts": ("bench/restarts.py", "bench/rude_clients.py"),
    "Get help: a directory": (
        "test_a_full_sign_is_one_sheet",
        "test_the_search_box_works_by_keyboard_and_without_scripts",
    ),
    "Check-ins with totals": ("test_a_check_in_is_answered_by_keyboard_alone",),
    "Every page that there is": ("test_axe_finds_nothing_on_any_page",),
    "Coaching while students wait": ("test_2_coaching_never_costs_my_place",),
    "A telephone shows who is next": (
        "test_who_is_next_is_seen_without_scrolling_on_a_phone",
        "test_nobody_scrolls_a_projector",
    ),
    "Slow networks hold no thread": ("test_requests_that_never_end",),
    "Whatever ends a right": ("test_nothing_outlives_its_cause",),
    "Invitations end with": ("test_no_link_from_before_brings_a_right_back",),
    "Answers without a name have": ("test_an_unnamed_reply_has_no_path_to_a_name",),
    "The order of help is said": ("test_each_answer_says_before_it_is_tapped_what_it_does",),
    "No page says that somebody": ("test_somebody_is_on_the_way_only_when_somebody_is",),
    "A link that is added": ("test_the_directory_and_its_search_say_what_is_not_known",),
    "Under History": ("test_helpers_read_what_was_asked_for_what_was_given_and_how_it_went",),
    "A sign, an invitation": ("test_a_sign_that_would_lead_a_phone_nowhere_says_so",),
    "Everything that is kept": ("test_each_field_of_each_model_is_declared",),
    "An address gives no rights": ("test_the_attack_through_an_accepted_invitation",),
    "A second step at sign-in": ("test_a_passkey_is_added_and_signs_in_alone",),
    "Wrong passwords wait": ("test_a_known_browser_comes_in_during_an_attack",),
    "Answers without a name stand": ("test_replaying_the_log_names_nobody",),
    "Well-being is asked": ("test_names_that_somebody_typed_open_nothing",),
    "A wish for an adult": ("test_what_nobody_reads_goes_to_who_stands_in_and_then_to_the_school",),
    '"Remove" lets': ("test_nothing_of_the_erased_is_left_in_the_file",),
    "A dashboard for Grafana": (
        "test_the_alarms_ring_when_they_should_and_not_on_an_ordinary_day",
        "test_each_question_is_about_what_a_server_tells",
    ),
    "A database that is away": (
        "test_a_postgresql_that_is_cut_off_or_hangs",
        "test_a_file_of_sqlite_that_was_taken_away_takes_nothing_more",
    ),
    "The start waits for its database": (
        "test_a_start_waits_for_its_database",
        "test_who_finds_no_room_is_told_so_and_hanging_up_ends_it_in_good_order",
        "test_a_teachers_session_stays_under_its_own_name",
        "test_a_key_that_is_not_whole_is_told_and_not_used",
    ),
    "`sudo ./run install` makes": (
        "test_what_is_installed_starts_is_used_and_ends",
        "test_root_is_refused_where_it_would_leave_its_own_files",
    ),
    "The image starts": (
        "test_the_image_is_built_started_used_and_stopped",
        "test_production_without_collected_files_is_refused_in_one_sentence",
    ),
    "`deploy/compose.yaml`": (
        "test_the_lines_at_its_top_make_what_it_needs",
        "test_a_visitor_cannot_say_where_they_come_from",
    ),
    "A folder may be called": ("test_the_database_lies_in_its_folder_whatever_that_is_called",),
    "No limit counts": (
        "test_nobody_is_refused_for_being_the_last_of_a_crowd",
        "test_packages_that_were_deleted_are_installed_again",
        "test_without_a_network_one_sentence_is_said",
    ),
    '"What is kept about me"': ("test_a_student_reads_and_saves_all_that_is_kept",),
    "A new version is put in": (
        "test_workers_of_the_last_release_serve_while_the_next_one_is_put_in",
        "test_taps_go_on_while_it_waits_for_a_table_and_it_gets_through",
        "test_what_was_released_stays_as_it_is",
    ),
    "Each requirement of OWASP": (
        "test_as_many_as_we_say_are_shown",
        "test_each_common_one_that_is_long_enough_is_refused",
        "test_it_ends_after_two_weeks_however_much_it_was_used",
        "test_everywhere_else_is_signed_out_those_from_before_the_list_too",
        "test_who_is_not_let_in_is_told",
    ),
    "What cannot be read": (
        "test_a_body_that_cannot_be_read",
        "test_hostile_input_breaks_no_answer",
        "test_who_is_wrong_is_refused_with_all_headers",
    ),
    "Two machines": (
        "test_one_of_two_machines_goes_and_comes_back",
        "test_while_the_database_is_away_people_read_our_own_page",
        "test_who_comes_while_they_end_is_refused_and_who_was_there_is_answered",
    ),
    "A body of any size": ("test_a_body_over_the_limit_is_answered_by_our_own_page",),
    "What was typed": (
        "test_a_form_keeps_what_was_typed_while_the_database_is_away",
        "test_nobody_else_is_shown_it",
        "test_a_portal_that_answers_in_our_place_is_not_believed",
    ),
    "A clock that is set back": (
        "test_a_hand_that_goes_up_after_the_clock_was_set_back_is_shown",
        "test_a_clock_that_was_set_back_makes_no_negative_minute",
    ),
    "A page says that it is live": (
        "test_no_page_is_told_that_it_is_live_before_it_was_given_what_it_lacks",
        "test_whatever_is_sent_as_a_shown_key_is_refused_without_an_error",
        "test_a_key_of_an_algorithm_that_is_not_approved_is_not_taken",
    ),
    "A code of an app opens": ("test_a_code_of_the_app_never_opens_again_while_it_is_valid",),
}


def entries() -> list[str]:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return [" ".join(each.split()) for each in re.split(r"\n- ", text)[1:]]


def test_each_entry_has_its_tests():
    known = [begin for entry in entries() for begin in ENTRIES if entry.startswith(begin)]
    assert sorted(known) == sorted(ENTRIES)
    assert len(entries()) == len(ENTRIES)


@pytest.mark.parametrize("named", sorted({each for listed in ENTRIES.values() for each in listed}))
def test_each_test_that_is_named_exists(named):
    if named.startswith("bench/"):
        assert (ROOT / named).exists()
        return
    begin = re.compile(rf"^(async )?def {named}\(", re.MULTILINE)
    files = (ROOT / "tests").rglob("test_*.py")
    assert any(begin.search(file.read_text(encoding="utf-8")) for file in files)
