"""What a person would write with asyncio to have each program's calls overlap.

Each module has a coroutine `main(program, call, ...)`: `program` is the module of the program, of
which it uses what makes no calls, and `await call(operator, ...)` makes one. The result is that of
the program's `main`, but for what only the order of printing shows.
"""
