"""Every screen of the parent's phone, in every state: a further one is a line."""

from tests.gallery.row import (
    BROKEN,
    FAILED,
    HOME,
    NEVER,
    REFUSED,
    STATE,
    TAKEN,
    comes_in,
    elsewhere,
    fill,
    offline,
    pause,
    phone,
    rarely,
    troubled,
    wait,
)  # fmt: skip
from tests.gallery.stage import CAREGIVER, NEW, NOBODY, Answer, Step

TO_KINDS = "settings my-hours hours-kinds"
RECORDING = wait(".voice[data-phase=recording]")
RECORDED = wait(".voice[data-phase=ready]")
TO_SPEAK = "messages voice-record"
RECORD: tuple[Step, ...] = (RECORDING, pause, "voice-record", RECORDED)
SENT_OFFLINE: tuple[Step, ...] = (*RECORD, offline, "voice-send", "messages-outbox")
NUMBER: tuple[Step, ...] = (fill("input[name=number]", "+8613800000021"), "send-code")
PROVED: tuple[Step, ...] = (*NUMBER, fill("input[name=code]", "000000"))
BINNED: tuple[Step, ...] = ("outbox-remove", "remove")
LINE = "main[data-screen=line]"
THREAD = "/api/families/*/thread"
GONE = "main[data-screen=door-gone]"
WORTHLESS = Answer(400, "code_used_or_expired")
SHARING = [{"id": name, "name": name, "photo": None} for name in ("Wang Fang", "Li Na")]
SHARED_NUMBER = Answer(200, body={"signed_in": False, "faces": SHARING})
PHONE = (
    phone("home", "booked", "", ".next-call"),
    phone("home-empty", "empty", "", STATE.format("empty")),
    phone("home-asked", "asked", "", ".next-call"),
    phone("home-freed", "freed", "", ".freed"),
    phone("home-offline", "booked", "", ".banner[data-state=offline]", wait(".next-call"), offline),
    phone("cannot-reach", "booked", "", STATE.format("offline"), now=BROKEN),
    phone("details", "booked", "details", "dialog[open]"),
    phone("series", "booked", "details series", "dialog[open][data-screen=series], dialog[open] [data-act=end-series]"),
    phone("cancel", "booked", "cancel", "dialog[open]"),
    phone("decline", "asked", "decline", "dialog[open]"),
    phone("book-chosen", "empty", "book slot", "[data-act=send-booking]"),
    phone("book-none-suits", "busy", "book", ".none-suits"),
    phone("settings", "booked", "settings", "dialog[open] [data-device-id]"),
    phone("parents", "booked", "settings parents", "[data-part=asked] li"),
    phone("price", "booked", "settings price", "dialog[open] [name=price]"),
    phone("calendar", "booked", "settings calendar", "dialog[open] [data-act=make-feed]"),
    phone("hours", "booked", "settings my-hours", ".hours-day"),
    phone("hours-day", "booked", "settings my-hours hours-day", "[data-act=hours-swap-other], [data-act=hours-swap]"),
    phone("hours-weekly", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=weekly]"),
    phone("hours-rotation", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=rotation]", "rotation-name"),
    phone("messages-said", "letters" + CAREGIVER, "messages", ".said"),
    elsewhere(phone("recorded", "letters", TO_SPEAK, ".voice[data-phase=ready]", *RECORD)),
    phone("line", "booked", "try-line", "main[data-screen=line]"),
    phone("door-code", NOBODY, "", "input[name=code]", fill("input[name=number]", "+8613800000021"), "send-code"),
    phone("begin-photo", "booked", "settings own-photo", "[data-act=begin-take]"),
    *rarely(
    phone("call-whom", "many", "call-now", "dialog[open] [data-act^=whom]"),
        phone("series-move", "booked", "details move", "dialog[open] [data-act=move-one]"),
        elsewhere(phone("when", "letters", TO_SPEAK, "dialog[open] [name=kind]", *RECORD, "messages-when")),
        phone("withdraw", "letters", "messages message-withdraw", "dialog[open] [data-act=withdraw]"),
        elsewhere(phone("outbox-remove", "letters", TO_SPEAK, "[data-act=remove]", *SENT_OFFLINE, "outbox-remove")),
        elsewhere(phone(
            "sign-out-unsent", "letters", TO_SPEAK, "dialog[open] [data-act=discard]",
            *RECORD, "voice-send", wait("[data-act=messages-outbox]"), "messages-back", "settings", "sign-out",
            anchor="", **{"/uploads": BROKEN},
        )),
        phone("change", "booked", "", "dialog[open] [data-act=use-card]", anchor="#join=000000000000"),
        phone("door-faces", NOBODY, "", ".face", *PROVED, anchor="", **{"/api/sign_in/prove": SHARED_NUMBER}),
        phone("door-gone", NOBODY, "", GONE, *PROVED, anchor="", **{"/api/sign_in/prove": WORTHLESS}),
        phone("home-asking", "asking", "", ".next-call"),
        phone("home-called-off", "refused", "", HOME),
        phone("home-waiting", "wished", "", ".waiting"),
        phone("home-to-confirm", "unsure", "", ".next-call"),
        phone("home-caregiver", "booked" + CAREGIVER, "", ".next-call"),
        phone("loading", "booked", "", STATE.format("loading"), now=NEVER),
        phone("error", "booked", "", STATE.format("error"), now=FAILED),
        phone("counter", "asked", "counter", "[data-act=slot]"),
        phone("book", "empty", "book", "[data-act=propose]"),
        phone("book-taken", "empty", "book slot send-booking", ".toast, .banner, dialog[open]", calls=TAKEN),
        phone("book-loading", "empty", "book", "main[data-screen=book]", slots=NEVER, proposals=NEVER),
        phone("book-error", "empty", "book", "main[data-screen=book] .state", slots=FAILED, proposals=FAILED),
        phone("book-denied", "empty", "book", "main[data-screen=book] .state", slots=REFUSED, proposals=REFUSED),
        phone("book-offline", "empty", "book", "main[data-screen=book] .state", slots=BROKEN, proposals=BROKEN),
        phone("hours-empty", "empty", "settings my-hours", "main[data-screen=hours]"),
        *troubled(phone, "hours", "booked", "settings my-hours", "/api/persons/*/availability"),
        phone("messages-empty", "many", "messages", "main[data-screen=messages] .state[data-state=empty]"),
        phone("messages-loading", "letters", "messages", STATE.format("loading"), anchor="", **{THREAD: NEVER}),
        phone("messages-offline", "letters", "messages", STATE.format("offline"), anchor="", **{THREAD: BROKEN}),
        phone("messages-error", "letters", "messages", STATE.format("error"), anchor="", **{THREAD: FAILED}),
        phone("messages-refused", "letters", "messages", STATE.format("error"), anchor="", **{THREAD: REFUSED}),
        elsewhere(phone("outbox-empty", "letters", TO_SPEAK, STATE.format("empty"), *SENT_OFFLINE, *BINNED)),
        phone("calendar-error", "booked", "settings calendar", "dialog[open] .field__error", feed=FAILED),
        phone("line-offline", "booked", "try-line", LINE, wait(LINE), offline),
        phone("door-offline", NOBODY, "", ".banner", *NUMBER, anchor="", **{"/api/sign_in/code": BROKEN}),
        phone("door-error", NOBODY, "", ".banner", *NUMBER, anchor="", **{"/api/sign_in/code": FAILED}),
        phone("call-now-refused", "empty", "call-now", "dialog[open]", calls_now=TAKEN),
        phone("settings-error", "booked", "settings", "dialog[open] .field__error", devices=FAILED),
        phone("install", "booked", "settings install", "dialog[open]"),
        phone("own-name", "booked", "settings own-name", ".own-name .voice__button"),
        phone("own-name-said", "booked", "settings own-name name-record", "[data-act=name-use]", pause, "name-record"),
        phone("aloud", "wished" + CAREGIVER, "settings aloud", ".aloud"),
        phone("sign-out", "booked", "settings sign-out", "dialog[open]"),
        phone("pushes", "booked", "settings pushes", "dialog[open]"),
        phone("hours-kinds", "booked", TO_KINDS, "[data-act=hours-form]"),
        phone("hours-away", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=away]"),
        phone("messages", "letters", "messages", "[data-act=voice-record]"),
        phone("messages-denied", "empty", "messages", "main[data-screen=messages]"),
        phone("recording", "letters", TO_SPEAK, ".voice[data-phase=recording]"),
        phone("outbox", "letters", TO_SPEAK, ".outbox__item", *SENT_OFFLINE),
        phone("door", NOBODY, "", "input[name=number]"),
        phone("door-wrong", NOBODY, "", ".banner[data-state=bad]", fill("input[name=number]", "1"), "send-code"),
        phone("door-card", NOBODY, "to-card", "input[name=card]"),
        phone("begin-hours", NEW + "empty", "", "[data-act=begin-turns]", comes_in("0041"), "thats-me"),
        phone("begin-ready", NEW + "wished", "", "[data-act=begin-done]", comes_in("0091"), "thats-me"),
        phone("welcome", NEW + "busy", "", "dialog[open] [data-act=thats-me]", comes_in("0101")),
        phone("door-spent", NOBODY, "", STATE.format("error"), anchor="#join=000000000000"),
    ),
)  # fmt: skip
