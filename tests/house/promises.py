"""Which tests hold each promise of the design. It grows with what is built; a promise without a row is not made yet."""

PROMISES: dict[str, list[str]] = {
    "1. A terminal or a person is never booked twice, whatever races": [
        "calls/test_booking.py::test_threads_race_for_one_slot",
        "calls/test_booking.py::test_threads_race_for_slots_that_overlap",
        "calls/test_booking.py::test_processes_race_for_one_slot",
        "calls/test_now_races.py::test_threads_race_to_call_now",
        "calls/test_machine.py::test_an_evening_of_anything",
        "calls/test_claims.py::test_an_overrun_never_takes_the_change_over_before_the_next_family",
        "flows/test_offer_races.py::test_a_family_books_what_is_just_being_offered",
        "flows/test_long_race.py::test_nothing_is_held_twice_and_nothing_leaks",
        "browser/test_call.py::test_two_families_race_for_one_slot",
    ],
    "3. A recorded message is never lost": [
        "messages/test_tus.py::test_piece_by_piece_it_becomes_a_message_that_is_looked_at",
        "messages/test_vault.py::test_a_full_disk_says_so_and_keeps_what_is_there",
        "messages/test_looking.py::test_a_look_that_died_is_tried_again_and_then_given_up",
        "messages/test_life.py::test_what_arrived_otherwise_than_it_was_sent_begins_anew",
        "messages/test_keys.py::test_a_key_is_rotated_while_a_message_is_read_and_another_sent",
    ],
    "5. A call survives a reload and a server that dies": [
        "browser/test_call.py::test_a_camera_goes_the_tab_reloads_and_another_tab_takes_over",
        "browser/test_call.py::test_the_web_program_is_killed_in_the_middle_and_again_when_they_hang_up",
        "flows/test_evening.py::test_a_side_that_is_lost_is_awaited_for_two_minutes",
    ],
    "6. A person who can't read can do all that a caregiver or child needs": [
        "browser/test_without_reading.py::test_a_child_asks_for_a_call_says_something_and_hears_its_mother",
        "browser/test_without_reading.py::test_a_grandmother_answers_says_goodbye_and_leaves_nothing_behind",
    ],
    "7. Nobody sees another family": [
        "house/test_edges.py::test_every_route_declares_who_may_call_it",
        "house/test_edges.py::test_every_event_declares_who_may_send_it",
        "house/test_strangers.py::test_a_stranger_finds_nothing_on_any_route",
        "house/test_strangers.py::test_a_stranger_gets_nothing_by_any_event",
    ],
    "8. No consent: no booking, no joining, no playing; gone by the promised day": [
        "calls/test_booking.py::test_a_child_without_consent_and_one_of_another_family",
        "flows/test_evening.py::test_a_consent_that_ended_closes_the_door_at_joining",
        "calls/test_now_races.py::test_who_withdraws_waits_and_then_finds_the_call",
        "calls/test_now_races.py::test_who_books_waits_and_is_refused",
        "browser/test_consent.py::test_withdrawn_before_the_call_it_is_gone_on_both",
        "browser/test_consent.py::test_withdrawn_while_it_rings_it_stops",
        "browser/test_consent.py::test_run_out_in_the_call_both_are_told_and_nothing_is_sent_on",
        "browser/test_consent.py::test_the_wrong_person_answered_it_rings_again_and_then_it_is_withdrawn",
        "flows/test_consent.py::TestAtEachMoment",
        "flows/test_consent.py::test_a_consent_that_runs_out_in_a_call_ends_it_at_its_instant",
        "flows/test_forgetting.py::TestEnding",
        "messages/test_keeping.py::TestNoMore",
        "messages/test_keeping.py::test_of_a_family_that_left_not_even_the_key_is_kept",
        "messages/test_keeping.py::test_nothing_of_what_was_said_lies_readable_in_database_or_store",
    ],
    "Nothing stays empty: a freed slot goes to who waited longest": [
        "flows/test_freed_slots.py::test_a_cancelled_slot_is_offered_at_once_and_taken_with_one_word",
        "flows/test_freed_slots.py::test_it_goes_down_the_line_and_nobody_is_asked_twice",
        "flows/test_let_go.py::test_what_nobody_confirms_is_chased_then_let_go_and_used_again",
        "flows/test_offer_races.py::test_two_freed_slots_make_one_offer_to_one_family",
        "flows/test_offer_races.py::test_an_offer_that_is_taken_while_it_expires_is_either",
    ],
    "Every change tells all sides once, in their own zone and language": [
        "flows/test_telling.py::test_a_change_tells_all_others_once",
        "flows/test_telling.py::test_what_is_new_is_told_to_all_others_once",
        "flows/test_telling.py::test_a_published_roster_tells_each_person_once",
    ],
    "Doors: real people get in, and nobody else": [
        "doors/test_codes.py::test_guesses_that_race_are_counted_each",
        "doors/test_abuse.py::test_asking_and_guessing_do_the_same_work_for_a_number_that_nobody_has",
        "doors/test_invitations.py::test_one_card_in_many_hands_at_once_lets_one_in",
        "web/test_socket_strangers.py::test_who_never_enters_is_shown_out_and_who_entered_stays",
    ],
    "A push is never the only channel, and its address no way into our own network": [
        "flows/test_pushes.py::test_who_does_not_look_gets_a_text_once",
        "flows/test_pushes.py::test_where_no_browser_takes_it_a_text_goes_at_once",
        "contracts/test_push.py::TestWhereItGoes",
    ],
    "9. First screen within the page budget": [
        "browser/test_pages.py::test_a_face_opens_within_its_budget",
    ],
    "10. In a public room the idle screen shows a family by its picture alone": [
        "browser/test_pages.py::test_the_idle_screen_names_nobody",
        "browser/test_terminal_texts.py::test_a_letter_is_read_aloud_and_then_heard",
    ],
}
