"""Texts both ways: attempts, gateways, pushes, terms of a village, budgets, texts that come in."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _extend_notices()
    _create_attempt()
    _move_attempts()
    _create_gateway_state()
    _create_push_subscription()
    _create_terms()
    _create_texts()


def _extend_notices() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.alter_column("person_id", existing_type=sa.String(16), nullable=True)
        notice.add_column(sa.Column("language", sa.String(16)))
        notice.add_column(_at("closed_at", True))
        notice.add_column(_at("held_until", True))
        notice.add_column(sa.Column("told_in_id", sa.String(16)))
        notice.add_column(_ref("notice", "village_id", "village", True))
        notice.add_column(_ref("notice", "family_id", "family", True))
    op.create_index(op.f("ix_notice_village_id_planned_at"), "notice", ["village_id", "planned_at"])
    op.create_index(op.f("ix_notice_state_due_at"), "notice", ["state", "due_at"])


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        _id(), _ref("attempt", "delivery_id", "delivery"), sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(32), nullable=False), sa.Column("key", sa.String(120), nullable=False),
        sa.Column("ref", sa.String(120)), sa.Column("state", sa.String(24), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False), _at("began_at"), _at("settled_at", True),
        sa.Column("error", sa.String(200)), _key("attempt"),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_attempt_delivery_id_number")),
    )  # fmt: skip
    op.create_index(op.f("ix_attempt_gateway_ref"), "attempt", ["gateway", "ref"])
    op.create_index(op.f("ix_attempt_key"), "attempt", ["key"])


def _move_attempts() -> None:
    """What a delivery said of its last attempt becomes an attempt of its own; sending has a lane of its own."""
    op.execute("""
        INSERT INTO attempt
            (id, delivery_id, number, gateway, key, ref, state, segments, began_at, settled_at, error)
        SELECT
            delivery.id, delivery.id, delivery.attempts, delivery.gateway,
            CASE WHEN delivery.number = 1 THEN notice.key ELSE notice.key || '~' || delivery.number END, delivery.ref,
            CASE WHEN delivery.state IN ('waiting', 'failed') THEN 'refused' ELSE delivery.state END, 0,
            delivery.attempted_at, delivery.settled_at, delivery.error
        FROM delivery JOIN notice ON notice.id = delivery.notice_id
        WHERE delivery.gateway IS NOT NULL AND delivery.attempted_at IS NOT NULL
    """)
    op.drop_index(op.f("ix_delivery_ref"), "delivery")
    with op.batch_alter_table("delivery") as delivery:
        for column in ("gateway", "ref", "attempted_at"):
            delivery.drop_column(column)
    op.create_index(op.f("ix_delivery_state_settled_at"), "delivery", ["state", "settled_at"])
    op.execute("UPDATE due_row SET lane = 'send' WHERE kind = 'notice.deliver'")


def _create_gateway_state() -> None:
    op.create_table(
        "gateway_state",
        sa.Column("name", sa.String(32), nullable=False), sa.Column("failures", sa.Integer(), nullable=False),
        *(_at(name, True) for name in ("failing_since", "opened_until", "trial_at", "last_taken_at")),
        _at("last_error_at", True), sa.Column("last_error", sa.String(200)), _at("probed_at", True),
        sa.Column("probe_error", sa.String(200)),
        _at("silent_since", True), _key("gateway_state", "name"),
    )  # fmt: skip


def _create_push_subscription() -> None:
    op.create_table(
        "push_subscription",
        _id(), sa.Column("principal", sa.String(40), nullable=False),
        sa.Column("device_id", sa.String(16), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False), sa.Column("endpoint_hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(120), nullable=False), sa.Column("auth", sa.String(40), nullable=False),
        _at("made_at"), _at("taken_at", True), _at("ended_at", True), sa.Column("ended_reason", sa.String(24)),
        _key("push_subscription"),
        sa.UniqueConstraint("endpoint_hash", name=op.f("uq_push_subscription_endpoint_hash")),
    )  # fmt: skip
    for column in ("principal", "device_id"):
        op.create_index(op.f(f"ix_push_subscription_{column}"), "push_subscription", [column])


def _create_terms() -> None:
    op.create_table(
        "notice_terms",
        _ref("notice_terms", "village_id", "village"), sa.Column("quiet_from_minute", sa.Integer(), nullable=False),
        sa.Column("quiet_until_minute", sa.Integer(), nullable=False), sa.Column("family_segments", sa.Integer()),
        sa.Column("village_segments", sa.Integer()), sa.Column("segment_price", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False), sa.Column("is_push_on", sa.Boolean(), nullable=False),
        _key("notice_terms", "village_id"),
    )  # fmt: skip
    op.create_table(
        "notice_choice",
        _ref("notice_choice", "village_id", "village"), sa.Column("template", sa.String(48), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False), sa.Column("escalate_minutes", sa.Integer()),
        _key("notice_choice", "village_id", "template"),
    )  # fmt: skip
    op.create_table(
        "spending",
        sa.Column("owner", sa.String(32), nullable=False), sa.Column("month", sa.String(7), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False), _key("spending", "owner", "month"),
    )  # fmt: skip
    op.create_table(
        "stopped_number",
        sa.Column("number", sa.String(16), nullable=False), _at("stopped_at"), _key("stopped_number", "number"),
    )  # fmt: skip


def _create_texts() -> None:
    op.create_table(
        "text_in",
        _id(), sa.Column("gateway", sa.String(32), nullable=False), sa.Column("ref", sa.String(120), nullable=False),
        sa.Column("sender", sa.String(40), nullable=False), sa.Column("number", sa.String(16)),
        sa.Column("text", sa.Text(), nullable=False), _at("sent_at"), _at("at"), sa.Column("outcome", sa.String(24)),
        _ref("text_in", "person_id", "person", True), _ref("text_in", "family_id", "family", True),
        sa.Column("call_id", sa.String(16)), _at("heard_at", True), _key("text_in"),
        sa.UniqueConstraint("gateway", "ref", name=op.f("uq_text_in_gateway_ref")),
    )  # fmt: skip
    op.create_index(op.f("ix_text_in_number_at"), "text_in", ["number", "at"])
    op.create_index(op.f("ix_text_in_family_id_at"), "text_in", ["family_id", "at"])
    op.create_index(op.f("ix_text_in_person_id"), "text_in", ["person_id"])
    op.create_table(
        "conversation",
        sa.Column("number", sa.String(16), nullable=False), sa.Column("offered", sa.JSON(), nullable=False),
        _ref("conversation", "person_id", "person", True), _at("offered_at", True), _at("expires_at", True),
        _at("heard_at"), _at("told_stranger_at", True), _key("conversation", "number"),
    )  # fmt: skip


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), nullable=False)


def _at(name: str, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=optional)


def _ref(table: str, name: str, to: str, optional: bool = False) -> sa.Column[str]:
    foreign = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.String(16), foreign, nullable=optional)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))
