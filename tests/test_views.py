"""What notebooks show, and spans for OpenTelemetry. Row R31."""

from __future__ import annotations

import asyncio

import jax.numpy as jnp
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import xcs


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


def test_functions_stages_and_statistics_have_views() -> None:
    jitted = xcs.jit(lambda q: [ask(q), ask(q + "2")])
    assert "no_data" in jitted._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
    jitted("q")
    stats = xcs.get_jit_stats(jitted)
    assert "<td style='text-align:left'>parallel</td>" in stats._repr_html_()
    assert stats._repr_html_() in jitted._repr_html_() or "xcs.jit of" in jitted._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
    traced = jitted.trace("q")
    assert "orch.call @ask" in traced._repr_html_()
    assert "<pre>" in traced.lower()._repr_html_()
    assert "<pre>" in xcs.jit(jnp.sin).trace(jnp.ones(2)).lower()._repr_html_()


def test_errors_have_views() -> None:
    @xcs.op
    def fails(q: str) -> str:
        raise ValueError("<b>")

    with pytest.raises(ValueError, match="<b>") as caught:
        xcs.jit(lambda q: fails(q))("hello")
    shown = caught.value._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
    assert "&lt;b&gt;" in shown
    assert "hello" in shown
    assert "test_views.py" in shown


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter


def test_spans_keep_their_context_both_ways(spans: InMemorySpanExporter) -> None:
    @xcs.op
    def searched(q: str) -> str:
        with trace.get_tracer("mine").start_as_current_span("inside"):
            return q

    jitted = xcs.jit(lambda q: [searched(q), searched(q + "2")])
    with trace.get_tracer("mine").start_as_current_span("outside"):
        jitted("q")
    made = spans.get_finished_spans()
    by_id = {s.context.span_id: s for s in made if s.context is not None}

    def parents(name: str) -> list[list[str]]:
        found = []
        for span in made:
            if span.name == name:
                chain = []
                while span.parent is not None:
                    span = by_id[span.parent.span_id]
                    chain.append(span.name)
                found.append(chain)
        return found

    run = f"xcs {jitted.__qualname__}"
    assert parents("inside") == [["searched", run, "outside"]] * 2


def test_awaited_calls_have_spans(spans: InMemorySpanExporter) -> None:
    @xcs.op
    async def answer(q: str) -> str:
        await asyncio.sleep(0)
        return q

    @xcs.jit
    async def program() -> list[str]:
        return await asyncio.gather(answer("a"), answer("b"))

    assert asyncio.run(program()) == ["a", "b"]
    names = [span.name for span in spans.get_finished_spans()]
    assert names.count("answer") == 2
