"""The page in a real browser: live updates, modals in place, what a person's hands would do."""
