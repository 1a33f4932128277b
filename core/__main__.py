"""The command line: ``python -m core`` does what the pages do.

Exit status: 0 done; 1 a ``--fail-if`` rule held, or is about a version that cannot be judged; 2 bad
input; 3 a fault (a damaged workspace, a full disk, an error of Gapscope's own). Whenever it is not
0, one line on stderr says what is wrong and what to do. Progress goes to stderr; results go to
stdout and to the files that the options name.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core.console import (
    out,
    print_comparison,
    print_encoder_trial,
    print_marks,
    print_scan,
    print_study,
)
from core.contracts.catalog import Dataset
from core.contracts.compare_spec import CompareParameters
from core.contracts.encoder_trial import SAMPLE
from core.contracts.specs import parameters
from core.contracts.study import MIXTURES, OBJECTIVES
from core.contracts.words import Domain, Framing, Mark
from core.errors import GapscopeError, InputError
from core.settings import settings

if TYPE_CHECKING:
    from core.workspace import Workspace

DONE, RULE_HELD, BAD_INPUT, FAULT, INTERRUPTED = 0, 1, 2, 3, 130
TRACE = "GAPSCOPE_TRACE"
# typer brings its click along or has its own, by release; either way this is its usage error.
USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Gapscope: what in the real world do our rendered images not cover?",
)

Labels = Annotated[
    str | None,
    typer.Option(
        help="Where class, bias and other labels come from: a path pattern such as "
        "'{class}/{weather}/*', or a CSV / Parquet table with path, class and any other columns."
    ),
]
FRAMING_HELP = next(one.help for one in parameters(CompareParameters) if one.name == "framing")
Db = Annotated[
    Path | None,
    typer.Option(help="The workspace's DuckDB file (default: the one in GAPSCOPE_HOME)."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the results as JSON.")]


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write the sample project's folders.")],
) -> None:
    """Write the sample project: drawn scenes with a known answer."""
    from core.jobs.sample.project import write_sample

    made = write_sample(folder)
    out.print(f"real       {made.real}  (drawn stand-ins for photographs)")
    for version, path in made.versions.items():
        lacking = ", ".join(made.missing[version]) or "nothing"
        out.print(f"{version:<10} {path}   (lacks: {lacking})")
    out.print(f"labels     {made.labels}")


@app.command()
def scan(
    folder: Annotated[Path, typer.Argument(help="A folder of images.")],
    labels: Labels = None,
    json_file: Json = None,
) -> None:
    """What is in a folder: counts, sizes, broken files, groups."""
    from core.contracts.work import ScanSpec
    from core.jobs.folder import JobFolder
    from core.jobs.scan.task import read_rows, run

    with tempfile.TemporaryDirectory() as scratch:  # a scan on its own needs no workspace
        job = JobFolder.create(scratch, ScanSpec(str(_visible(folder)), labels))
        run(job)
        summary, rows = job.read_json("summary.json"), read_rows(job)
    broken = [
        {"path": row["path"], "reason": row["reason"]}
        for row in rows.select(["path", "reason", "status"]).to_pylist()
        if row["status"] != "ok"
    ]
    print_scan(summary)
    for entry in broken[:20]:
        out.print(f"unreadable   {entry['path']}: {entry['reason']}", markup=False)
    if len(broken) > 20:
        out.print(f"             and {len(broken) - 20} more")
    _write_json(json_file, {**summary, "broken": broken})


@app.command()
def encoders(
    real: Annotated[
        Path | None, typer.Option(help="A folder of real images, to try the encoders on.")
    ] = None,
    synthetic: Annotated[
        Path | None, typer.Option(help="A renderer version's folder, to try the encoders on.")
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(help="An encoder to try. Repeat it; without it all that are ready."),
    ] = None,
    sample: Annotated[
        int, typer.Option(help="Images to try them on, half of each folder.")
    ] = SAMPLE,
    labels: Labels = None,
    db: Db = None,
    json_file: Json = None,
) -> None:
    """Which encoders there are, which are ready, how to get the others. With --real and
    --synthetic: which of the ready ones sees gaps best in these images.
    """
    if (real is None) != (synthetic is None):
        raise InputError(
            "To try encoders, both sides are needed", "Give --real DIR and --synthetic DIR."
        )
    if real is not None and synthetic is not None:
        from core.workspace import Workspace

        with Workspace(db) as ws:
            real_set = ws.add_dataset(_visible(real), domain="real", labels=labels)
            version = ws.add_dataset(_visible(synthetic), domain="synthetic", labels=labels)
            rows = ws.compare_encoders(real_set, version, encoder or None, sample)
            chosen = ws.resolve_encoder("auto", real_set, [version])
            result = ws.exports.encoder_trial_json(rows, chosen)
        print_encoder_trial(rows, chosen)
        _write_json(json_file, result)
        return
    _list_encoders(json_file)


def _list_encoders(json_file: Path | None) -> None:
    from core.encoders import registry

    auto = registry.resolve("auto", settings())
    for info in registry.list_encoders(settings()):
        state = "ready" if info.ready else "not here"
        size = f", {info.size_mb:,.0f} MB" if info.size_mb else ""
        name = f"[bold]{info.id}[/]{' (auto)' if info.id == auto else ''}"
        out.print(f"{name}  {state}{size}. {info.title}", highlight=False)
        if not info.ready:
            out.print(f"    {info.how}", highlight=False, style="dim")
    known = [vars(info) for info in registry.list_encoders(settings())]
    _write_json(json_file, {"auto": auto, "encoders": known})


@app.command()
def compare(
    real: Annotated[Path, typer.Option(help="The folder of real images.")],
    synthetic: Annotated[
        list[str],
        typer.Option(
            help="NAME=DIR: a renderer version and its folder. Repeat it, oldest first.",
        ),
    ],
    encoder: Annotated[
        str, typer.Option(help="An encoder's id, or auto. See `python -m core encoders`.")
    ] = "auto",
    framing: Annotated[
        Framing,
        typer.Option(help=FRAMING_HELP),
    ] = Framing.CENTRE,
    seed: Annotated[int, typer.Option(help="Same inputs and seed, same result.")] = 0,
    labels: Labels = None,
    db: Db = None,
    json_file: Json = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the absent images as CSV.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report.")] = None,
    brief: Annotated[
        Path | None, typer.Option(help="Write the render brief: .md, .html or .json.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write the gate's result as JUnit XML.")
    ] = None,
    fail_if: Annotated[
        str | None,
        typer.Option(
            help='A rule such as "absent_rate > 0.10 or regressed > 20": exit 1 if it holds, or '
            "if it is about the list and the version cannot be judged."
        ),
    ] = None,
    allow_unjudged: Annotated[
        bool,
        typer.Option("--allow-unjudged", help="Let a version pass the rule that cannot be judged."),
    ] = False,
    allow_download: Annotated[
        bool,
        typer.Option(
            "--allow-download", help="Let the encoder's weights be fetched from their hub."
        ),
    ] = False,
) -> None:
    """Compare a folder of real images with renderer versions; list the real images they do not
    cover.
    """
    from core.reports.gate import parse_rule
    from core.reports.gate_numbers import gate_numbers
    from core.reports.junit import junit_xml
    from core.workspace import Workspace

    versions = _versions(synthetic)
    rule = parse_rule(fail_if) if fail_if is not None else None
    if rule is not None:
        rule.check_versions(len(versions))
    with Workspace(db) as ws:
        real_set = ws.add_dataset(_visible(real), domain="real", labels=labels)
        sets = [
            ws.add_dataset(_visible(folder), domain="synthetic", version=name, labels=labels)
            for name, folder in versions.items()
        ]
        comparison = ws.compare(
            real_set,
            sets,
            encoder=encoder,
            seed=seed,
            allow_download=allow_download,
            framing=framing,
        )
        result = ws.exports.as_json(comparison)
        print_comparison(result)
        _write_json(json_file, result)
        if csv_file:
            _write_text(csv_file, ws.exports.absent_csv(comparison))
        if report:
            _write_text(report, ws.exports.report_html(comparison))
        if brief:
            forms = {".md": ws.exports.brief_markdown, ".json": ws.exports.brief_json}
            write = forms.get(brief.suffix.lower(), ws.exports.brief_html)
            _write_text(brief, write(comparison))
    numbers = gate_numbers(result)
    outcome = rule.check(numbers, allow_unjudged=allow_unjudged) if rule is not None else None
    if outcome is not None and not outcome.failed:
        out.print(outcome.sentence, markup=False)
    if junit:
        _write_text(junit, junit_xml(numbers, outcome))
    if outcome is not None and outcome.failed:
        _say(outcome.sentence)
        raise typer.Exit(RULE_HELD)


@app.command()
def finetune(
    real: Annotated[Path, typer.Option(help="The folder of real images (biased).")],
    synthetic: Annotated[Path, typer.Option(help="The folder of synthetic images (balanced).")],
    labels: Labels = None,
    real_labels: Annotated[
        str | None, typer.Option(help="Labels of the real images, where they differ.")
    ] = None,
    synthetic_labels: Annotated[
        str | None, typer.Option(help="Labels of the synthetic images, where they differ.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Version name of the synthetic folder (default: its name).")
    ] = None,
    mixtures: Annotated[str, typer.Option(help=f"Of {', '.join(MIXTURES)}.")] = "none,usb,asb,ffr",
    objectives: Annotated[
        str, typer.Option(help=f"Of {', '.join(OBJECTIVES)}.")
    ] = "erm,groupdro,resampling,dfr",
    trainable: Annotated[
        str, typer.Option(help="head (seconds), stage (minutes) or all (a GPU's work).")
    ] = "head",
    backbone: Annotated[str, typer.Option(help="An encoder's id, or auto.")] = "auto",
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 3,
    db: Db = None,
    json_file: Json = None,
) -> None:
    """Does the synthetic data help a model? The quick From-Fake-to-Real test."""
    from core.workspace import Workspace

    real_spec, synthetic_spec = real_labels or labels, synthetic_labels or labels
    if not real_spec:
        raise InputError(
            "The test needs labels", "Give --labels, or --real-labels and --synthetic-labels."
        )
    with Workspace(db) as ws:
        real_set = ws.add_dataset(_visible(real), domain="real", labels=real_spec)
        synthetic_set = ws.add_dataset(
            _visible(synthetic), domain="synthetic", version=version, labels=synthetic_spec
        )
        study = ws.finetune(
            real_set,
            synthetic_set,
            mixtures=_words(mixtures),
            objectives=_words(objectives),
            trainable=trainable,
            backbone=backbone,
            seeds=list(range(seeds)),
        )
        result = study.as_dict()
        print_study(result)
        _write_json(json_file, result)


@app.command()
def marks(
    db: Db = None,
    json_file: Json = None,
    import_file: Annotated[
        Path | None,
        typer.Option(
            "--import",
            help="A CSV file with the columns path and mark: set these on real images first. "
            f"A mark is {', '.join(repr(str(mark)) for mark in Mark)}, or nothing to take it back.",
        ),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option(help="The folder of the real images, where the workspace has several."),
    ] = None,
) -> None:
    """What engineers said of groups and images: list it, or read it from a CSV file."""
    from core.workspace import Workspace

    with Workspace(db, read_only=import_file is None) as ws:
        if import_file is not None:
            count = ws.marks.read_csv(_real_set(ws, real), import_file)
            out.print(f"{count} images read from {import_file}", markup=False, highlight=False)
        entries = ws.marks.entries()
    print_marks(entries)
    _write_json(json_file, {"marks": [asdict(entry) for entry in entries]})


def main() -> int:
    """Run the command line; the exit status."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as core.jobs.worker says
    try:
        # Without standalone mode a command's Exit comes back as the answer, and wrong usage as an
        # exception.
        status = app(standalone_mode=False)
    except GapscopeError as error:
        _say(f"gapscope: {error}")
        return error.exit_status
    except USAGE_ERROR as error:
        _say(f"gapscope: {_wrong_usage(error)}")
        return BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        _say("gapscope: stopped; finished parts are kept, run it again to go on.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a script reads the status: a fault must never look like 1
        if os.environ.get(TRACE):
            traceback.print_exc()
        what = " ".join(str(error).split())
        _say(
            f"gapscope: a fault in Gapscope or its libraries: {type(error).__name__}: {what}. "
            f"Finished parts are kept; set {TRACE}=1 to see where it happened."
        )
        return FAULT
    return status if isinstance(status, int) else DONE


# --- what is printed ------------------------------------------------------------------------------


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _wrong_usage(error: Any) -> str:
    """What is wrong with the command, in one line."""
    command = error.ctx.info_name if error.ctx and error.ctx.parent else ""
    help_command = " ".join(part for part in ("python -m core", command, "--help") if part)
    if len(sys.argv) < 2:
        return f"Say what to do: see `{help_command}`."
    message = " ".join(error.format_message().split())
    return f"{message}{'' if message.endswith('.') else '.'} See `{help_command}`."


# --- what is read and written ---------------------------------------------------------------------


def _versions(pairs: list[str]) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for pair in pairs:
        name, mark, folder = (part.strip() for part in pair.partition("="))
        if not mark or not name or not folder:
            raise InputError(
                f"--synthetic wants NAME=DIR, not {pair!r}",
                "For example --synthetic 1.0=renders/1.0",
            )
        if name in folders:
            raise InputError(
                f"The version name {name!r} is used twice", "Give every version its own name."
            )
        folders[name] = Path(folder)
    return folders


def _visible(folder: Path) -> Path:
    """A folder named on the command line: who types it may read it, so the roots do not apply."""
    return folder.expanduser().resolve()


def _real_set(ws: Workspace, folder: Path | None) -> Dataset:
    """The real dataset of a folder, or the only one."""
    sets = ws.datasets.list(Domain.REAL)
    if folder is not None:
        sets = [one for one in sets if one.folder == str(_visible(folder))]
    if len(sets) != 1:
        there = "no such dataset" if folder is not None else f"{len(sets)} real datasets"
        raise InputError(
            f"The workspace has {there}", "Name the folder of one with --real, or add it first."
        )
    return sets[0]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _write_text(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", "Choose another file."
        ) from error
    Console(stderr=True).print(f"wrote {path}", markup=False, highlight=False)


def _write_json(path: Path | None, value: Mapping[str, Any]) -> None:
    if path is not None:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, default=str)
        _write_text(path, text)


if __name__ == "__main__":
    sys.exit(main())
