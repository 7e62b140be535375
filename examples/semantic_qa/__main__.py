"""The demo's command: `python -m examples.semantic_qa --help`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import xcs
from examples.semantic_qa import corpus, minilm
from examples.semantic_qa.answer import Answerer, ExtractiveAnswerer, configured_answerer
from examples.semantic_qa.minilm import MiniLM
from examples.semantic_qa.qa import Answer, answer_question

QUESTION = "What must I include when I redistribute the software in binary form?"
# What the file of each stage shows.
STAGES = {
    "orch": "the captured function: operators, maps, and array code still among them",
    "split": "array regions outlined into kernels, launched from the orchestration function",
    "stablehlo": "the kernels as StableHLO text, which XLA compiles",
}

T = TypeVar("T")


class Inputs(NamedTuple):
    """The arguments of `answer_question`."""

    question: str
    paths: list[str]
    model: MiniLM
    answerer: Answerer
    count: int
    limit: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question, and report how the answer was computed. Returns the exit code."""
    options = parse(arguments)
    try:
        paths = corpus.text_files(options.folder) if options.folder else corpus.installed_files()
        model = minilm.load()
        answerer = configured_answerer(os.environ, options.latency)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    inputs = Inputs(
        options.question, paths, model, answerer, options.passages, options.max_passages
    )
    print(f"Question  {options.question}")
    print(f"Searching {len(paths)} files of {options.folder or 'the installed packages'}")
    print(f"Answering {describe(answerer)}\n", flush=True)

    try:
        first, capture_seconds = timed(answer_question, *inputs)
        print(report_answer(first, options.max_passages))
        equal, times = compare(inputs, first, capture_seconds)
    except OSError as error:  # a file or the endpoint; under xcs the error is of this type too
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(times)
    print(report_strategy(xcs.get_jit_stats(answer_question)))
    folder = Path(options.dump or tempfile.mkdtemp(prefix="xcs-demo-"))
    print("\nIR at each level")
    for stage, path in dump(folder, inputs).items():
        print(f"  {path}  {STAGES[stage]}")
    # A language model may word its answers differently each time; the extractive answerer may not.
    return 0 if equal or not isinstance(answerer, ExtractiveAnswerer) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; the help names the variables that configure an endpoint."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.semantic_qa",
        description="Answer a question from a folder of text, as one function under xcs.jit.",
        epilog="A language model answers if XCS_DEMO_MODEL names one, at OPENAI_BASE_URL (any "
        "OpenAI-compatible server) with OPENAI_API_KEY; otherwise an extractive answerer, offline.",
    )
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument(
        "--folder", metavar="DIR", help="default: licences and descriptions of installed packages"
    )
    parser.add_argument(
        "--latency",
        type=seconds,
        default=0.5,
        metavar="SECONDS",
        help="simulated network time of each call of the extractive answerer (default: 0.5)",
    )
    parser.add_argument("--dump", metavar="DIR", help="where to write the IR (default: a new one)")
    parser.add_argument(
        "--passages", type=positive, default=8, metavar="N", help="answer from so many (8)"
    )
    parser.add_argument(
        "--max-passages", type=positive, default=80, metavar="N", help="search so many (80)"
    )
    return parser.parse_args(arguments)


def seconds(text: str) -> float:
    """A duration that `time.sleep` takes."""
    value = float(text)
    if not 0 <= value < 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600 seconds")
    return value


def positive(text: str) -> int:
    """A count of at least one."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def describe(answerer: Answerer) -> str:
    """Which model answers, and that its network time is simulated where it is."""
    if not isinstance(answerer, ExtractiveAnswerer):
        return f"with {answerer}"
    if not answerer.latency:
        return "with the built-in extractive answerer, offline"
    return (
        "with the built-in extractive answerer, offline; "
        f"each call waits {answerer.latency} s to SIMULATE a model's network latency"
    )


def timed(function: Callable[..., T], *inputs: Any) -> tuple[T, float]:
    """The function's result and the seconds it took."""
    start = time.perf_counter()
    result = function(*inputs)
    return result, time.perf_counter() - start


def report_answer(answer: Answer, limit: int) -> str:
    """The answer, and the file, passage and line of each source."""
    body = textwrap.fill(answer.text, 98, initial_indent="  ", subsequent_indent="  ")
    sources = (
        f"  [{number}] {corpus.display_name(source.source)}:{source.line} passage {source.number}"
        for number, source in enumerate(answer.sources, 1)
    )
    capped = " (the limit: --max-passages)" if answer.searched == limit else ""
    return "\n".join(
        ["Answer", body, f"\nSources, of {answer.searched} passages searched{capped}", *sources]
    )


def compare(inputs: Inputs, expected: Answer, capture_seconds: float) -> tuple[bool, str]:
    """Whether plain Python gives the `expected` answer, and a report of both times, both warm."""
    plain = answer_question.__wrapped__
    plain(*inputs._replace(answerer=ExtractiveAnswerer()))  # compiles what jax.jit compiles
    plain_answer, plain_seconds = timed(plain, *inputs)
    xcs_answer, xcs_seconds = timed(answer_question, *inputs)
    equal = plain_answer == xcs_answer == expected
    lines = [
        "\nTime of one call, from question to answer, reading and embedding of all files included",
        f"  plain Python  {plain_seconds:6.2f} s   the same function without @xcs.jit; "
        "compiled before, as its encoder is under jax.jit",
        f"  xcs.jit       {xcs_seconds:6.2f} s   the second call: "
        f"{plain_seconds / xcs_seconds:.2f} times as fast",
        f"  first call    {capture_seconds:6.2f} s   of xcs.jit: captures, compiles and runs",
        *report_waiting(inputs.answerer, len(expected.sources) + 1),
        f"  The three answers {'are equal' if equal else 'DIFFER'}.",
    ]
    return equal, "\n".join(lines)


def report_waiting(answerer: Answerer, calls: int) -> list[str]:
    """How much of plain Python's time is the simulated latency, if there is any."""
    if not isinstance(answerer, ExtractiveAnswerer) or not answerer.latency:
        return []
    return [
        f"  Plain Python waits {calls} x {answerer.latency} s of that for the simulated network."
    ]


def report_strategy(stats: Mapping[str, Any]) -> str:
    """How xcs ran the function, from its own statistics."""
    shown = (
        "execution_strategy",
        "tensor_operations",
        "orchestration_operations",
        "vectorizable_chains",
        "parallel_groups",
        "fallback_reason",
        "partial_optimization",
    )
    rows = (f"  {key:<25} {stats[key]}" for key in shown if stats.get(key))
    return "\n".join(["\nHow it ran (xcs.get_jit_stats)", *rows])


def dump(folder: Path, inputs: Inputs) -> dict[str, Path]:
    """Write the IR of each stage into `folder`; the path of each file by stage."""
    folder.mkdir(parents=True, exist_ok=True)
    lowered = answer_question.trace(*inputs).lower()
    paths: dict[str, Path] = {}
    for stage in STAGES:
        paths[stage] = folder / f"answer_question.{stage}.mlir"
        paths[stage].write_text(lowered.as_text(stage), encoding="utf-8")
    return paths


if __name__ == "__main__":
    sys.exit(main())
