"""Tidewatch: on-call for machine-learning models."""
