"""The builders' maintenance instructions for one model, as they hand them over in YAML.

`spec.text.parse_spec` reads them; what these classes cannot say about one field alone is in `spec.column_rules` and
`spec.rules`. The descriptions are what editors show and what `tidewatch spec schema` prints.
"""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from tidewatch.domain.part import TIERS as TIERS
from tidewatch.domain.part import Duration as Duration
from tidewatch.domain.part import Part as Part
from tidewatch.domain.part import SpecError as SpecError
from tidewatch.domain.part import Tier as Tier
from tidewatch.domain.part import duration as duration
from tidewatch.domain.response import Response as Response

Importance = Literal["low", "medium", "high"]
Role = Literal["feature", "prediction", "score", "label", "id", "timestamp", "segment", "window", "attribution"]
MetricName = Literal[
    "calibration_gap", "log_loss", "brier", "accuracy", "precision", "recall", "f1", "roc_auc",
    "mae", "rmse", "r2", "business_cost",
]  # fmt: skip


class Column(Part):
    """One column of the model's batches or labels."""

    type: Literal["number", "text", "boolean", "time"] = Field(
        description="Booleans are the numbers 0 and 1, times are seconds since 1970"
    )
    role: Role = Field("feature", description="What the column is to the model")
    unit: str = Field("", description="As people write it: miles, °F, %")
    description: str = Field("", description="What it is, in a few words; alerts use them")
    source: str = Field("", description="The feed it comes from; columns of one feed are suspected together")
    importance: Importance = Field("medium", description="How much the model depends on it; decides the severity")
    sensitive: bool = Field(False, description="Its values never leave for the chat")
    range: tuple[float | None, float | None] | None = Field(
        None, description="Lowest and highest allowed value, both included; null where there is no limit"
    )
    categories: list[str] = Field([], description="Allowed values of a text column; empty: those of the reference data")
    max_nulls: float | None = Field(
        None, ge=0, le=1, description="Allowed share of nulls; without it, what left-out windows show"
    )
    attribution_of: str = Field("", description="Of an attribution: the feature it explains")
    faulty_as: Literal["null", "usual"] = Field(
        "null",
        description="What a faulty value becomes before scoring again: null, which the model knows; usual, its median",
    )
    restored_by: list[str] = Field(
        [], description="Columns that tell its value: a lost one is looked up by them in the last good windows"
    )


class Drift(Part):
    """When a column's distribution has changed."""

    compare_with: Literal["trailing", "training"] = Field(
        "trailing", description="The accepted windows before, or the reference data of training"
    )
    windows: int = Field(28, ge=2, description="How many accepted windows the comparison looks back on")
    floor: float = Field(0.1, ge=0, le=1, description="A smaller distance is never worth an alarm")
    alarm_after: int = Field(2, ge=1, description="So many strange windows …")
    out_of: int = Field(3, ge=1, description="… among the last so many raise an alarm")
    binning: Literal["quantiles", "doane"] = Field(
        "quantiles", description="Bins of PSI, Jensen-Shannon and Hellinger; doane as NannyML bins"
    )


class Alarms(Part):
    """How many false alarms the builders accept."""

    budget: float = Field(1.0, gt=0, description="False alarms a model and month")


class Metric(Part):
    """A key metric and when it is bad."""

    name: MetricName = Field(description="Which metric")
    windows: int = Field(7, ge=1, description="How many windows one judgement spans")
    deviations: float = Field(4.0, gt=0, description="How far beyond the variation of left-out windows is bad")
    limit: float | None = Field(
        None, description="A limit of your own instead: a floor for what should be high, else a ceiling"
    )


class Costs(Part):
    """What each outcome of a decision is worth, in `currency` a row; costs are positive, gains negative."""

    true_positive: float = Field(0.0, description="A row rightly decided to be positive")
    false_positive: float = Field(0.0, description="A row wrongly decided to be positive")
    true_negative: float = Field(0.0, description="A row rightly decided to be negative")
    false_negative: float = Field(0.0, description="A row wrongly decided to be negative")
    currency: str = Field("", description="As people write it: EUR, minutes")


