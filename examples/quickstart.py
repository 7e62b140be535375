"""Three model calls and a map, as plain Python and with xcs: `python -m examples.quickstart`.

`ask` stands for a language model that takes half a second; any slow callable would do.
"""

import time

import xcs


@xcs.op(kind="model", retries=2, timeout=30, max_concurrency=8)
def ask(prompt: str) -> str:
    time.sleep(0.5)
    return f"<{prompt}>"


@xcs.jit
def report(topic: str, cities: list[str]) -> str:
    history = ask(f"The history of {topic}, in a sentence")
    visits = [ask(f"The best {topic} in {city}") for city in cities]
    return ask(f"Join: {history} {' '.join(visits)}")


if __name__ == "__main__":
    arguments = ("bridges", ["Prague", "Venice", "Porto", "Budapest"])
    for name, function in (("plain Python", report.__wrapped__), ("xcs.jit", report)):
        start = time.perf_counter()
        text = function(*arguments)
        print(f"{name:<12} {time.perf_counter() - start:.2f} s  {text}")
    print(f"strategy     {xcs.get_jit_stats(report)['execution_strategy']}")
