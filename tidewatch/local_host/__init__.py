"""Runs the app in a folder as Azure Functions would: loaded by name, on the caller's adapters."""

from tidewatch.local_host.app import load
from tidewatch.local_host.host import Host
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.settings import HostError, HostSettings

__all__ = ["Host", "HostError", "HostSettings", "Registration", "load"]
