"""The engine (selection, matching, windows) and the thin REST API over it."""
