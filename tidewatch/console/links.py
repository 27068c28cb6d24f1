"""Who may open the page: a link that works once, then a cookie."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Session:
    """One browser. What it is told once and asked now lives as long as the process."""

    key: str
    notice: str = ""  # a sentence shown at the next look
    asking: Mapping[str, Any] | None = None  # a confirmation that waits for a yes
    changes: int = 0
    seen: dict[tuple[str, str], str] = field(default_factory=dict)  # (person, channel): newest ts looked at

    @property
    def csrf(self) -> str:
        return hmac.new(self.key.encode(), b"csrf", hashlib.sha256).hexdigest()

    def is_csrf(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), given.encode())

    def notify(self, sentence: str) -> None:
        self.notice = sentence
        self.changes += 1

    def ask(self, question: Mapping[str, Any] | None) -> None:
        self.asking = question
        self.changes += 1


class Links:
    def __init__(self, first_token: str) -> None:
        self._lock = threading.Lock()
        self._tokens = {first_token} - {""}
        self._sessions: dict[str, Session] = {}

    def new_token(self) -> str:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens.add(token)
        return token

    def exchange(self, token: str) -> Session | None:
        """A session for a token that was not used before."""
        with self._lock:
            spent = next((known for known in self._tokens if hmac.compare_digest(known.encode(), token.encode())), None)
            if spent is None:
                return None
            self._tokens.remove(spent)
            session = Session(secrets.token_urlsafe(32))
            self._sessions[session.key] = session
            return session

    def session(self, key: str) -> Session | None:
        with self._lock:
            return self._sessions.get(key)
