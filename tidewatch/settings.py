"""The only reader of the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting is an environment variable TIDEWATCH_…; on Azure, an application setting of that name."""

    model_config = SettingsConfigDict(env_prefix="TIDEWATCH_", env_nested_delimiter="__", extra="ignore")

    home: Path = Path(".tidewatch")  # where state lives when there is no storage account
    storage: str = ""  # connection string or account URL of the storage account; empty: the home folder
    people: Path | None = None  # the roster; by default people.yaml in the home
    oncall: Path | None = None  # policies and rotas; by default oncall.yaml in the home
    runbooks: Path = Path(__file__).parent.parent / "runbooks"
    slack_token: str = ""
    slack_signing_secret: str = ""
    slack_app_token: str = ""  # for Socket Mode
    slack_api_url: str = "https://slack.com/api/"
    channel: str = "model-alerts"  # where alerts go: a channel id on Slack
    command: str = "/ml"
    storm_models: int = Field(5, ge=2)  # with one cause, so many are one incident
    checkpoint_key: SecretStr = SecretStr("")  # Ed25519, PEM or its path; empty: made in the home folder
    checkpoint_old_keys: str = ""  # public keys of the time before, divided by spaces
    # Bearer tokens of probes by team and name, TIDEWATCH_SECRETS__TEAM__NAME: a team's specs reach no other team's.
    secrets: dict[str, dict[str, SecretStr]] = {}
    # Beside the chat, docs/paging.md. A pager is used when its first setting is set; several at once are fine.
    pagerduty_keys: dict[str, SecretStr] = {}  # TIDEWATCH_PAGERDUTY_KEYS__TEAM_L1, __TEAM, __L1 or __DEFAULT
    pagerduty_url: str = "https://events.pagerduty.com/v2/enqueue"
    pagerduty_signing_secret: SecretStr = SecretStr("")  # of its webhook v3, which tells us who acknowledged
    page_webhook_url: SecretStr = SecretStr("")
    page_webhook_secret: SecretStr = SecretStr("")  # signs what goes out, and what comes back
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool = True
    smtp_sender: str = "tidewatch@localhost"
    public_url: str = ""  # where the functions are reached from outside, as in https://NAME.azurewebsites.net
    heartbeat_url: SecretStr = SecretStr("")  # asked for after every sweep

    @property
    def tokens(self) -> dict[str, dict[str, str]]:
        return {t: {name: token.get_secret_value() for name, token in own.items()} for t, own in self.secrets.items()}

    @property
    def roster(self) -> Path:
        return self.people or self.home / "people.yaml"

    @property
    def oncall_plan(self) -> Path:
        return self.oncall or self.home / "oncall.yaml"

    @property
    def simulated_clock(self) -> Path:
        """Exists only in a demo home; then it tells the time."""
        return self.home / "clock.json"