class Confidence(Part):
    """Rows whose most likely answer has less than `threshold` probability are unsure."""

    threshold: float = Field(0.75, gt=0, lt=1, description="Below this probability a row is unsure")
    max_share: float | None = Field(
        None, ge=0, le=1, description="Allowed share of unsure rows; without it, what left-out windows show"
    )


class Schedules(Part):
    """Each is the longest time between two, and the grace after which one is late."""

    batches_every: Duration | None = Field(None, description="Without it, batches are never late")
    batches_grace: Duration = Field(timedelta(hours=6), description="How much later a batch may come")
    retraining_every: Duration | None = Field(None, description="Without it, the calendar asks for no retraining")


class Staleness(Part):
    """How old each may become, by the newest window or version there is."""

    model: Duration | None = Field(None, description="The version in service")
    data: Duration | None = Field(None, description="The newest batch")
    labels: Duration | None = Field(None, description="The newest window with labels")


class Telemetry(Part):
    """Limits of what the scoring endpoint reports, over one file of telemetry."""

    latency_p95_ms: float | None = Field(None, gt=0, description="95 % of requests are answered within, milliseconds")
    requests_per_minute: float | None = Field(None, ge=0, description="At least so many")
    error_rate: float | None = Field(None, ge=0, le=1, description="At most this share of requests fails")
    cpu: float | None = Field(None, gt=0, le=1, description="Share in use, at most")
    memory: float | None = Field(None, gt=0, le=1, description="Share in use, at most")
    gpu: float | None = Field(None, gt=0, le=1, description="Share in use, at most")


class Question(Part):
    """A known question: what is sent, and what a sound model answers."""

    send: dict[str, Any] = Field(description="The JSON body")
    expect: Any = Field(None, description="The answer; a number within `tolerance`")
    tolerance: float = Field(0.0, ge=0, description="How far from `expect` a number may be")
    min_confidence: float | None = Field(None, ge=0, le=1, description="The answer's confidence, at least")


