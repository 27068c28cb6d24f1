"""Which pagers the settings choose, and that their secrets stay secret."""

from pathlib import Path

import pytest

from tidewatch.compose import compose
from tidewatch.settings import Settings

SET = {
    "PAGERDUTY_KEYS__ACME_L1": "hush-1", "PAGERDUTY_KEYS__DEFAULT": "hush-2", "PAGERDUTY_SIGNING_SECRET": "hush-3",
    "PAGE_WEBHOOK_URL": "https://hook.example/hush-4", "PAGE_WEBHOOK_SECRET": "hush-5", "SMTP_HOST": "mail.example",
    "SMTP_PASSWORD": "hush-6", "HEARTBEAT_URL": "https://beat.example/hush-7",
}  # fmt: skip


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TIDEWATCH_HOME", str(tmp_path))
    for name, value in SET.items():
        monkeypatch.setenv(f"TIDEWATCH_{name}", value)
    return monkeypatch


def test_every_pager_that_is_set_is_used_and_no_secret_can_be_read_off(chosen: pytest.MonkeyPatch) -> None:
    settings = Settings()
    ports = compose(settings)
    assert [pager.name for pager in ports.pagers] == ["PagerDuty", "webhook", "mail"]
    assert ports.heartbeat is not None
    assert "hush" not in f"{settings!r} {settings} {ports!r}"


def test_without_settings_there_is_no_pager(tmp_path: Path) -> None:
    ports = compose(Settings(home=tmp_path))
    assert (list(ports.pagers), ports.heartbeat) == ([], None)


def test_a_webhook_that_nothing_signs_is_refused(chosen: pytest.MonkeyPatch) -> None:
    chosen.delenv("TIDEWATCH_PAGE_WEBHOOK_SECRET")
    with pytest.raises(ValueError, match="set TIDEWATCH_PAGE_WEBHOOK_SECRET too"):
        compose(Settings())
