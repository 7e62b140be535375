"""Analyses that passes share. They read IR and change none."""
