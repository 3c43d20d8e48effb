"""Every screen of a call that really is one, in every state: a further one is a line, in the order of the states."""

from tests.gallery.call import RUNGS
from tests.gallery.row import in_call, rarely
from tests.gallery.stage import Face

IN_CALL: tuple[Face, ...] = ("phone", "terminal")
CALL = (
    *rarely(in_call("phone", "soon", "[data-act=join]"), in_call("terminal", "soon", ".wall")),
    in_call("phone", "refused", "main[data-screen=refused]"),
    in_call("terminal", "here", "main[data-screen=here]"),
    in_call("phone", "waiting", "main[data-screen=waiting]"),
    in_call("terminal", "ring", "main[data-screen=ring]"),
    in_call("terminal", "answer_refused", "main[data-screen=refused]"),
    *(in_call(face, "video", ".call[data-picture=video]") for face in IN_CALL),
    in_call("phone", "wrong_person", "dialog[open] [data-act=ring-again]"),
    in_call("desk", "desk_asks", "dialog[open][data-screen=join]"),
    in_call("desk", "desk_joins", "dialog[open].joining"),
    *rarely(*(in_call(face, rung, f".call[data-rung={rung}]") for rung in RUNGS[1:-2] for face in IN_CALL)),
    *rarely(*(in_call(face, "old_still", ".call__still figcaption") for face in IN_CALL)),
    *rarely(*(in_call(face, RUNGS[-2], f".call[data-rung={RUNGS[-2]}]") for face in IN_CALL)),
    *(in_call(face, RUNGS[-1], f".call[data-rung={RUNGS[-1]}]") for face in IN_CALL),
    in_call("phone", "moved", "main[data-screen=moved]"),
    in_call("phone", "lost_phone", "main[data-screen=lost]"),
    in_call("terminal", "lost_terminal", "main[data-screen=lost]"),
    *(in_call(face, "armed", "[data-act=hang-up-confirm]") for face in IN_CALL),
    in_call("phone", "over", "main[data-screen=ended]"),
    in_call("terminal", "over", ".goodbye"),
    in_call("terminal", "change_over", ".change-over"),
    in_call("phone", "phone_rings", "main[data-screen=ring]"),
    in_call("terminal", "by_itself", ".by-itself"),
    in_call("terminal", "alone", ".alone"),
    *(in_call(face, "company", ".company__face") for face in IN_CALL),
)
