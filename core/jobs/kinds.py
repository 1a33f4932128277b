"""Every kind of job by name: how the database becomes its folder, and its folder database rows.

The supervisor and the engines are blind to kinds; a task (``core/jobs/<kind>/task.py``) never sees
the database. Between the two stand ``prepare`` (database → folder) and ``ingest`` (folder →
database) of each kind, gathered here.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.contracts.words import JobKind
from core.jobs.classes import ingest as classes_ingest
from core.jobs.classes import prepare as classes_prepare
from core.jobs.compare import ingest as compare_ingest
from core.jobs.compare import prepare as compare_prepare
from core.jobs.embed import ingest as embed_ingest
from core.jobs.embed import prepare as embed_prepare
from core.jobs.encoders import ingest as encoders_ingest
from core.jobs.encoders import prepare as encoders_prepare
from core.jobs.finetune import ingest as finetune_ingest
from core.jobs.finetune import prepare as finetune_prepare
from core.jobs.kind import Kind
from core.jobs.query import ingest as query_ingest
from core.jobs.query import prepare as query_prepare
from core.jobs.sample import ingest as sample_ingest
from core.jobs.sample import prepare as sample_prepare
from core.jobs.scan import ingest as scan_ingest
from core.jobs.scan import prepare as scan_prepare
from core.jobs.spectrum import ingest as spectrum_ingest
from core.jobs.spectrum import prepare as spectrum_prepare

KINDS: Mapping[JobKind, Kind] = {
    JobKind.SAMPLE: Kind(sample_prepare.prepare, sample_ingest.ingest),
    JobKind.SCAN: Kind(scan_prepare.prepare, scan_ingest.ingest),
    JobKind.EMBED: Kind(embed_prepare.prepare, embed_ingest.ingest, embed_ingest.salvage),
    JobKind.COMPARE: Kind(
        compare_prepare.prepare, compare_ingest.ingest, failed=compare_ingest.failed
    ),
    JobKind.SPECTRUM: Kind(spectrum_prepare.prepare, spectrum_ingest.ingest),
    JobKind.ENCODERS: Kind(encoders_prepare.prepare, encoders_ingest.ingest),
    JobKind.QUERY: Kind(query_prepare.prepare, query_ingest.ingest),
    JobKind.CLASSES: Kind(classes_prepare.prepare, classes_ingest.ingest),
    JobKind.FINETUNE: Kind(
        finetune_prepare.prepare, finetune_ingest.ingest, failed=finetune_ingest.failed
    ),
}
