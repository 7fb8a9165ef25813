"""The portal's first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.models.base import Instant
from portal.models.event import REFUSAL_STATEMENTS
from portal.models.keeping import KEEPING_STATEMENTS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alliance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number_prefix", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alliance")),
        sa.UniqueConstraint("name", name=op.f("uq_alliance_name")),
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("short_name", sa.String(length=20), nullable=False),
        sa.Column("badge", sa.String(length=2), nullable=False),
        sa.Column("province", sa.String(length=20), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("abbreviation", sa.String(length=20), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.CheckConstraint("kind <> 'regulator' OR division <> ''", name=op.f("ck_institution_division")),
        sa.CheckConstraint("kind IN ('technical', 'regulator')", name=op.f("ck_institution_kind")),
        sa.CheckConstraint("level IN ('province', 'city', 'county')", name=op.f("ck_institution_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("name", name=op.f("uq_institution_name")),
    )
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.create_index(
            "uq_institution_regulator",
            ["division"],
            unique=True,
            sqlite_where=sa.text("kind = 'regulator'"),
            postgresql_where=sa.text("kind = 'regulator'"),
        )

    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.CheckConstraint("outcome IN ('running', 'done', 'failed', 'interrupted')", name=op.f("ck_job_run_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index("ix_job_run_started_at", ["started_at"], unique=False)
        batch_op.create_index("uq_job_run_job_due_at", ["job", "due_at"], unique=True)

    op.create_table(
        "job_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("leased_by", sa.String(length=80), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("last_started_at", Instant(), nullable=True),
        sa.Column("last_finished_at", Instant(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("failures_in_a_row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_state")),
    )
    op.create_table(
        "material_preview",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("preview_size", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(state = 'made') = (preview_sha256 IS NOT NULL)", name=op.f("ck_material_preview_made")),
        sa.CheckConstraint("state IN ('waiting', 'made', 'failed')", name=op.f("ck_material_preview_state")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_material_preview")),
    )
    with op.batch_alter_table("material_preview", schema=None) as batch_op:
        batch_op.create_index(
            "ix_material_preview_waiting",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "number_series",
        sa.Column("series", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last >= 0", name=op.f("ck_number_series_last")),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "official_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("seal", sa.JSON(), nullable=True),
        sa.CheckConstraint("format IN ('pdf', 'docx')", name=op.f("ck_official_file_format")),
        sa.CheckConstraint(
            "kind IN ('sheet', 'minutes', 'sheets', 'certificate', 'annex')", name=op.f("ck_official_file_kind")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_official_file_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_file")),
        sa.UniqueConstraint("kind", "subject_id", "format", name=op.f("uq_official_file_kind_subject_id_format")),
    )
    with op.batch_alter_table("official_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_official_file_sha256"), ["sha256"], unique=False)

    op.create_table(
        "recovery_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("typed", sa.String(length=254), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_request")),
    )
    with op.batch_alter_table("recovery_request", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_request_address", ["address", "asked_at"], unique=False)

    op.create_table(
        "storage_removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("queued_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_removal")),
        sa.UniqueConstraint("key", name=op.f("uq_storage_removal_key")),
    )
    op.create_table(
        "verification_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_request")),
    )
    with op.batch_alter_table("verification_request", schema=None) as batch_op:
        batch_op.create_index("ix_verification_request_address", ["address", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_request_asked_at"), ["asked_at"], unique=False)

    op.create_table(
        "worker_process",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_process")),
    )
    with op.batch_alter_table("worker_process", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_process_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "alliance_member",
        sa.Column("alliance_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alliance_id"], ["alliance.id"], name=op.f("fk_alliance_member_alliance_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_alliance_member_institution_id")),
        sa.PrimaryKeyConstraint("alliance_id", "institution_id", name=op.f("pk_alliance_member")),
        sa.UniqueConstraint("alliance_id", "position", name=op.f("uq_alliance_member_alliance_id_position")),
    )
    op.create_table(
        "consultation_count",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_consultation_count_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "year", "stage", name=op.f("pk_consultation_count")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_changed_at", Instant(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("has_mail_preference", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT (is_pending AND is_active)", name=op.f("ck_person_pending_is_closed")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_person_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "rotation_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alliance_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_rotation_term_order")),
        sa.ForeignKeyConstraint(["alliance_id"], ["alliance.id"], name=op.f("fk_rotation_term_alliance_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_rotation_term_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_term")),
        sa.UniqueConstraint("alliance_id", "ends_on", name=op.f("uq_rotation_term_alliance_id_ends_on")),
        sa.UniqueConstraint("alliance_id", "starts_on", name=op.f("uq_rotation_term_alliance_id_starts_on")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'recovery', 'reset', 'emergency')", name=op.f("ck_account_link_purpose")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_account_link_token_digest")),
    )
    with op.batch_alter_table("account_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_link_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_account_link_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        )

    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_feed_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_calendar_feed_token_digest")),
    )
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_feed_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_calendar_feed_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "consultation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alliance_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("applicant_institution_id", sa.Integer(), nullable=False),
        sa.Column("lead_institution_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("material_sent_at", Instant(), nullable=True),
        sa.Column("lead_told_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("handover_to_id", sa.Integer(), nullable=True),
        sa.Column("handover_reason", sa.Text(), nullable=False),
        sa.Column("even_panel_reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("final_opinion", sa.JSON(), nullable=True),
        sa.Column("conclusion_reason", sa.Text(), nullable=True),
        sa.Column("previous_consultation_id", sa.Integer(), nullable=True),
        sa.Column("next_due_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('concluded', 'watch', 'withdrawn', 'terminated')", name=op.f("ck_consultation_outcome")
        ),
        sa.CheckConstraint(
            "stage IN ('draft', 'discarded') OR (serial IS NOT NULL AND submitted_at IS NOT NULL)",
            name=op.f("ck_consultation_numbered"),
        ),
        sa.CheckConstraint(
            "stage IN ('draft', 'submitted', 'returned', 'panel', 'material', 'preliminary_analysis', 'scheduling', 'scheduled', 'in_session', 'voting', 'tallied', 'drafting_minutes', 'issued', 'archived', 'disposed', 'discarded', 'withdrawn', 'terminated')",
            name=op.f("ck_consultation_stage"),
        ),
        sa.ForeignKeyConstraint(["alliance_id"], ["alliance.id"], name=op.f("fk_consultation_alliance_id")),
        sa.ForeignKeyConstraint(
            ["applicant_institution_id"], ["institution.id"], name=op.f("fk_consultation_applicant_institution_id")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_consultation_created_by_id")),
        sa.ForeignKeyConstraint(["handover_to_id"], ["institution.id"], name=op.f("fk_consultation_handover_to_id")),
        sa.ForeignKeyConstraint(
            ["lead_institution_id"], ["institution.id"], name=op.f("fk_consultation_lead_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["previous_consultation_id"], ["consultation.id"], name=op.f("fk_consultation_previous_consultation_id")
        ),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["person.id"], name=op.f("fk_consultation_submitted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
        sa.UniqueConstraint("alliance_id", "year", "serial", name=op.f("uq_consultation_alliance_id_year_serial")),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.create_index("ix_consultation_applicant", ["applicant_institution_id", "next_due_at"], unique=False)
        batch_op.create_index(
            "ix_consultation_count",
            ["year", "stage", "applicant_institution_id", "lead_institution_id", "next_due_at"],
            unique=False,
        )
        batch_op.create_index("ix_consultation_lead", ["lead_institution_id", "next_due_at"], unique=False)
        batch_op.create_index(
            "ix_consultation_next_due",
            ["next_due_at", "id", "year", "stage", "applicant_institution_id", "lead_institution_id"],
            unique=False,
        )
        batch_op.create_index("ix_consultation_stage_due", ["stage", "next_due_at", "id"], unique=False)

    op.create_table(
        "custody_drill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_name", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("packages", sa.Integer(), nullable=True),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("damaged", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "finished_at IS NULL OR records IS NOT NULL", name=op.f("ck_custody_drill_finished_is_counted")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_custody_drill_asked_by_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_custody_drill_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_drill")),
    )
    with op.batch_alter_table("custody_drill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_drill_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "expert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("employed_from", sa.Date(), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_expert_institution_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_expert_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
        sa.UniqueConstraint("person_id", name=op.f("uq_expert_person_id")),
    )
    with op.batch_alter_table("expert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "expert_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'reading', 'read', 'done', 'discarded')", name=op.f("ck_expert_import_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('done', 'discarded') OR content IS NULL", name=op.f("ck_expert_import_content_gone")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_expert_import_asked_by_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_expert_import_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_import")),
    )
    with op.batch_alter_table("expert_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_import_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "fee_rate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("work", sa.String(length=24), nullable=False),
        sa.Column("title_class", sa.String(length=10), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.CheckConstraint("title_class IN ('eminent', 'senior', 'other')", name=op.f("ck_fee_rate_title_class")),
        sa.CheckConstraint("work IN ('preliminary_analysis', 'session', 'other')", name=op.f("ck_fee_rate_work")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fee_rate_amount")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_fee_rate_entered_by_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_fee_rate_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_rate")),
        sa.UniqueConstraint(
            "institution_id",
            "work",
            "title_class",
            "valid_from",
            name=op.f("uq_fee_rate_institution_id_work_title_class_valid_from"),
        ),
    )
    op.create_table(
        "former_password",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("replaced_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_former_password_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_password")),
    )
    with op.batch_alter_table("former_password", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_password_person_id"), ["person_id"], unique=False)

    op.create_table(
        "institution_channel",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("seen_message_id", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_channel_institution_id")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_institution_channel_set_by_id")),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_institution_channel")),
    )
    op.create_table(
        "institution_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_institution_head_order")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_head_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_institution_head_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution_head")),
    )
    with op.batch_alter_table("institution_head", schema=None) as batch_op:
        batch_op.create_index(
            "uq_institution_head_open",
            ["institution_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "liaison",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("seat IN (1, 2)", name=op.f("ck_liaison_seat")),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_liaison_order")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_liaison_institution_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_liaison_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison")),
    )
    with op.batch_alter_table("liaison", schema=None) as batch_op:
        batch_op.create_index(
            "uq_liaison_open_person",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )
        batch_op.create_index(
            "uq_liaison_open_seat",
            ["institution_id", "seat"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "loaded_calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("notice", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.Column("loaded_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["loaded_by_id"], ["person.id"], name=op.f("fk_loaded_calendar_year_loaded_by_id")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_loaded_calendar_year")),
    )
    op.create_table(
        "login_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("csrf_secret", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("reauthenticated_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_login_session_person_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_login_session")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "mail_digest",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("composed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_digest_person_id")),
        sa.PrimaryKeyConstraint("person_id", "period", name=op.f("pk_mail_digest")),
    )
    op.create_table(
        "mail_preference",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=10), nullable=False),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        sa.Column("digest_weekday", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("unwanted", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("digest IN ('none', 'daily', 'weekly')", name=op.f("ck_mail_preference_digest")),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_mail_preference_quiet")),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_mail_preference_hour")),
        sa.CheckConstraint("digest_weekday BETWEEN 0 AND 6", name=op.f("ck_mail_preference_weekday")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_preference_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_preference")),
    )
    op.create_table(
        "organisation_alias",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("alias", sa.String(length=120), nullable=False),
        sa.Column("name_key", sa.String(length=120), nullable=False),
        sa.Column("alias_key", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_organisation_alias_added_by_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_organisation_alias_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_alias")),
        sa.UniqueConstraint("name_key", "alias_key", name=op.f("uq_organisation_alias_name_key_alias_key")),
    )
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.CheckConstraint(
            "role IN ('staff', 'expert', 'officer', 'administrator', 'security_administrator', 'auditor')",
            name=op.f("ck_person_role_role"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_role_person_id")),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_role")),
    )
    with op.batch_alter_table("person_role", schema=None) as batch_op:
        batch_op.create_index(
            "uq_person_role_separated",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("role IN ('administrator', 'security_administrator', 'auditor')"),
            postgresql_where=sa.text("role IN ('administrator', 'security_administrator', 'auditor')"),
        )

    op.create_table(
        "recall_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("province", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("in_charge_id", sa.Integer(), nullable=True),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("channel_note", sa.String(length=200), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("discovered_at", Instant(), nullable=True),
        sa.Column("watch_review_on", sa.Date(), nullable=True),
        sa.Column("is_voluntary", sa.Boolean(), nullable=False),
        sa.Column("recall_number", sa.String(length=40), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("next_due_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('unfounded', 'no_defect', 'report_convincing', 'not_established', 'objection_upheld', 'watch_ended', 'recalled', 'warned')",
            name=op.f("ck_recall_case_outcome"),
        ),
        sa.CheckConstraint(
            "stage <> 'closed' OR (closed_at IS NOT NULL AND outcome IS NOT NULL)", name=op.f("ck_recall_case_ended")
        ),
        sa.CheckConstraint(
            "stage IN ('clue', 'review', 'consulting', 'watched', 'producer_analysis', 'investigation', 'notified', 'objection', 'plan_due', 'plan_review', 'publication', 'implementing', 'summary', 'escalated', 'filing', 'closed')",
            name=op.f("ck_recall_case_stage"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["institution.id"], name=op.f("fk_recall_case_authority_id")),
        sa.ForeignKeyConstraint(["begun_by_id"], ["institution.id"], name=op.f("fk_recall_case_begun_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_recall_case_created_by_id")),
        sa.ForeignKeyConstraint(["in_charge_id"], ["person.id"], name=op.f("fk_recall_case_in_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_case")),
        sa.UniqueConstraint("province", "year", "serial", name=op.f("uq_recall_case_province_year_serial")),
    )
    with op.batch_alter_table("recall_case", schema=None) as batch_op:
        batch_op.create_index("ix_recall_case_area_due", ["area", "next_due_at"], unique=False)
        batch_op.create_index("ix_recall_case_authority", ["authority_id", "next_due_at"], unique=False)

    op.create_table(
        "reminder_policy",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_reminder_policy_changed_by_id")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_reminder_policy")),
    )
    op.create_table(
        "term_handover",
        sa.Column("term_id", sa.Integer(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("signed_by_id", sa.Integer(), nullable=False),
        sa.Column("signed_by_name", sa.String(length=40), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.Column("accepted_by_name", sa.String(length=40), nullable=False),
        sa.CheckConstraint("(accepted_at IS NULL) = (accepted_by_name = '')", name=op.f("ck_term_handover_accepted")),
        sa.CheckConstraint("accepted_at IS NULL OR accepted_at >= signed_at", name=op.f("ck_term_handover_order")),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["person.id"], name=op.f("fk_term_handover_accepted_by_id")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["person.id"], name=op.f("fk_term_handover_signed_by_id")),
        sa.ForeignKeyConstraint(["term_id"], ["rotation_term.id"], name=op.f("fk_term_handover_term_id")),
        sa.PrimaryKeyConstraint("term_id", name=op.f("pk_term_handover")),
    )
    op.create_table(
        "application_ground",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("arrangement", sa.Text(), nullable=False),
        sa.Column("arranged_on", sa.Date(), nullable=True),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "ground IN ('cross_province', 'national_arrangement', 'institution_necessity')",
            name=op.f("ck_application_ground_ground"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_application_ground_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", "ground", name=op.f("pk_application_ground")),
    )
    op.create_table(
        "archive_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=10), nullable=False),
        sa.Column("custodian_id", sa.Integer(), nullable=False),
        sa.Column("archived_on", sa.Date(), nullable=False),
        sa.Column("archived_at", Instant(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("inventory", sa.JSON(), nullable=False),
        sa.Column("held_at", Instant(), nullable=True),
        sa.Column("held_reason", sa.Text(), nullable=False),
        sa.Column("disposal_proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("disposal_proposed_at", Instant(), nullable=True),
        sa.Column("disposal_reason", sa.Text(), nullable=False),
        sa.Column("disposed_at", Instant(), nullable=True),
        sa.Column("disposed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("content IN ('sheets', 'minutes')", name=op.f("ck_archive_record_content")),
        sa.CheckConstraint(
            "disposed_at IS NULL OR held_at IS NULL", name=op.f("ck_archive_record_no_disposal_on_hold")
        ),
        sa.CheckConstraint("keep_until > archived_on", name=op.f("ck_archive_record_order")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_archive_record_consultation_id")
        ),
        sa.ForeignKeyConstraint(["custodian_id"], ["institution.id"], name=op.f("fk_archive_record_custodian_id")),
        sa.ForeignKeyConstraint(
            ["disposal_proposed_by_id"], ["person.id"], name=op.f("fk_archive_record_disposal_proposed_by_id")
        ),
        sa.ForeignKeyConstraint(["disposed_by_id"], ["person.id"], name=op.f("fk_archive_record_disposed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_record")),
        sa.UniqueConstraint("consultation_id", "content", name=op.f("uq_archive_record_consultation_id_content")),
    )
    with op.batch_alter_table("archive_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_record_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_archive_record_custodian_id"), ["custodian_id"], unique=False)

    op.create_table(
        "case_consultation",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.CheckConstraint("origin IN ('asked', 'advised')", name=op.f("ck_case_consultation_origin")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_case_consultation_case_id")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_case_consultation_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", name=op.f("pk_case_consultation")),
    )
    with op.batch_alter_table("case_consultation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_consultation_case_id"), ["case_id"], unique=False)

    op.create_table(
        "case_participant",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('county', 'technical')", name=op.f("ck_case_participant_role")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_case_participant_asked_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_case_participant_case_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_case_participant_institution_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "institution_id", name=op.f("pk_case_participant")),
    )
    with op.batch_alter_table("case_participant", schema=None) as batch_op:
        batch_op.create_index("ix_case_participant_institution", ["institution_id"], unique=False)

    op.create_table(
        "consultation_party",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_party_consultation_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_consultation_party_institution_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", "institution_id", name=op.f("pk_consultation_party")),
    )
    with op.batch_alter_table("consultation_party", schema=None) as batch_op:
        batch_op.create_index("ix_consultation_party_institution", ["institution_id", "consultation_id"], unique=False)

    op.create_table(
        "disposal_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("custodian_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_disposal_certificate_consultation_id")
        ),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["institution.id"], name=op.f("fk_disposal_certificate_custodian_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_certificate")),
        sa.UniqueConstraint(
            "consultation_id", "custodian_id", name=op.f("uq_disposal_certificate_consultation_id_custodian_id")
        ),
    )
    with op.batch_alter_table("disposal_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_certificate_digest"), ["digest"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("recall_case_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("person_name", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_event_consultation_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_event_institution_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_event_person_id")),
        sa.ForeignKeyConstraint(["recall_case_id"], ["recall_case.id"], name=op.f("fk_event_recall_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("digest", name=op.f("uq_event_digest")),
        sa.UniqueConstraint("previous_digest", name=op.f("uq_event_previous_digest")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_consultation", ["consultation_id", "id"], unique=False)
        batch_op.create_index(
            "ix_event_recall_case",
            ["recall_case_id", "id"],
            unique=False,
            sqlite_where=sa.text("recall_case_id IS NOT NULL"),
            postgresql_where=sa.text("recall_case_id IS NOT NULL"),
        )

    op.create_table(
        "expert_field",
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("field_key", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_expert_field_expert_id")),
        sa.PrimaryKeyConstraint("expert_id", "field_key", name=op.f("pk_expert_field")),
    )
    with op.batch_alter_table("expert_field", schema=None) as batch_op:
        batch_op.create_index("ix_expert_field_key", ["field_key", "expert_id"], unique=False)

    op.create_table(
        "expert_relation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('employment', 'shareholding', 'advice', 'kinship', 'cooperation', 'other')",
            name=op.f("ck_expert_relation_kind"),
        ),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_expert_relation_expert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_relation")),
    )
    with op.batch_alter_table("expert_relation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_relation_expert_id"), ["expert_id"], unique=False)

    op.create_table(
        "expert_undertaking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.CheckConstraint("expires_on > signed_on", name=op.f("ck_expert_undertaking_order")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_expert_undertaking_expert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_undertaking")),
    )
    with op.batch_alter_table("expert_undertaking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_undertaking_expert_id"), ["expert_id"], unique=False)

    op.create_table(
        "former_employer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.CheckConstraint("from_on IS NULL OR from_on <= until_on", name=op.f("ck_former_employer_order")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_former_employer_expert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_employer")),
    )
    with op.batch_alter_table("former_employer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_employer_expert_id"), ["expert_id"], unique=False)

    op.create_table(
        "material",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("report_number", sa.String(length=80), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("addition_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('test_report', 'defect_analysis', 'injury_investigation', 'research_report', 'other')",
            name=op.f("ck_material_kind"),
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_material_size")),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_material_consultation_id")),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["person.id"], name=op.f("fk_material_uploaded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
        sa.UniqueConstraint(
            "consultation_id", "number", "revision", name=op.f("uq_material_consultation_id_number_revision")
        ),
    )
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "meeting_minutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("lead_institution_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("discussion", sa.Text(), nullable=False),
        sa.Column("expert_opinions", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("follow_up", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("drafted_by_id", sa.Integer(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("issued_by_id", sa.Integer(), nullable=True),
        sa.Column("canonical", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("correction = 0 OR corrects <> ''", name=op.f("ck_meeting_minutes_names_what_it_corrects")),
        sa.CheckConstraint(
            "issued_at IS NULL OR (serial IS NOT NULL AND issued_on IS NOT NULL AND digest IS NOT NULL)",
            name=op.f("ck_meeting_minutes_issued_is_numbered"),
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_meeting_minutes_consultation_id")
        ),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["person.id"], name=op.f("fk_meeting_minutes_drafted_by_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["person.id"], name=op.f("fk_meeting_minutes_issued_by_id")),
        sa.ForeignKeyConstraint(
            ["lead_institution_id"], ["institution.id"], name=op.f("fk_meeting_minutes_lead_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_minutes")),
        sa.UniqueConstraint(
            "consultation_id", "correction", name=op.f("uq_meeting_minutes_consultation_id_correction")
        ),
        sa.UniqueConstraint(
            "lead_institution_id", "year", "serial", name=op.f("uq_meeting_minutes_lead_institution_id_year_serial")
        ),
    )
    with op.batch_alter_table("meeting_minutes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_minutes_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_minutes_digest"), ["digest"], unique=False)
        batch_op.create_index(
            "uq_meeting_minutes_draft",
            ["consultation_id"],
            unique=True,
            sqlite_where=sa.text("issued_at IS NULL"),
            postgresql_where=sa.text("issued_at IS NULL"),
        )

    op.create_table(
        "nomination_request",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("fields", sa.String(length=200), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.CheckConstraint("wanted >= 0", name=op.f("ck_nomination_request_wanted")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_nomination_request_consultation_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_nomination_request_institution_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", "institution_id", name=op.f("pk_nomination_request")),
    )
    op.create_table(
        "obligation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("recall_case_id", sa.Integer(), nullable=True),
        sa.Column("term_id", sa.Integer(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("slot", sa.String(length=60), nullable=True),
        sa.Column("since_at", Instant(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("first_due_at", Instant(), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("is_met", sa.Boolean(), nullable=True),
        sa.CheckConstraint("role IN ('administrator', 'producer')", name=op.f("ck_obligation_role")),
        sa.CheckConstraint(
            "(CASE WHEN consultation_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN recall_case_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN term_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN year IS NULL THEN 0 ELSE 1 END) <= 1",
            name=op.f("ck_obligation_one_subject"),
        ),
        sa.CheckConstraint(
            "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN role IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_obligation_one_owner"),
        ),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_obligation_consultation_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_obligation_institution_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_obligation_person_id")),
        sa.ForeignKeyConstraint(["recall_case_id"], ["recall_case.id"], name=op.f("fk_obligation_recall_case_id")),
        sa.ForeignKeyConstraint(["term_id"], ["rotation_term.id"], name=op.f("fk_obligation_term_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation")),
    )
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.create_index("ix_obligation_consultation", ["consultation_id", "closed_at"], unique=False)
        batch_op.create_index(
            "ix_obligation_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "ix_obligation_open_institution",
            ["institution_id", "due_at", "consultation_id", "since_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "ix_obligation_open_person",
            ["person_id", "due_at", "consultation_id", "since_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_obligation_recall_case", ["recall_case_id", "closed_at"], unique=False)
        batch_op.create_index(
            "ix_obligation_remind",
            ["remind_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "uq_obligation_open_slot",
            ["kind", "slot"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "online_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("meeting_service", sa.String(length=40), nullable=False),
        sa.Column("meeting_link", sa.String(length=400), nullable=False),
        sa.Column("meeting_code", sa.String(length=60), nullable=False),
        sa.Column("meeting_password", sa.String(length=60), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("late_reason", sa.Text(), nullable=False),
        sa.Column("fixed_by_id", sa.Integer(), nullable=False),
        sa.Column("fixed_at", Instant(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("discussion_summary", sa.Text(), nullable=False),
        sa.Column("discussion_version", sa.Integer(), nullable=False),
        sa.Column("minutes_per_speech", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.CheckConstraint("mode IN ('online', 'on_site', 'mixed')", name=op.f("ck_online_session_mode")),
        sa.CheckConstraint(
            "state IN ('fixed', 'open', 'closed', 'adjourned', 'cancelled')", name=op.f("ck_online_session_state")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_online_session_order")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_online_session_consultation_id")
        ),
        sa.ForeignKeyConstraint(["fixed_by_id"], ["person.id"], name=op.f("fk_online_session_fixed_by_id")),
        sa.ForeignKeyConstraint(["host_id"], ["person.id"], name=op.f("fk_online_session_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_session")),
        sa.UniqueConstraint("uid", name=op.f("uq_online_session_uid")),
    )
    with op.batch_alter_table("online_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_online_session_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(
            "uq_online_session_current",
            ["consultation_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('fixed', 'open')"),
            postgresql_where=sa.text("state IN ('fixed', 'open')"),
        )

    op.create_table(
        "panel_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("nominated_by_id", sa.Integer(), nullable=False),
        sa.Column("nominated_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=True),
        sa.Column("invited_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("declaration", sa.String(length=10), nullable=False),
        sa.Column("declaration_text", sa.Text(), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=False),
        sa.Column("conflict_dismissed_reason", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("material_opened_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "declaration IN ('not_asked', 'none', 'declared')", name=op.f("ck_panel_member_declaration")
        ),
        sa.CheckConstraint(
            "state <> 'accepted' OR declaration <> 'not_asked'", name=op.f("ck_panel_member_declared_when_accepted")
        ),
        sa.CheckConstraint(
            "state IN ('nominated', 'invited', 'accepted', 'declined', 'recused', 'removed')",
            name=op.f("ck_panel_member_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('declined', 'recused', 'removed') OR left_reason <> ''", name=op.f("ck_panel_member_reason")
        ),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_panel_member_consultation_id")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_panel_member_expert_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_panel_member_institution_id")),
        sa.ForeignKeyConstraint(["nominated_by_id"], ["person.id"], name=op.f("fk_panel_member_nominated_by_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["panel_member.id"], name=op.f("fk_panel_member_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_member")),
        sa.UniqueConstraint("consultation_id", "seat", name=op.f("uq_panel_member_consultation_id_seat")),
    )
    with op.batch_alter_table("panel_member", schema=None) as batch_op:
        batch_op.create_index("ix_panel_member_expert", ["expert_id", "state"], unique=False)
        batch_op.create_index(
            "uq_panel_member_active",
            ["consultation_id", "expert_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('nominated', 'invited', 'accepted')"),
            postgresql_where=sa.text("state IN ('nominated', 'invited', 'accepted')"),
        )

    op.create_table(
        "payment_details",
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("saved_by_id", sa.Integer(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_payment_details_expert_id")),
        sa.ForeignKeyConstraint(["saved_by_id"], ["person.id"], name=op.f("fk_payment_details_saved_by_id")),
        sa.PrimaryKeyConstraint("expert_id", name=op.f("pk_payment_details")),
    )
    op.create_table(
        "preliminary_verification",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Text(), nullable=False),
        sa.Column("verified_by", sa.String(length=120), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_preliminary_verification_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", name=op.f("pk_preliminary_verification")),
    )
    op.create_table(
        "producer_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("recipient", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("first_opened_at", Instant(), nullable=True),
        sa.Column("last_opened_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('producer_report', 'recall_plan', 'recall_summary')", name=op.f("ck_producer_link_purpose")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_producer_link_case_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["person.id"], name=op.f("fk_producer_link_issued_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_producer_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_producer_link_token_digest")),
    )
    with op.batch_alter_table("producer_link", schema=None) as batch_op:
        batch_op.create_index(
            "uq_producer_link_open",
            ["case_id", "purpose"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "product_information",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("information_sources", sa.JSON(), nullable=False),
        sa.Column("information_source_other", sa.String(length=120), nullable=False),
        sa.Column("report_numbers", sa.Text(), nullable=False),
        sa.Column("product_name", sa.String(length=120), nullable=False),
        sa.Column("specification", sa.String(length=120), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=False),
        sa.Column("producer", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("registered_province", sa.String(length=20), nullable=True),
        sa.Column("registered_place", sa.String(length=120), nullable=False),
        sa.Column("manufacturing_province", sa.String(length=20), nullable=True),
        sa.Column("manufacturing_place", sa.String(length=120), nullable=False),
        sa.Column("test_basis", sa.Text(), nullable=False),
        sa.Column("suspected_defect", sa.Text(), nullable=False),
        sa.Column("product_class", sa.String(length=60), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("produced_from", sa.Date(), nullable=True),
        sa.Column("produced_until", sa.Date(), nullable=True),
        sa.Column("quantity", sa.String(length=60), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=True),
        sa.Column("brand_owner", sa.String(length=120), nullable=False),
        sa.Column("parent_company", sa.String(length=120), nullable=False),
        sa.Column("test_laboratory", sa.String(length=120), nullable=False),
        sa.CheckConstraint("origin IN ('domestic', 'imported')", name=op.f("ck_product_information_origin")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_product_information_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", name=op.f("pk_product_information")),
    )
    with op.batch_alter_table("product_information", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_information_producer"), ["producer"], unique=False)
        batch_op.create_index(batch_op.f("ix_product_information_product_name"), ["product_name"], unique=False)

    op.create_table(
        "recall_product",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("product_name", sa.String(length=120), nullable=False),
        sa.Column("product_class", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("specification", sa.String(length=120), nullable=False),
        sa.Column("batches", sa.Text(), nullable=False),
        sa.Column("produced_from", sa.Date(), nullable=True),
        sa.Column("produced_until", sa.Date(), nullable=True),
        sa.Column("quantity", sa.String(length=60), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=True),
        sa.Column("producer", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("producer_area", sa.String(length=6), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("legal_representative", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("defect", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("report_numbers", sa.Text(), nullable=False),
        sa.CheckConstraint("origin IN ('domestic', 'imported')", name=op.f("ck_recall_product_origin")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_recall_product_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_recall_product")),
    )
    with op.batch_alter_table("recall_product", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_product_credit_code"), ["credit_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_recall_product_producer"), ["producer"], unique=False)
        batch_op.create_index(batch_op.f("ix_recall_product_product_name"), ["product_name"], unique=False)

    op.create_table(
        "recall_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("province", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("authority", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("product_name", sa.String(length=120), nullable=False),
        sa.Column("product_class", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("batches", sa.Text(), nullable=False),
        sa.Column("producer", sa.String(length=120), nullable=False),
        sa.Column("affected_quantity", sa.Integer(), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("defect", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recall_plan", sa.JSON(), nullable=True),
        sa.Column("press_release", sa.JSON(), nullable=True),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("replaced_at", Instant(), nullable=True),
        sa.CheckConstraint("kind IN ('recall', 'warning', 'sanction')", name=op.f("ck_recall_publication_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_recall_publication_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_publication")),
        sa.UniqueConstraint("province", "year", "serial", name=op.f("uq_recall_publication_province_year_serial")),
    )
    with op.batch_alter_table("recall_publication", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_publication_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_recall_publication_listed", ["replaced_at", "published_at", "id"], unique=False)

    op.create_table(
        "system_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=20), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("uploaded_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_system_upload_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_system_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_upload")),
        sa.UniqueConstraint("case_id", "system", "item", name=op.f("uq_system_upload_case_id_system_item")),
    )
    op.create_table(
        "time_poll",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("answer_by", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_time_poll_consultation_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_time_poll_opened_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_poll")),
    )
    with op.batch_alter_table("time_poll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_poll_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(
            "uq_time_poll_open",
            ["consultation_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "voting_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("sign_by", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.Column("panel_size", sa.Integer(), nullable=True),
        sa.Column("tally", sa.JSON(), nullable=True),
        sa.Column("witness", sa.JSON(), nullable=True),
        sa.CheckConstraint("closed_at IS NOT NULL OR NOT is_void", name=op.f("ck_voting_round_void_is_closed")),
        sa.CheckConstraint(
            "closed_at IS NULL OR is_void OR tally IS NOT NULL", name=op.f("ck_voting_round_tallied_when_closed")
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_voting_round_closed_by_id")),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_voting_round_consultation_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_voting_round_opened_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voting_round")),
        sa.UniqueConstraint("consultation_id", "number", name=op.f("uq_voting_round_consultation_id_number")),
    )
    with op.batch_alter_table("voting_round", schema=None) as batch_op:
        batch_op.create_index(
            "uq_voting_round_open",
            ["consultation_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("reopen_on", sa.JSON(), nullable=False),
        sa.Column("reopen_note", sa.Text(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state <> 'ended' OR end_reason <> ''", name=op.f("ck_watch_end_reason")),
        sa.CheckConstraint("state = 'open' OR ended_at IS NOT NULL", name=op.f("ck_watch_ended")),
        sa.CheckConstraint("state IN ('open', 'ended', 'reapplied')", name=op.f("ck_watch_state")),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_watch_consultation_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_watch_owner_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["consultation.id"], name=op.f("fk_watch_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_watch_consultation_id")),
    )
    op.create_table(
        "agenda_note",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("discussed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["online_session.id"], name=op.f("fk_agenda_note_session_id")),
        sa.PrimaryKeyConstraint("session_id", "question", name=op.f("pk_agenda_note")),
    )
    op.create_table(
        "archive_package",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("items_until", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("packaged_at", Instant(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_archive_package_size")),
        sa.ForeignKeyConstraint(["record_id"], ["archive_record.id"], name=op.f("fk_archive_package_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_package")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_archive_package_record_id_number")),
    )
    with op.batch_alter_table("archive_package", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_package_sha256"), ["sha256"], unique=False)

    op.create_table(
        "attendance_claim",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attendance_claim_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["online_session.id"], name=op.f("fk_attendance_claim_session_id")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_attendance_claim")),
    )
    op.create_table(
        "case_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("annex", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_by", sa.String(length=10), nullable=False),
        sa.Column("typed_by", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("stored_values", sa.JSON(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=True),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("signed_by", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("service_outcome", sa.String(length=10), nullable=False),
        sa.Column("serves_id", sa.Integer(), nullable=True),
        sa.Column("review_points", sa.JSON(), nullable=True),
        sa.Column("review_words", sa.Text(), nullable=False),
        sa.CheckConstraint("made_by IN ('authority', 'producer')", name=op.f("ck_case_document_made_by")),
        sa.CheckConstraint("received_on IS NULL OR state <> 'draft'", name=op.f("ck_case_document_received")),
        sa.CheckConstraint("state = 'draft' OR settled_at IS NOT NULL", name=op.f("ck_case_document_settled")),
        sa.CheckConstraint(
            "state IN ('draft', 'issued', 'handed_in', 'returned', 'accepted')", name=op.f("ck_case_document_state")
        ),
        sa.CheckConstraint("typed_by IN ('authority', 'producer')", name=op.f("ck_case_document_typed_by")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_case_document_case_id")),
        sa.ForeignKeyConstraint(["link_id"], ["producer_link.id"], name=op.f("fk_case_document_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_case_document_person_id")),
        sa.ForeignKeyConstraint(["serves_id"], ["case_document.id"], name=op.f("fk_case_document_serves_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_document")),
    )
    with op.batch_alter_table("case_document", schema=None) as batch_op:
        batch_op.create_index(
            "uq_case_document_draft",
            ["case_id", "annex", "typed_by"],
            unique=True,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )
        batch_op.create_index(
            "uq_case_document_revision",
            ["case_id", "annex", "revision"],
            unique=True,
            sqlite_where=sa.text("state <> 'draft'"),
            postgresql_where=sa.text("state <> 'draft'"),
        )

    op.create_table(
        "consultation_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("likelihood", sa.Integer(), nullable=True),
        sa.Column("defect_finding", sa.String(length=10), nullable=True),
        sa.Column("recommend_investigation", sa.String(length=10), nullable=True),
        sa.Column("continued_monitoring", sa.String(length=10), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.Column("signer_name", sa.String(length=40), nullable=True),
        sa.Column("signed_from", sa.String(length=64), nullable=True),
        sa.Column("signed_with", sa.String(length=40), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("scan_sha256", sa.String(length=64), nullable=True),
        sa.Column("scan_size", sa.Integer(), nullable=True),
        sa.Column("scan_filename", sa.String(length=200), nullable=True),
        sa.Column("scan_type", sa.String(length=40), nullable=True),
        sa.Column("canonical", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(signed_with = 'paper_scan') = (scan_sha256 IS NOT NULL) OR signed_with IS NULL",
            name=op.f("ck_consultation_sheet_scan_of_paper"),
        ),
        sa.CheckConstraint(
            "continued_monitoring IN ('yes', 'no')", name=op.f("ck_consultation_sheet_continued_monitoring")
        ),
        sa.CheckConstraint(
            "defect_finding IN ('yes', 'no', 'uncertain')", name=op.f("ck_consultation_sheet_defect_finding")
        ),
        sa.CheckConstraint(
            "recommend_investigation IN ('yes', 'no')", name=op.f("ck_consultation_sheet_recommend_investigation")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR (signed_at IS NOT NULL AND digest IS NOT NULL AND defect_finding IS NOT NULL AND recommend_investigation IS NOT NULL AND continued_monitoring IS NOT NULL)",
            name=op.f("ck_consultation_sheet_signed_is_complete"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'signed', 'withdrawn', 'void')", name=op.f("ck_consultation_sheet_state")
        ),
        sa.CheckConstraint("likelihood BETWEEN 1 AND 8", name=op.f("ck_consultation_sheet_likelihood")),
        sa.CheckConstraint(
            "scan_sha256 IS NULL OR recorded_by_id IS NOT NULL", name=op.f("ck_consultation_sheet_scan_was_recorded")
        ),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name=op.f("ck_consultation_sheet_severity")),
        sa.ForeignKeyConstraint(["member_id"], ["panel_member.id"], name=op.f("fk_consultation_sheet_member_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_consultation_sheet_recorded_by_id")),
        sa.ForeignKeyConstraint(["round_id"], ["voting_round.id"], name=op.f("fk_consultation_sheet_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_sheet")),
        sa.UniqueConstraint(
            "round_id", "member_id", "revision", name=op.f("uq_consultation_sheet_round_id_member_id_revision")
        ),
    )
    with op.batch_alter_table("consultation_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_sheet_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_sheet_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_sheet_round_id"), ["round_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultation_sheet_scan_sha256"), ["scan_sha256"], unique=False)
        batch_op.create_index(
            "uq_consultation_sheet_live",
            ["round_id", "member_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'signed')"),
            postgresql_where=sa.text("state IN ('draft', 'signed')"),
        )

    op.create_table(
        "expert_fee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("sent_back_reason", sa.String(length=200), nullable=False),
        sa.Column("gross_fen", sa.Integer(), nullable=True),
        sa.Column("tax_fen", sa.Integer(), nullable=True),
        sa.Column("withholding", sa.String(length=40), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("voucher", sa.String(length=120), nullable=False),
        sa.Column("paid_by_id", sa.Integer(), nullable=True),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(state = 'due') = (approved_at IS NULL) AND (approved_at IS NULL) = (approved_by_id IS NULL) AND (approved_at IS NULL) = (gross_fen IS NULL) AND (approved_at IS NULL) = (tax_fen IS NULL) AND (approved_at IS NULL) = (withholding IS NULL)",
            name=op.f("ck_expert_fee_fixed_when_approved"),
        ),
        sa.CheckConstraint(
            "(state = 'paid') = (paid_at IS NOT NULL) AND (paid_at IS NULL) = (paid_on IS NULL) AND (paid_at IS NULL) = (paid_by_id IS NULL) AND (paid_at IS NULL OR voucher <> '')",
            name=op.f("ck_expert_fee_voucher_when_paid"),
        ),
        sa.CheckConstraint("state IN ('due', 'approved', 'paid')", name=op.f("ck_expert_fee_state")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> entered_by_id", name=op.f("ck_expert_fee_two_people")
        ),
        sa.CheckConstraint(
            "gross_fen > 0 AND tax_fen >= 0 AND tax_fen < gross_fen", name=op.f("ck_expert_fee_amounts")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_expert_fee_approved_by_id")),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_expert_fee_consultation_id")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_expert_fee_entered_by_id")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_expert_fee_expert_id")),
        sa.ForeignKeyConstraint(["member_id"], ["panel_member.id"], name=op.f("fk_expert_fee_member_id")),
        sa.ForeignKeyConstraint(["paid_by_id"], ["person.id"], name=op.f("fk_expert_fee_paid_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_fee")),
        sa.UniqueConstraint("consultation_id", "expert_id", name=op.f("uq_expert_fee_consultation_id_expert_id")),
    )
    with op.batch_alter_table("expert_fee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_fee_expert_id"), ["expert_id"], unique=False)

    op.create_table(
        "material_opening",
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["material_id"], ["material.id"], name=op.f("fk_material_opening_material_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_material_opening_person_id")),
        sa.PrimaryKeyConstraint("material_id", "person_id", name=op.f("pk_material_opening")),
    )
    op.create_table(
        "minutes_copy",
        sa.Column("minutes_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=True),
        sa.Column("received_by_id", sa.Integer(), nullable=True),
        sa.Column("received_by_name", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_minutes_copy_institution_id")),
        sa.ForeignKeyConstraint(["minutes_id"], ["meeting_minutes.id"], name=op.f("fk_minutes_copy_minutes_id")),
        sa.ForeignKeyConstraint(["received_by_id"], ["person.id"], name=op.f("fk_minutes_copy_received_by_id")),
        sa.PrimaryKeyConstraint("minutes_id", "institution_id", name=op.f("pk_minutes_copy")),
    )
    op.create_table(
        "preliminary_analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("prevalence", sa.Text(), nullable=False),
        sa.Column("first_view", sa.JSON(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handed_in_at", Instant(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.CheckConstraint("handed_in_at IS NULL OR hazard <> ''", name=op.f("ck_preliminary_analysis_hazard")),
        sa.ForeignKeyConstraint(["member_id"], ["panel_member.id"], name=op.f("fk_preliminary_analysis_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preliminary_analysis")),
        sa.UniqueConstraint("member_id", name=op.f("uq_preliminary_analysis_member_id")),
    )
    op.create_table(
        "producer_sending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["producer_link.id"], name=op.f("fk_producer_sending_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_producer_sending")),
    )
    with op.batch_alter_table("producer_sending", schema=None) as batch_op:
        batch_op.create_index("ix_producer_sending_address", ["address", "sent_at"], unique=False)
        batch_op.create_index("ix_producer_sending_link", ["link_id", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_producer_sending_sent_at"), ["sent_at"], unique=False)

    op.create_table(
        "reminder_sent",
        sa.Column("obligation_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_reminder_sent_obligation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_sent_person_id")),
        sa.PrimaryKeyConstraint("obligation_id", "step", "person_id", "due_at", name=op.f("pk_reminder_sent")),
    )
    op.create_table(
        "session_participant",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("named_at", Instant(), nullable=False),
        sa.Column("has_attended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_session_participant_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_participant_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["online_session.id"], name=op.f("fk_session_participant_session_id")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_session_participant")),
    )
    op.create_table(
        "speaking_turn",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("has_attended", sa.Boolean(), nullable=False),
        sa.Column("began_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("spoken_at", Instant(), nullable=True),
        sa.Column("danger_widespread", sa.String(length=10), nullable=True),
        sa.Column("harm_and_extent", sa.Text(), nullable=False),
        sa.Column("advises_investigation", sa.String(length=10), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("notes_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "advises_investigation IN ('yes', 'no', 'uncertain')", name=op.f("ck_speaking_turn_advises_investigation")
        ),
        sa.CheckConstraint(
            "danger_widespread IN ('yes', 'no', 'uncertain')", name=op.f("ck_speaking_turn_danger_widespread")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["panel_member.id"], name=op.f("fk_speaking_turn_member_id")),
        sa.ForeignKeyConstraint(["session_id"], ["online_session.id"], name=op.f("fk_speaking_turn_session_id")),
        sa.PrimaryKeyConstraint("session_id", "member_id", name=op.f("pk_speaking_turn")),
        sa.UniqueConstraint("session_id", "position", name=op.f("uq_speaking_turn_session_id_position")),
    )
    op.create_table(
        "time_poll_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_time_poll_link_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["time_poll.id"], name=op.f("fk_time_poll_link_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_poll_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_time_poll_link_token_digest")),
    )
    with op.batch_alter_table("time_poll_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_poll_link_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_time_poll_link_poll_id"), ["poll_id"], unique=False)

    op.create_table(
        "time_poll_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_time_poll_slot_order")),
        sa.ForeignKeyConstraint(["poll_id"], ["time_poll.id"], name=op.f("fk_time_poll_slot_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_poll_slot")),
        sa.UniqueConstraint("poll_id", "starts_at", name=op.f("uq_time_poll_slot_poll_id_starts_at")),
    )
    op.create_table(
        "watch_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_watch_entry_person_id")),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_watch_entry_watch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_entry")),
    )
    with op.batch_alter_table("watch_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_watch_entry_watch_id"), ["watch_id"], unique=False)

    op.create_table(
        "archive_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("checked_at", Instant(), nullable=False),
        sa.Column("is_sound", sa.Boolean(), nullable=False),
        sa.Column("damage", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["archive_package.id"], name=op.f("fk_archive_check_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_check")),
    )
    with op.batch_alter_table("archive_check", schema=None) as batch_op:
        batch_op.create_index("ix_archive_check_latest", ["package_id", "id"], unique=False)

    op.create_table(
        "case_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("size > 0", name=op.f("ck_case_file_size")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_case_file_case_id")),
        sa.ForeignKeyConstraint(["document_id"], ["case_document.id"], name=op.f("fk_case_file_document_id")),
        sa.ForeignKeyConstraint(["link_id"], ["producer_link.id"], name=op.f("fk_case_file_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_case_file_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_file_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_sha256"), ["sha256"], unique=False)

    op.create_table(
        "fee_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fee_id", sa.Integer(), nullable=False),
        sa.Column("work", sa.String(length=24), nullable=False),
        sa.Column("title_class", sa.String(length=10), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("rate_fen", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "rate_fen IS NULL OR rate_fen = amount_fen OR reason <> ''", name=op.f("ck_fee_item_reason")
        ),
        sa.CheckConstraint("title_class IN ('eminent', 'senior', 'other')", name=op.f("ck_fee_item_title_class")),
        sa.CheckConstraint("work IN ('preliminary_analysis', 'session', 'other')", name=op.f("ck_fee_item_work")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fee_item_amount")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_fee_item_entered_by_id")),
        sa.ForeignKeyConstraint(["fee_id"], ["expert_fee.id"], name=op.f("fk_fee_item_fee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_item")),
        sa.UniqueConstraint("fee_id", "work", name=op.f("uq_fee_item_fee_id_work")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("channel_institution_id", sa.Integer(), nullable=True),
        sa.Column("recipient_name", sa.String(length=40), nullable=False),
        sa.Column("recipient_address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("obligation_id", sa.Integer(), nullable=True),
        sa.Column("about_at", Instant(), nullable=True),
        sa.Column("link_label", sa.String(length=40), nullable=False),
        sa.Column("link_path", sa.String(length=200), nullable=False),
        sa.Column("account_link_id", sa.Integer(), nullable=True),
        sa.Column("poll_link_id", sa.Integer(), nullable=True),
        sa.Column("producer_link_id", sa.Integer(), nullable=True),
        sa.Column("recall_case_id", sa.Integer(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'uncertain', 'bounced', 'collected', 'digested', 'withdrawn', 'muted')",
            name=op.f("ck_outbox_message_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_link_id"], ["account_link.id"], name=op.f("fk_outbox_message_account_link_id")
        ),
        sa.ForeignKeyConstraint(
            ["channel_institution_id"], ["institution.id"], name=op.f("fk_outbox_message_channel_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_outbox_message_consultation_id")
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["outbox_message.id"], name=op.f("fk_outbox_message_digest_id")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_outbox_message_obligation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outbox_message_person_id")),
        sa.ForeignKeyConstraint(["poll_link_id"], ["time_poll_link.id"], name=op.f("fk_outbox_message_poll_link_id")),
        sa.ForeignKeyConstraint(
            ["producer_link_id"], ["producer_link.id"], name=op.f("fk_outbox_message_producer_link_id")
        ),
        sa.ForeignKeyConstraint(["recall_case_id"], ["recall_case.id"], name=op.f("fk_outbox_message_recall_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_bounced",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("state = 'bounced'"),
            postgresql_where=sa.text("state = 'bounced'"),
        )
        batch_op.create_index(
            "ix_outbox_message_channel",
            ["channel_institution_id", "id"],
            unique=False,
            sqlite_where=sa.text("channel_institution_id IS NOT NULL"),
            postgresql_where=sa.text("channel_institution_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_message_collected",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("state = 'collected'"),
            postgresql_where=sa.text("state = 'collected'"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_message_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_due",
            ["next_try_at"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index("ix_outbox_message_person", ["person_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_message_recall_case_id"), ["recall_case_id"], unique=False)

    op.create_table(
        "recall_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_recall_progress_quantity")),
        sa.ForeignKeyConstraint(["case_id"], ["recall_case.id"], name=op.f("fk_recall_progress_case_id")),
        sa.ForeignKeyConstraint(["document_id"], ["case_document.id"], name=op.f("fk_recall_progress_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_progress")),
    )
    with op.batch_alter_table("recall_progress", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_progress_case_id"), ["case_id"], unique=False)

    op.create_table(
        "time_poll_answer",
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=10), nullable=False),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.CheckConstraint("mark IN ('yes', 'if_need_be', 'no')", name=op.f("ck_time_poll_answer_mark")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_time_poll_answer_person_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["time_poll_slot.id"], name=op.f("fk_time_poll_answer_slot_id")),
        sa.PrimaryKeyConstraint("slot_id", "person_id", name=op.f("pk_time_poll_answer")),
    )
    with op.batch_alter_table("time_poll_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_poll_answer_person_id"), ["person_id"], unique=False)

    op.create_table(
        "watch_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_watch_file_size")),
        sa.ForeignKeyConstraint(["entry_id"], ["watch_entry.id"], name=op.f("fk_watch_file_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_file")),
    )
    with op.batch_alter_table("watch_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_watch_file_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_watch_file_sha256"), ["sha256"], unique=False)

    # An event never changes, nor what is kept by law: plain SQL is refused as well.
    dialect = op.get_bind().dialect.name
    for statement in (*REFUSAL_STATEMENTS[dialect], *KEEPING_STATEMENTS[dialect]):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the first schema is not taken away: restore a backup instead")
