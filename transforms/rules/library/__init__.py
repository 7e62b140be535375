"""The rules of xcs, a file for each subject; each file has one list, ``RULES``."""
