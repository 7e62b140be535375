"""Programs as people write them around language models, and what runs and compares them.

Each program is a module of ordinary synchronous Python. It declares its slow calls with `model`,
`tool` and `effect` of `tests.programs.world`, has a function `main`, and `arguments()`, which gives
fresh arguments for it. `tests.programs.harness` runs it plain and jitted.
"""
