"""Coordinators and the audit of what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.record import Record
from app.storage.types import ID


class Coordinator(Record):
    __tablename__ = "coordinator"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(16))


class AuditEntry(Record):
    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "village_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    coordinator_id: Mapped[str] = mapped_column(ForeignKey("coordinator.id"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]]
