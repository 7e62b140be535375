"""Runnable examples of xcs; start with `quickstart.py`."""
