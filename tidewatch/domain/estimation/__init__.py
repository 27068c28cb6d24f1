"""Performance before labels are in: CBPE for classes, direct loss estimation for numbers."""
