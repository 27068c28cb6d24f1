"""From profiles, rows and metrics to a ranked list of causes, each with its evidence."""
