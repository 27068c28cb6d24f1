"""What a run has to be told: typed, with limits and defaults, by command or in a modal."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from tidewatch.domain.condition import measured
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import Part
from tidewatch.domain.people import Refused

LONGEST = 300  # characters of a text
TRUTH = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
Answer = bool | int | float | str


class Input(Part):
    """One thing a run has to be told."""

    type: Literal["text", "number", "integer", "boolean", "choice"] = Field(description="What may be answered")
    title: str = Field("", description="The question as the modal asks it; empty: the input's name")
    default: Answer | None = Field(None, description="What counts when nothing is answered; without it somebody must")
    default_from: str = Field(
        "", description="Where in the finding the default stands, such as evidence.scale.factor; before `default`"
    )
    choices: list[str] = Field([], description="Of a choice: what may be chosen")
    least: float | None = Field(None, description="Of a number: the lowest allowed")
    most: float | None = Field(None, description="Of a number: the highest allowed")
    pattern: str = Field("", description="Of a text: the regular expression the whole of it must match")

    def read(self, answer: Answer) -> Answer:
        """The answer in its type. Raises ValueError with a sentence."""
        match self.type:
            case "boolean":
                if (truth := TRUTH.get(str(answer).strip().lower())) is None:
                    raise ValueError(f"must be yes or no, not '{answer}'")
                return truth
            case "choice":
                if str(answer) not in self.choices:
                    raise ValueError(f"must be one of {', '.join(self.choices)}, not '{answer}'")
                return str(answer)
            case "text":
                return self._text(str(answer))
            case _:
                return self._number(answer)

    def offered(self, finding: Finding) -> Answer | None:
        """What counts for this finding when nothing is answered; None when somebody must answer."""
        found = measured(finding, self.default_from) if self.default_from else None
        return found if isinstance(found, bool | int | float | str) else self.default

    def _text(self, answer: str) -> str:
        if len(answer) > LONGEST:
            raise ValueError(f"has {len(answer)} characters; {LONGEST} are allowed")
        if not answer.isprintable():
            raise ValueError("must be one line of readable text")
        if self.pattern and not re.fullmatch(self.pattern, answer):
            raise ValueError(f"must match {self.pattern}, and '{answer}' does not")
        return answer

    def _number(self, answer: Answer) -> int | float:
        try:
            number = float(str(answer).replace(",", "."))
        except ValueError:
            number = math.nan
        if isinstance(answer, bool) or not math.isfinite(number):
            raise ValueError(f"must be a number, not '{answer}'")
        if self.type == "integer" and not number.is_integer():
            raise ValueError(f"must be a whole number, not {answer}")
        if self.least is not None and number < self.least:
            raise ValueError(f"must be at least {self.least:g}, not {number:g}")
        if self.most is not None and number > self.most:
            raise ValueError(f"must be at most {self.most:g}, not {number:g}")
        return int(number) if self.type == "integer" else number


class WrongAnswers(Refused):
    """What is wrong with the answers, by input."""

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{name} {mistake}" for name, mistake in mistakes.items()) + ".")


def answered(inputs: Mapping[str, Input], given: Mapping[str, Answer], finding: Finding) -> dict[str, Any]:
    """Every input with its answer or default. Raises WrongAnswers with all mistakes."""
    known = f"; known here: {', '.join(inputs)}" if inputs else "; this runbook asks for nothing"
    mistakes = {name: f"is no input of this runbook{known}" for name in given if name not in inputs}
    answers: dict[str, Any] = {}
    for name, asked in inputs.items():
        answer = given.get(name)
        if answer is None or answer == "":
            answer = asked.offered(finding)
        if answer is None:
            mistakes[name] = f"is needed: write {name}=… ({asked.title or asked.type})"
            continue
        try:
            answers[name] = asked.read(answer)
        except ValueError as error:
            mistakes[name] = str(error)
    if mistakes:
        raise WrongAnswers(mistakes)
    return answers