class Probe(Part):
    """A scoring endpoint that is asked known questions on a schedule."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Small letters, digits and hyphens")
    url: str = Field(description="Where questions are posted: http or https")
    every: Duration = Field(timedelta(minutes=15), description="How often it is asked")
    timeout: Duration = Field(timedelta(seconds=5), description="No answer by then is a failure")
    max_latency_ms: float | None = Field(None, gt=0, description="A later answer is slow, milliseconds")
    answer: str = Field("prediction", description="Where the prediction stands in the JSON answer; dots go deeper")
    confidence: str = Field("confidence", description="Where its confidence stands")
    secret: str = Field("", description="Name of the setting that holds the bearer token, never the token")
    questions: list[Question] = Field(min_length=1, description="What is asked")


class Multivariate(Part):
    """Drift of all columns together."""

    methods: list[Literal["pca", "classifier"]] = Field(
        [], description="PCA reconstruction error, domain classifier; empty: neither"
    )
    deviations: float = Field(4.0, gt=0, description="How far beyond the variation of left-out windows is strange")
    sample: int = Field(20_000, ge=100, description="Rows read of each side")


class Estimation(Part):
    """Performance without labels: CBPE for classifiers, DLE for regressors."""

    metrics: list[MetricName] = Field([], description="Which metrics; empty: none is estimated")
    windows: int = Field(1, ge=1, description="How many windows one judgement spans")
    deviations: float = Field(4.0, gt=0, description="How far beyond the variation of left-out windows is bad")


class Segments(Part):
    """Groups of rows that every check also looks at by themselves."""

    columns: list[str] = Field([], description="Whose values are segments, beside columns of role segment")
    min_rows: int = Field(50, ge=10, description="A smaller segment is not judged by itself")
    most: int = Field(20, ge=1, description="So many segments of a column are followed, the largest first")


class Retraining(Part):
    """How a challenger is trained and who decides about it."""

    command: list[str] = Field(min_length=1, description="Run in the spec's folder")
    timeout: Duration = Field(timedelta(minutes=30), description="A longer run is stopped")
    holdout_windows: int = Field(14, ge=2, description="The newest windows, kept back to compare on")
    approvers: list[Tier] = Field(["L2", "L3"], description="Tiers that may approve; never the person who asked")
    quorum: int = Field(1, ge=1, description="So many different people must approve; one rejection ends it")
    approval_expires: Duration = Field(timedelta(days=2), description="An undecided request expires")


class Rollout(Part):
    """How a promoted challenger takes over."""

    canary: list[float] = Field([0.05, 0.25], description="Shares of traffic, in order, before all of it")
    days: int = Field(7, ge=1, description="Whole days an A/B comparison takes at least")
    min_rows: int = Field(100, ge=1, description="Rows of each arm before anything is judged")


class Scoring(Part):
    """How the model is run on a batch."""

    command: list[str] = Field(min_length=1, description="Run in the spec's folder")
    timeout: Duration = Field(timedelta(minutes=5), description="A longer run is stopped")


class Feed(Part):
    """How a file that did not come is asked for again."""

    command: list[str] = Field(
        min_length=1, description="Run in the spec's folder with --window NAME --out FILE.parquet"
    )


class Feeds(Part):
    """Commands of the builders that produce what is missing of one window."""

    batch: Feed | None = Field(None, description="The window's rows; without the model's answers it is scored")
    labels: Feed | None = Field(None, description="The window's labels known by now: id and label")


class ModelSpec(Part):
    """The builders' maintenance instructions for one model."""

    model: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$", description="team/name")
    title: str = Field(description="What people call the model")
    task: Literal["binary", "multiclass", "regression"] = Field("binary", description="What it predicts")
    baseline: str = Field("", description="Which reference data was handed over, for people")
    threshold: float = Field(0.5, gt=0, lt=1, description="From this score on, a row is decided to be positive")
    label_delay: Duration = Field(timedelta(days=1), description="How long after a window its labels are known")
    columns: dict[str, Column] = Field(min_length=1, description="Every column of batches and labels, by its name")
    segments: Segments = Segments()
    owners: dict[Tier, list[str]] = Field(description="Whom each tier calls, in order: user ids of the chat")
    drift: Drift = Drift()
    alarms: Alarms = Alarms()
    metrics: list[Metric] = Field([], description="The key metrics")
    costs: Costs = Costs()
    confidence: Confidence | None = None
    multivariate: Multivariate = Multivariate()
    estimation: Estimation = Estimation()
    schedules: Schedules = Schedules()
    staleness: Staleness = Staleness()
    telemetry: Telemetry = Telemetry()
    probes: list[Probe] = Field([], description="Endpoints that are asked known questions")
    response: Response = Response()
    scoring: Scoring
    feeds: Feeds = Feeds()
    retraining: Retraining
    rollout: Rollout = Rollout()

    def of_role(self, role: str) -> list[str]:
        return [name for name, column in self.columns.items() if column.role == role]

    def only(self, role: str) -> str:
        """The one column of that role. Raises SpecError when there is none or more than one."""
        match self.of_role(role):
            case [name]:
                return name
            case names:
                raise SpecError([f"{self.model}: exactly one column must have the role {role}, not {len(names)}"])

    @property
    def watched(self) -> list[str]:
        """The columns whose distribution is compared."""
        return [n for n, c in self.columns.items() if c.role in ("feature", "score", "segment")]

    @property
    def segmented(self) -> list[str]:
        """The columns whose values are followed as segments."""
        return list(dict.fromkeys([*self.of_role("segment"), *self.segments.columns]))

    @property
    def delivered(self) -> list[str]:
        """The columns every batch must carry."""
        return [n for n, c in self.columns.items() if c.role != "label"]
