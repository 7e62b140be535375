"""Pictures of programs. Row R31."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jax.numpy as jnp
import pytest

import xcs
from xcs.api.draw import draw
from xcs.api.graph import Edge, Graph, Node
from xcs.api.stages import CaptureError


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


@xcs.op(effects="ordered")
def save(answer: str) -> None:
    """Puts an answer somewhere."""


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]


def test_calls_loops_and_kernels_are_in_the_picture_with_their_lines(tmp_path: Path) -> None:
    def program(q: str, x: Any) -> Any:
        answers = [ask(q + str(i)) for i in range(3)]
        save(answers[0])
        return jnp.sin(x) * 2

    drawing = xcs.jit(program).draw("q", jnp.ones(3))
    shown = texts(drawing.svg)
    line = program.__code__.co_firstlineno
    assert program.__qualname__ in shown
    assert {"ask", "save", f"test_draw.py:{line + 1}", f"loop test_draw.py:{line + 1}"} <= {*shown}
    assert drawing._repr_svg_() == drawing.svg
    drawing.save(tmp_path / "program.svg")
    assert (tmp_path / "program.svg").read_text() == drawing.svg


def test_nodes_of_a_block_do_not_overlap() -> None:
    nodes = [Node("call", f"call {i}", "a.py:1") for i in range(100)]
    edges = [Edge(nodes[i // 2], nodes[i]) for i in range(1, 100)]
    edges += [Edge(nodes[0], nodes[99])]
    svg = draw([Graph("main", nodes, edges)]).svg
    found = re.findall(
        r'translate\(([\d.]+),([\d.]+)\)"><rect width="([\d.]+)" height="([\d.]+)"', svg
    )
    boxes = [tuple(map(float, box)) for box in found]
    assert len(boxes) == 100
    for i, (x, y, w, h) in enumerate(boxes):
        for other_x, other_y, other_w, other_h in boxes[:i]:
            apart = x + w <= other_x or other_x + other_w <= x
            assert apart or y + h <= other_y or other_y + other_h <= y


def test_shortcuts_are_left_out() -> None:
    def program(q: str) -> str:
        first = ask(q)
        second = ask(first)
        return ask(first + second)

    assert xcs.jit(program).draw("q").svg.count("marker-end") == 2


def test_what_is_not_a_program_has_no_picture() -> None:
    with pytest.raises(CaptureError, match="array code alone"):
        xcs.jit(lambda x: jnp.sin(x)).draw(jnp.ones(3))
    with pytest.raises(CaptureError, match="plain Python"):
        xcs.jit(lambda q: q + "?").draw("q")


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "fast_sugiyama":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(xcs.XCSError, match=r"xcs-mlir\[draw\]"):
        xcs.jit(lambda q: ask(ask(q))).draw("q")
