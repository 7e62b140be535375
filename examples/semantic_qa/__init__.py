"""Semantic question answering over a folder of text, as one function under `xcs.jit`.

Run it with `python -m examples.semantic_qa`; `qa.py` holds the function, `__main__.py` the command.
"""
