"""Pure functions of profiles, records and spec that return findings."""
