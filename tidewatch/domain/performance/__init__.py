"""How predictions turned out: metrics, what is kept of each window, intervals and verdicts."""
