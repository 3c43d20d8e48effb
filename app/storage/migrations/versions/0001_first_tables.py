"""The first tables."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_at"), "change", ["at"], unique=False)
    op.create_table(
        "device_session",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("beat_at", Instant(), nullable=True),
        sa.Column("page", sa.String(length=24), nullable=True),
        sa.Column("is_visible", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_session_token_hash")),
    )
    op.create_index(op.f("ix_device_session_kind_subject_id"), "device_session", ["kind", "subject_id"], unique=False)
    op.create_table(
        "due_row",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("lane", sa.String(length=24), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(length=64), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("put_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_row")),
        sa.UniqueConstraint("key", name=op.f("uq_due_row_key")),
    )
    op.create_index(op.f("ix_due_row_state_lane_due_at"), "due_row", ["state", "lane", "due_at"], unique=False)
    op.create_index(op.f("ix_due_row_subject"), "due_row", ["subject"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_at"), "idempotency", ["at"], unique=False)
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_one_time_code_code_hash")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("zone", sa.String(length=48), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("photo_id", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_phone"), "person", ["phone"], unique=False)
    op.create_table(
        "village",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("zone", sa.String(length=48), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village")),
    )
    op.create_table(
        "worker_beat",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("child_id", sa.String(length=16), nullable=False),
        sa.Column("contact_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("given_by", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_consent_child_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"], name=op.f("fk_consent_contact_id")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_consent_given_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_child_id_contact_id_kind"), "consent", ["child_id", "contact_id", "kind"], unique=False
    )
    op.create_table(
        "coordinator",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_coordinator_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coordinator")),
    )
    op.create_index(op.f("ix_coordinator_village_id"), "coordinator", ["village_id"], unique=False)
    op.create_table(
        "family",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("emblem", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_family_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("village_id", "emblem", name=op.f("uq_family_village_id_emblem")),
    )
    op.create_index(op.f("ix_family_village_id"), "family", ["village_id"], unique=False)
    op.create_table(
        "no_contact",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("child_id", sa.String(length=16), nullable=False),
        sa.Column("contact_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_no_contact_child_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"], name=op.f("fk_no_contact_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_contact")),
    )
    op.create_index(op.f("ix_no_contact_child_id_contact_id"), "no_contact", ["child_id", "contact_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("template", sa.String(length=48), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(op.f("ix_notice_person_id"), "notice", ["person_id"], unique=False)
    op.create_index(op.f("ix_notice_subject"), "notice", ["subject"], unique=False)
    op.create_table(
        "opening",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens_minute", sa.Integer(), nullable=False),
        sa.Column("closes_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_opening_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    op.create_index(op.f("ix_opening_village_id"), "opening", ["village_id"], unique=False)
    op.create_table(
        "photo",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("edge_px", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_photo_person_id")),
        sa.PrimaryKeyConstraint("id", "edge_px", name=op.f("pk_photo")),
    )
    op.create_index(op.f("ix_photo_person_id"), "photo", ["person_id"], unique=False)
    op.create_table(
        "prompt",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("mime", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_prompt_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("village_id", "key", name=op.f("uq_prompt_village_id_key")),
    )
    op.create_table(
        "terminal",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_terminal_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal")),
    )
    op.create_index(op.f("ix_terminal_village_id"), "terminal", ["village_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("coordinator_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["coordinator_id"], ["coordinator.id"], name=op.f("fk_audit_entry_coordinator_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_audit_entry_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_village_id_at"), "audit_entry", ["village_id", "at"], unique=False)
    op.create_table(
        "call",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=16), nullable=False),
        sa.Column("family_id", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=16), nullable=False),
        sa.Column("child_id", sa.String(length=16), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("proposed_by", sa.String(length=24), nullable=True),
        sa.Column("moved_to_id", sa.String(length=16), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("escalated_at", Instant(), nullable=True),
        sa.Column("live_at", Instant(), nullable=True),
        sa.Column("talking_since", Instant(), nullable=True),
        sa.Column("talked_seconds", sa.Integer(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_call_child_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_call_family_id")),
        sa.ForeignKeyConstraint(["moved_to_id"], ["call.id"], name=op.f("fk_call_moved_to_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["person.id"], name=op.f("fk_call_parent_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_call_terminal_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_call_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    op.create_index(op.f("ix_call_family_id_starts_at"), "call", ["family_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_call_parent_id"), "call", ["parent_id"], unique=False)
    op.create_index(op.f("ix_call_terminal_id_starts_at"), "call", ["terminal_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_call_village_id_starts_at"), "call", ["village_id", "starts_at"], unique=False)
    op.create_table(
        "closure",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=16), nullable=True),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_closure_terminal_id")),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_closure_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(op.f("ix_closure_village_id"), "closure", ["village_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("notice_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=True),
        sa.Column("ref", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "number", name=op.f("uq_delivery_notice_id_number")),
    )
    op.create_index(op.f("ix_delivery_ref"), "delivery", ["ref"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("family_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_member_family_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("family_id", "person_id", "role", name=op.f("uq_member_family_id_person_id_role")),
    )
    op.create_index(op.f("ix_member_person_id"), "member", ["person_id"], unique=False)
    op.create_table(
        "call_event",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_event_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_event")),
    )
    op.create_index(op.f("ix_call_event_call_id_at"), "call_event", ["call_id", "at"], unique=False)
    op.create_table(
        "claim",
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("cell_at", Instant(), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_claim_call_id")),
        sa.PrimaryKeyConstraint("resource", "cell_at", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_call_id"), "claim", ["call_id"], unique=False)
    op.create_table(
        "invitee",
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=24), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("declined_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_invitee_call_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitee_person_id")),
        sa.PrimaryKeyConstraint("call_id", "person_id", name=op.f("pk_invitee")),
    )
    op.create_table(
        "link_sample",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=24), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("rtt_ms", sa.Integer(), nullable=True),
        sa.Column("loss_permille", sa.Integer(), nullable=True),
        sa.Column("received_kbps", sa.Integer(), nullable=True),
        sa.Column("sent_kbps", sa.Integer(), nullable=True),
        sa.Column("frames_per_second", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_link_sample_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_sample")),
    )
    op.create_index(op.f("ix_link_sample_call_id_at"), "link_sample", ["call_id", "at"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("occupant", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=24), nullable=False),
        sa.Column("device_id", sa.String(length=16), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=False),
        sa.Column("here_at", Instant(), nullable=True),
        sa.Column("media_at", Instant(), nullable=True),
        sa.Column("lost_at", Instant(), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_seat_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("call_id", "side", name=op.f("uq_seat_call_id_side")),
    )
    op.create_index(op.f("ix_seat_sid"), "seat", ["sid"], unique=False)
