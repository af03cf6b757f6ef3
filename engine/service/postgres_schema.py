"""The tables of the nodes' common queue, in a schema of their own, brought to the present version step by step.

`lease` and `ends` are moments of the server's clock, so that the nodes' clocks need not agree. `claim` is a fencing
token: it grows whenever a job is taken up, and a step counts only with the number that its node was given.
"""

from __future__ import annotations

from engine.errors import ServiceError
from engine.service.postgres_link import Session

LOCK = 0x5AE_4AD
"""Advisory lock of what one node at a time may do: change tables, register."""

MIGRATIONS = (
    """
    CREATE TABLE saerad.node (
        id uuid PRIMARY KEY, name text NOT NULL, pack text NOT NULL, started timestamptz NOT NULL,
        seen timestamptz NOT NULL, ends timestamptz NOT NULL, analysed bigint NOT NULL DEFAULT 0,
        ended bigint NOT NULL DEFAULT 0
    );
    CREATE TABLE saerad.image (uid text PRIMARY KEY, content bytea NOT NULL);
    ALTER TABLE saerad.image ALTER COLUMN content SET STORAGE EXTERNAL;
    CREATE TABLE saerad.job (
        id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, uid text NOT NULL, pack text NOT NULL,
        state text NOT NULL CHECK (state IN ('received', 'analysed', 'done', 'refused', 'failed')),
        code text NOT NULL DEFAULT '', tries integer NOT NULL DEFAULT 0, due timestamptz NOT NULL DEFAULT '-infinity',
        received timestamptz NOT NULL DEFAULT clock_timestamp(), holder uuid, claim bigint NOT NULL DEFAULT 0,
        lease timestamptz, UNIQUE (uid, pack)
    );
    CREATE INDEX job_open ON saerad.job (state, id) WHERE state IN ('received', 'analysed');
    CREATE INDEX job_state ON saerad.job (state);
    CREATE TABLE saerad.result (
        uid text PRIMARY KEY, job bigint NOT NULL REFERENCES saerad.job, study text NOT NULL, series text NOT NULL,
        file text NOT NULL, content bytea, attempted boolean NOT NULL DEFAULT false, sent boolean NOT NULL DEFAULT false
    );
    ALTER TABLE saerad.result ALTER COLUMN content SET STORAGE EXTERNAL;
    CREATE INDEX result_job ON saerad.result (job);
    """,
)
"""Each brings the tables one version further, and is never changed once released. DICOM is stored uncompressed."""


def migrate(session: Session) -> None:
    """Make or change the tables, within the transaction of `session`; the lock is held until its end.

    Raises
    ------
    ServiceError
        ``QUEUE_NEWER``.
    """
    session.run("SELECT pg_advisory_xact_lock(:lock)", lock=LOCK)
    # Nodes need no right to make schemas where somebody has made the tables.
    if not session.run("SELECT 1 FROM pg_namespace WHERE nspname = 'saerad'"):
        session.run("CREATE SCHEMA saerad")
    if not session.run("SELECT 1 FROM pg_tables WHERE schemaname = 'saerad' AND tablename = 'version'"):
        session.run("CREATE TABLE saerad.version (number integer NOT NULL)")
        session.run("INSERT INTO saerad.version VALUES (0)")
    ((found,),) = session.run("SELECT number FROM saerad.version")
    if found > len(MIGRATIONS):
        raise ServiceError(
            "QUEUE_NEWER", f"a newer version of this program has made the queue (version {found})", "update this node"
        )
    for number, script in enumerate(MIGRATIONS[found:], found + 1):
        session.run(script)
        session.run("UPDATE saerad.version SET number = :number", number=number)
