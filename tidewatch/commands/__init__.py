"""What the command line does, away from how its options are spelled."""
