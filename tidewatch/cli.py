"""`tidewatch …`: look at everything, decide nothing."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tidewatch.commands.log import log
from tidewatch.commands.oncall import oncall
from tidewatch.commands.options import DEFAULT_HOME, As, Home, fail, show
from tidewatch.commands.runbook import runbooks

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="On-call for machine-learning models.",
)
incidents = typer.Typer(no_args_is_help=True, help="What is open and what was.")
app.add_typer(incidents, name="incidents")
app.add_typer(log, name="log")
alarms = typer.Typer(no_args_is_help=True, help="How often a model will alarm.")
app.add_typer(alarms, name="alarms")
specs = typer.Typer(no_args_is_help=True, help="Model specs: propose, check and describe them.")
app.add_typer(specs, name="spec")
app.add_typer(oncall, name="oncall")
app.add_typer(runbooks, name="runbook")


def main() -> None:
    app()


@app.command()
def up(
    home: Home = DEFAULT_HOME,
    port: Annotated[int, typer.Option(help="The first port to try.")] = 8321,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show every invocation.")] = False,
) -> None:
    """Run function_app.py on this machine: timers, blobs, queues, HTTP, and a console when there is no Slack."""
    from tidewatch.commands.serving import run_up  # noqa: PLC0415 - web server

    run_up(home, port, verbose, fail)


@app.command()
def demo(
    home: Home = DEFAULT_HOME,
    headless: Annotated[bool, typer.Option(help="No browser, no waiting, a scripted team.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what happened here.")] = None,
    port: Annotated[int, typer.Option(help="The first port to try.")] = 8321,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    speed: Annotated[float, typer.Option(help="0.5, 1, 2 or 4; 1 tells the story in about three minutes.")] = 1.0,
    fault_column: Annotated[str, typer.Option(help="The column that arrives in another unit.")] = "distance",
    fault_factor: Annotated[float, typer.Option(help="What it is multiplied by.")] = 1.609,
    fault_date: Annotated[str, typer.Option(help="The first of two days.")] = "2013-05-14",
    without_fault: Annotated[bool, typer.Option("--without-fault", help="Inject nothing.")] = False,
) -> None:
    """Watch a real model go wrong and people put it right, on flights out of New York in 2013."""
    from tidewatch.commands.serving import run_demo  # noqa: PLC0415 - web server, pandas

    fault = None if without_fault else (fault_column, fault_factor, fault_date)
    run_demo(home, headless, json_file, port, open_page, speed, fault, fail)


@incidents.command("list")
def list_incidents(
    home: Home = DEFAULT_HOME, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Every incident, the open ones first."""
    from tidewatch.commands.looking import incident_rows, incident_table  # noqa: PLC0415

    show(json.dumps(incident_rows(home), indent=1)) if as_json else incident_table(home)


