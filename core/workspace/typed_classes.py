"""Zero-shot classes of a comparison's images among names that the user types: asking for them,
reading them, and whether a class's separation predicts its error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from core.analysis.explain.typed_names import parse_names
from core.contracts.framings import framing_of, views_of
from core.contracts.requests import ClassesRequest
from core.contracts.typed_classes import TypedAccuracyRow, TypedNameRow
from core.contracts.words import Domain, View
from core.encoders import registry
from core.errors import InputError
from core.store import typed_classes
from core.store.results import Comparison
from core.workspace.context import Context
from core.workspace.datasets import Datasets
from core.workspace.job_queue import Jobs

AUTO = "auto"


@dataclass(frozen=True)
class DomainAccuracy:
    """How often the zero-shot class of a domain's images is their label, over the labels that are
    typed names: ``correct`` of ``n``, with the 95 % Wilson interval of the share.
    """

    domain: Domain
    n: int
    correct: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class SeparationAndError:
    """Whether classes that are more separate on the map are more often wrong in a domain:
    Spearman's ``rho`` over ``n`` classes and its ``p``; None where there are fewer than four, or
    all are alike.
    """

    domain: Domain
    n: int
    rho: float | None
    p: float | None


@dataclass(frozen=True)
class ZeroShot:
    """The newest typed classes of a comparison. ``names``: as typed, with what they matched;
    ``accuracy``: a row for each version and name; ``images``: dataset_id, path, content_id, label,
    class, confidence.
    """

    names: tuple[TypedNameRow, ...]
    accuracy: tuple[TypedAccuracyRow, ...]
    images: pa.Table

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Typed names that match nothing, so that no image can get them."""
        return tuple(name.name for name in self.names if name.unmatched)

    def of(self, version_id: int) -> list[TypedAccuracyRow]:
        """One version's rows, in the names' order."""
        return [row for row in self.accuracy if row.version_id == version_id]

    def by_domain(self, version_id: int) -> list[DomainAccuracy]:
        """How often the class is the label among the real and among one version's images, over the
        labels that are typed names and match something; a domain without such labels is left out.
        """
        from core.analysis.coverage.confidence import wilson  # loads SciPy: only where it is needed

        made = []
        for domain in (Domain.REAL, Domain.SYNTHETIC):
            counts = [_labelled(row, domain) for row in self._matched(version_id)]
            n, correct = sum(n for n, _ in counts), sum(right for _, right in counts)
            if n:
                made.append(DomainAccuracy(domain, n, correct, correct / n, *wilson(correct, n)))
        return made

    def separation_and_error(self, version_id: int) -> list[SeparationAndError]:
        """Whether a class's separation goes with its error, in each domain that has labels; names
        that match nothing are left out.
        """
        from core.analysis.explain.typed_classes import rank_correlation  # loads SciPy

        made = []
        for domain in (Domain.REAL, Domain.SYNTHETIC):
            pairs = [
                (row.separation, 1 - correct / n)
                for row in self._matched(version_id)
                for n, correct in (_labelled(row, domain),)
                if n and row.separation is not None
            ]
            if pairs:
                found = rank_correlation([one for one, _ in pairs], [error for _, error in pairs])
                made.append(SeparationAndError(domain, found.n, found.rho, found.p))
        return made

    def _matched(self, version_id: int) -> list[TypedAccuracyRow]:
        return [row for row in self.of(version_id) if row.name not in self.unmatched]


class TypedClasses:
    """The typed classes of one workspace. A comparison keeps those of its newest list of names."""

    def __init__(self, context: Context, jobs: Jobs, datasets: Datasets) -> None:
        self._context = context
        self._db = context.db
        self._jobs = jobs
        self._datasets = datasets

    def known_names(self) -> list[str]:
        """Class labels known anywhere in the workspace: the names that are offered at first."""
        return typed_classes.known_names(self._db)

    def encoders(self, comparison: Comparison) -> list[str]:
        """Encoders that can give classes without embedding anything: those whose vectors of every
        image are stored and whose weights are here. CLIP first, then the comparison's own.
        """
        settings, views = self._context.settings, _views(comparison)
        own = comparison.record.encoder
        usable = [
            one
            for one in typed_classes.encoders(self._db)
            if (registry.knows_words(one) or registry.has_head(one))
            and registry.info(one, settings).ready
            and typed_classes.embedded(self._db, comparison.id, one, views)
        ]
        return sorted(usable, key=lambda one: (not registry.knows_words(one), one != own))

    def submit(
        self, comparison: Comparison, names: Sequence[str] | None = None, *, encoder: str = AUTO
    ) -> str:
        """Start giving every image the likeliest of these names; the job's id.

        ``names``: a class each, ``horse`` or ``horse = sorrel, zebra`` (None: the labels known
        anywhere in the workspace). ``encoder`` ``auto``: the first of :meth:`encoders`. Another
        that has not seen the images embeds them first. Raises :class:`InputError` for fewer than
        two names and for an encoder without classes, :class:`EncoderNotReady` where weights are
        absent.
        """
        self._context.check_writable()
        lines = tuple(self.known_names() if names is None else names)
        parse_names(lines)  # a bad list is said now, not in a job
        settings, views = self._context.settings, _views(comparison)
        if encoder == AUTO:
            usable = self.encoders(comparison)
            if not usable:
                raise InputError(
                    "No encoder that knows classes has seen these images",
                    "Choose one: lite0, a timm:… encoder with an ImageNet head, or a clip:… "
                    "encoder.",
                )
            encoder = usable[0]
        encoder = registry.resolve(encoder, settings)
        if not (registry.knows_words(encoder) or registry.has_head(encoder)):
            raise InputError(
                f"The encoder {encoder} knows neither words nor classes",
                "Choose lite0, a timm:… encoder with an ImageNet head, or a clip:… encoder.",
            )
        registry.require_ready(encoder, settings)
        after = []
        if not typed_classes.embedded(self._db, comparison.id, encoder, views):
            datasets = [comparison.real, *comparison.versions]
            after = [self._datasets.submit_embed(datasets, encoder, views=views)]
        request = ClassesRequest(comparison.id, lines, encoder, views, self._context.weights)
        title = f"Find {len(lines)} classes in {comparison.record.name}"
        return self._jobs.submit(request, title, after)

    def names(self, comparison: Comparison) -> list[TypedNameRow]:
        """The names typed for a comparison; empty where none were."""
        return typed_classes.names(self._db, comparison.id)

    def stamp(self, comparison: Comparison) -> str:
        """What tells the newest typed classes of a comparison from earlier ones; empty where there
        are none.
        """
        names = self.names(comparison)
        if not names:
            return ""
        told = repr([(one.name, one.words, one.encoder) for one in names])
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def by_content(self, comparison: Comparison) -> pa.Table:
        """content_id, class, confidence: a row a content."""
        return typed_classes.by_content(self._db, comparison.id)

    def read(self, comparison: Comparison) -> ZeroShot:
        """The newest typed classes of a comparison; without names where there are none."""
        return ZeroShot(
            tuple(self.names(comparison)),
            tuple(typed_classes.accuracy(self._db, comparison.id)),
            typed_classes.classes(self._db, comparison.id),
        )


def _labelled(row: TypedAccuracyRow, domain: Domain) -> tuple[int, int]:
    if domain == Domain.REAL:
        return row.labelled_real, row.correct_real
    return row.labelled_synthetic, row.correct_synthetic


def _views(comparison: Comparison) -> tuple[View, ...]:
    return views_of(framing_of(comparison.record.parameters), simplified=False)