@incidents.command("show")
def show_incident(
    incident: Annotated[str, typer.Argument(help="INC-1001")],
    home: Home = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """One incident with everything that happened."""
    from tidewatch.commands.looking import UnknownIncident, incident_story, incident_whole  # noqa: PLC0415

    try:
        show(json.dumps(incident_whole(home, incident), indent=1) if as_json else incident_story(home, incident))
    except (UnknownIncident, ValueError) as error:
        fail(str(error))


@app.command()
def timeline(
    incident: Annotated[str, typer.Argument(help="INC-1001")],
    form: Annotated[Literal["md", "json", "html"], typer.Option("--format", help="The page has the picture.")] = "md",
    out: Annotated[Path | None, typer.Option(help="Write here instead of showing it.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Write up one incident: what broke, how bad, who did what and when, what is still open."""
    from tidewatch.commands.writing_up import CannotWriteUp, written_up  # noqa: PLC0415

    try:
        text = written_up(home, incident, form, out)
    except CannotWriteUp as error:
        fail(str(error))
    if out is None:
        sys.stdout.write(text)


@app.command()
def ml(
    words: Annotated[str, typer.Argument(help="What one types behind /ml: 'ack INC-1001', 'help'.")],
    user: As = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Type a command of the bot as somebody; only in a home that `tidewatch demo` made."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy
    from tidewatch.commands.deciding import decide_as  # noqa: PLC0415

    try:
        show(decide_as(home, user, words))
    except InputRefused as error:
        fail(str(error))


@app.command()
def report(
    model: Annotated[str, typer.Argument(help="team/name")],
    seen: Annotated[str, typer.Argument(help="What was seen.")],
    user: As = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Report what no check found; only in a home that `tidewatch demo` made. In Slack: /ml report."""
    ml(f"report {model} {seen}", user, home)


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="A user id, or a name in the roster.")], home: Home = DEFAULT_HOME
) -> None:
    """Erase all that a person wrote; the log says that it happened and still verifies."""
    from tidewatch.commands.erasing import CannotErase, erase_person  # noqa: PLC0415

    try:
        show(erase_person(home, person))
    except CannotErase as error:
        fail(str(error))


@specs.command("lint")
def lint_specs(files: Annotated[list[Path], typer.Argument(help="One spec or more.")]) -> None:
    """Tell every mistake with its line. Exit status 0: none (warnings at most), 1: mistakes, 2: unreadable file."""
    from tidewatch.commands.specifying import lint  # noqa: PLC0415 - pydantic

    said, unreadable, status = lint(files)
    sys.stdout.writelines(f"{sentence}\n" for sentence in said)
    sys.stderr.writelines(f"tidewatch: {sentence}\n" for sentence in unreadable)
    raise typer.Exit(status)


@specs.command("init")
def init_spec(
    data: Annotated[Path, typer.Argument(help="Data as the model gets it: parquet or CSV; with labels if you can.")],
    out: Annotated[Path, typer.Option(help="Where to write the spec.")],
    model: Annotated[str, typer.Option(help="team/name")] = "",
    task: Annotated[str, typer.Option(help="binary, multiclass or regression; guessed without it.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Propose a spec from data: types, roles, allowed values; what is yours to say is marked FILL IN."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy, pyarrow
    from tidewatch.commands.specifying import propose_spec  # noqa: PLC0415

    try:
        show(propose_spec(data, out, model, task, force))
    except InputRefused as error:
        fail(str(error))


@specs.command("schema")
def spec_schema() -> None:
    """Print the JSON Schema, for editors."""
    from tidewatch.domain.spec.schema import schema_text  # noqa: PLC0415 - pydantic

    sys.stdout.write(schema_text())


@app.command()
def baseline(
    spec: Annotated[Path, typer.Option(help="The model spec.")],
    data: Annotated[Path, typer.Option(help="Reference data: parquet, CSV or JSON Lines.")],
    out: Annotated[Path, typer.Option(help="Where to write the baseline.")],
) -> None:
    """Learn from reference data what is usual."""
    from tidewatch.commands.checking import InputRefused, write_baseline  # noqa: PLC0415 - numpy, pyarrow

    try:
        show(write_baseline(spec, data, out))
    except InputRefused as error:
        fail(str(error))


@app.command()
def profile(
    files: Annotated[list[Path], typer.Argument(help="Data, or profiles of its parts: they are added up.")],
    spec: Annotated[Path, typer.Option(help="The model spec.")],
    baseline: Annotated[Path, typer.Option(help="What `tidewatch baseline` wrote, or reference data.")],
    out: Annotated[Path | None, typer.Option(help="Write the profile here instead of showing it.")] = None,
) -> None:
    """Count the columns of a data set; large ones part by part, on as many machines as there are."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy, pyarrow
    from tidewatch.commands.profiling import profile_files, tell, write_profile  # noqa: PLC0415

    try:
        rules, whole = profile_files(spec, baseline, files)
        show(write_profile(whole, out)) if out else tell(rules, whole)
    except InputRefused as error:
        fail(str(error))


@alarms.command("simulate")
def simulate_alarms(
    spec: Annotated[Path, typer.Option(help="The model spec.")],
    baseline: Annotated[Path, typer.Option(help="What `tidewatch baseline` wrote, or reference data.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """False alarms to expect, and the smallest drift that will be seen, before the model goes live."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy, pyarrow
    from tidewatch.commands.simulating import as_record, simulation, tell  # noqa: PLC0415

    try:
        rules, result = simulation(spec, baseline)
    except InputRefused as error:
        fail(str(error))
    show(json.dumps(as_record(result), indent=1)) if as_json else tell(rules, result)


@app.command()
def handover(
    spec: Annotated[Path, typer.Option(help="The model spec; its folder holds the scoring and training scripts.")],
    data: Annotated[Path, typer.Option(help="Reference data with labels and left-out scores, parquet.")],
    model: Annotated[Path, typer.Option(help="The folder of the first version.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Put a model under watch: learn its baseline, register its first version."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy, pyarrow
    from tidewatch.commands.handing_over import hand_over_files  # noqa: PLC0415

    try:
        show(hand_over_files(home, spec, data, model))
    except InputRefused as error:
        fail(str(error))


@app.command()
def check(
    spec: Annotated[Path, typer.Option(help="The model spec.")],
    baseline: Annotated[Path, typer.Option(help="What `tidewatch baseline` wrote, or reference data.")],
    batch: Annotated[Path, typer.Option(help="The batch: parquet, CSV, JSON Lines, or a profile of it.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check one batch. Exit status 0: clean, 1: findings, 2: bad input."""
    from tidewatch.commands.checking import InputRefused, check_batch  # noqa: PLC0415 - numpy, pyarrow

    try:
        result: dict[str, Any] = check_batch(spec, baseline, batch)
    except InputRefused as error:
        fail(str(error))
    found = result["findings"]
    show(json.dumps(result, indent=1) if as_json else "\n".join(f["sentence"] for f in found) or "Nothing unusual.")
    raise typer.Exit(1 if found else 0)


@app.command()
def diagnose(
    what: Annotated[str, typer.Argument(help="A batch (with --spec and --baseline), or an incident: INC-1001.")],
    spec: Annotated[Path | None, typer.Option(help="The model spec.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="What `tidewatch baseline` wrote, or reference data.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What is the cause? The likeliest first, with the evidence and the runbook that is for it."""
    from tidewatch.commands.checking import InputRefused  # noqa: PLC0415 - numpy, pyarrow
    from tidewatch.commands.diagnosing import as_record, as_text, causes_in_file, causes_of_incident  # noqa: PLC0415

    if (spec is None) != (baseline is None):
        fail("a batch is diagnosed with both --spec and --baseline; an incident with neither")
    try:
        causes = causes_in_file(spec, baseline, Path(what)) if spec and baseline else causes_of_incident(home, what)
    except InputRefused as error:
        fail(str(error))
    show(json.dumps(as_record(causes), indent=1) if as_json else as_text(causes))


if __name__ == "__main__":
    main()
