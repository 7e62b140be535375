"""`xcs.vmap` of functions that call operators: as a loop over the elements, but all at once."""

from __future__ import annotations

import functools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from differential import freeze

import xcs
from xcs.api.vmap import VmapFunction

CALLS: Counter[str] = Counter()
LOG: list[Any] = []
X = jnp.arange(6.0).reshape(3, 2)
W = jnp.asarray([[1.0, 2.0], [3.0, 4.0]])
KEYS = jax.random.split(jax.random.key(0), 3)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    CALLS.clear()
    LOG.clear()
    yield
    CALLS.clear()


@xcs.op(kind="model")
def ask(prompt: Any) -> str:
    CALLS[str(prompt)] += 1
    return f"<{prompt}>"


@xcs.op(kind="tool")
def find(query: str) -> list[str]:
    CALLS[query] += 1
    return [query, query + "2"]


@xcs.op(kind="tool")
def embed(text: str) -> np.ndarray:
    return np.asarray([len(text), ord(text[0])], np.float32)


@xcs.op(kind="tool")
def number(text: str) -> float:
    if "!" in text:
        raise ValueError("exclamation", text)
    return float(len(text))


@xcs.op(effects="ordered")
def save(value: Any) -> int:
    LOG.append(value)
    return len(LOG)


class Agent:
    def __init__(self, name: str):
        self.name = name

    def answer(self, question: str) -> str:
        return ask(f"{self.name}: {question}")


def of_array(x: jax.Array) -> tuple[str, jax.Array]:
    return ask(float(x.sum())), x * 2


def similar(text: str, w: jax.Array) -> dict[str, Any]:
    score = (w @ jnp.asarray(embed(text))).sum()
    return {"text": ask(text), "score": score}


def of_two(x: jax.Array, text: str, w: jax.Array) -> tuple[str, jax.Array]:
    total = jnp.sin(w).sum()
    return ask(f"{text} {float(total):.3f}"), jnp.tanh(x @ w) + total


def chosen(text: str) -> str:
    return ask(text) if number(text) > 1 else "short"


def effects_in_order(text: str) -> str:
    save("before " + text)
    answer = ask(text)
    save(answer)
    return answer


def effects_in_a_branch(text: str) -> str:
    if number(text) > 1:
        save(text)
    return ask(text)


def caught(text: str) -> float:
    try:
        return number(text)
    except ValueError:
        return -1.0


def changes_what_it_found(text: str, query: str) -> list[str]:
    found = find(query)
    found.append(ask(text))
    return found


def drawn(key: jax.Array, text: str) -> tuple[str, jax.Array]:
    return ask(text), jax.random.normal(key, (2,))


TEXTS = ["a", "bb", "c"]
PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "operator": (ask, (TEXTS,), {}),
    "lambda": (lambda text: ask(text) + "!", (TEXTS,), {}),
    "jitted": (xcs.jit(lambda text: ask(text) + "!"), (TEXTS,), {}),
    "method": (Agent("bob").answer, (TEXTS,), {}),
    "partial": (functools.partial(lambda a, b: ask(a + b), "x"), (TEXTS,), {}),
    "tuple": (lambda text: ask(text), (tuple(TEXTS),), {}),
    "shared": (lambda text, c: ask(text + c), (TEXTS, "x"), {"in_axes": (0, None)}),
    "default": (lambda text, c="z": ask(text + c), (TEXTS,), {}),
    "numbers": (lambda n: (ask(n), n + 1), ([1, 2, 3],), {}),
    "numbers as arrays": (lambda n: (ask(n), jnp.sin(n)), ([1.0, 2.0],), {}),
    "records": (
        lambda r: ask(r["q"]) + str(r["k"]),
        ([{"q": "a", "k": 1}, {"q": "b", "k": 2}],),
        {},
    ),
    "record of lists": (lambda r: (ask(r["q"]), r["x"] * 2), ({"q": TEXTS, "x": X},), {}),
    "records of arrays": (
        lambda r: (ask(r["q"]), r["x"] @ W),
        ([{"q": text, "x": x} for text, x in zip(TEXTS, X, strict=True)],),
        {},
    ),
    "array": (of_array, (X,), {}),
    "array of NumPy": (lambda x: ask(x.tolist()), (np.arange(4.0).reshape(2, 2),), {"in_axes": 1}),
    "arrays after calls": (similar, (TEXTS, W), {"in_axes": (0, None)}),
    "both": (of_two, (X, TEXTS, W), {"in_axes": (0, 0, None)}),
    "keys": (drawn, (KEYS, TEXTS), {}),
    "map inside": (lambda texts: [ask(text) for text in texts], ([["a", "b"], ["c"]],), {}),
    "branch": (chosen, (TEXTS,), {}),
    "effects": (effects_in_order, (TEXTS,), {}),
    "effects in a branch": (effects_in_a_branch, (TEXTS,), {}),
    "native": (caught, (["a", "b!"],), {}),
    "result of its own": (changes_what_it_found, (TEXTS, "q"), {"in_axes": (0, None)}),
    "elements of several classes": (lambda value: ask(value), (["a", 3, None],), {}),
    "objects": (lambda agent, q: agent.answer(q), ([Agent("x"), Agent("y")], ["a", "b"]), {}),
    "object of all": (
        lambda agent, q: agent.answer(q),
        (Agent("x"), ["a", "b"]),
        {"in_axes": (None, 0)},
    ),
    "none": (lambda text: ask(text) and None, (TEXTS,), {}),
    "nothing": (lambda text: ask(text), ([],), {}),
    "nested": (
        lambda texts, c: xcs.vmap(lambda text: ask(text + c))(texts),
        ([["a", "b"], ["d"]], "c"),
        {"in_axes": (0, None)},
    ),
}


def rows(value: Any, axis: int | None, size: int) -> list[Any]:
    """The elements of an argument."""
    if axis is None:
        return [value] * size
    if isinstance(value, dict):
        columns = {key: rows(part, axis, size) for key, part in value.items()}
        return [{key: column[i] for key, column in columns.items()} for i in range(size)]
    return [value[(slice(None),) * axis + (i,)] if axis else value[i] for i in range(size)]


def looped(function: Callable[..., Any], args: tuple[Any, ...], axes: dict[str, Any]) -> list[Any]:
    """What a loop over the elements gives."""
    in_axes = axes.get("in_axes", 0)
    in_axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    mapped = next(value for value, axis in zip(args, in_axes, strict=True) if axis is not None)
    mapped = mapped["q"] if isinstance(mapped, dict) else mapped
    columns = [rows(v, axis, len(mapped)) for v, axis in zip(args, in_axes, strict=True)]
    return [function(*element) for element in zip(*columns, strict=True)]


def separated(result: Any, size: int) -> list[Any]:
    """A result of the whole batch as the list of the elements' results."""
    if isinstance(result, tuple):
        parts = [separated(part, size) for part in result]
        return list(zip(*parts, strict=True))
    if isinstance(result, dict):
        columns = {key: separated(part, size) for key, part in result.items()}
        return [{key: column[i] for key, column in columns.items()} for i in range(size)]
    return list(result)


def close(value: Any) -> Any:
    """Arrays as rounded numbers: the batch of a kernel may round otherwise."""
    is_array = lambda leaf: isinstance(leaf, jax.Array)
    return jax.tree.map(
        lambda leaf: np.round(np.asarray(leaf), 4).tolist() if is_array(leaf) else leaf, value
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_does_what_a_loop_over_the_elements_does(name: str) -> None:
    function, args, axes = PROGRAMS[name]
    expected = looped(function, args, axes)
    calls, log = CALLS.copy(), LOG.copy()
    mapped = xcs.vmap(function, **axes)
    for _ in range(2):  # the second time from the cache
        CALLS.clear()
        LOG.clear()
        result = separated(mapped(*args), len(expected))
        assert freeze(close(result)) == freeze(close(expected))
        assert log == LOG
        assert calls == CALLS


def test_calls_run_at_once() -> None:
    meeting = threading.Barrier(3, timeout=10)

    @xcs.op(kind="model")
    def meet(text: str) -> str:
        meeting.wait()
        return text.upper()

    assert xcs.vmap(lambda text: meet(text))(TEXTS) == ["A", "BB", "C"]


def test_calls_that_are_the_same_for_all_are_made_once() -> None:
    def answered(text: str, context: str, w: jax.Array) -> tuple[str, jax.Array]:
        summary = ask(context)
        return ask(f"{summary} {text}"), jnp.sin(w).sum()

    answers, total = xcs.vmap(answered, (0, None, None))(TEXTS, "context", W)
    assert answers == [f"<<context> {text}>" for text in TEXTS]
    assert total.shape == (3,)
    assert Counter({"context": 1, **{f"<context> {text}": 1 for text in TEXTS}}) == CALLS


def test_calls_that_are_the_same_for_all_run_at_once() -> None:
    meeting = threading.Barrier(2, timeout=10)

    @xcs.op(kind="model")
    def meet(text: str) -> str:
        meeting.wait()
        return text.upper()

    mapped = xcs.vmap(lambda text, c: text + meet(c) + meet(c + "2"), (0, None))
    assert mapped(["a", "b"], "c") == ["aCC2", "bCC2"]


def test_several_calls_of_one_element_stay_several() -> None:
    mapped = xcs.vmap(lambda text, c: text + "".join(ask(c) for _ in range(3)), (0, None))
    assert mapped(["a", "b"], "c") == ["a<c><c><c>", "b<c><c><c>"]
    assert Counter({"c": 3}) == CALLS


def test_what_is_the_same_for_all_fails_where_the_loop_does() -> None:
    def checked(text: str, limit: str) -> float:
        save(text)
        return number(limit)

    with pytest.raises(ValueError, match="exclamation"):
        xcs.vmap(checked, (0, None))(["a", "b"], "!")
    assert LOG == ["a"]


def test_array_code_fails_where_the_loop_does() -> None:
    def wrong(x: jax.Array, text: str, w: jax.Array) -> jax.Array:
        save(text)
        return jnp.dot(x, w) + jnp.sum(w)

    with pytest.raises(TypeError, match="dot"):
        xcs.vmap(wrong, (0, 0, None))(X, TEXTS, jnp.ones((3, 3)))
    assert LOG == ["a"]


def test_array_code_of_a_branch_that_no_element_takes_does_not_fail() -> None:
    def never(x: jax.Array, text: str) -> Any:
        if number(text) > 5:
            return jnp.dot(x, jnp.ones(7))
        return ask(text)

    assert xcs.vmap(never)(X, TEXTS) == [f"<{text}>" for text in TEXTS]


def test_array_code_that_cannot_be_batched_runs_for_each_element() -> None:
    class Held:
        def __init__(self, x: jax.Array):
            self.value = float(x.sum())

    held = xcs.vmap(lambda x, text: (ask(text), Held(jnp.sin(x)).value))(X, TEXTS)
    assert [text for text, _ in held] == [f"<{text}>" for text in TEXTS]
    np.testing.assert_allclose([v for _, v in held], jnp.sin(X).sum(1), rtol=1e-5)


class Point(NamedTuple):
    x: Any
    name: str


@pytest.mark.parametrize(
    "record",
    [
        {"x": X, "name": TEXTS},
        {2: X, 1: TEXTS},
        {"x": {"deep": X, "none": None}, "name": TEXTS},
        Point(X, TEXTS),  # type: ignore[arg-type]
        OrderedDict(x=X, name=TEXTS),
    ],
    ids=["dict", "dict of numbers", "nested", "named tuple", "ordered dict"],
)
def test_arguments_keep_their_structure(record: Any) -> None:
    seen: list[Any] = []

    @xcs.op(effects="ordered")
    def see(value: Any) -> None:
        seen.append(jax.tree.map(lambda leaf: None, value))

    xcs.vmap(lambda r: see(r))(record)
    structure = jax.tree.map(lambda leaf: None, record, is_leaf=lambda v: v is X or v is TEXTS)
    assert seen == [structure] * 3
    assert {type(value) for value in seen} == {type(record)}


def test_rows_that_are_returned_stay_one_array() -> None:
    kept, doubled = xcs.vmap(lambda x: (x, jnp.add(x, x), ask("a"))[:2], out_axes=(0, 1))(X)
    assert kept.tolist() == X.tolist()
    assert doubled.tolist() == (X + X).T.tolist()


def test_a_row_of_numpy_is_one_of_the_callers_array() -> None:
    numbers = np.arange(4.0).reshape(2, 2)

    def changed(row: np.ndarray) -> str:
        row[0] = -1
        return ask(row.tolist())

    assert xcs.vmap(changed)(numbers) == ["<[-1.0, 1.0]>", "<[-1.0, 3.0]>"]
    assert numbers.tolist() == [[-1, 1], [-1, 3]]


def test_a_list_that_array_code_gives_is_each_elements_own() -> None:
    def parts(text: str, w: jax.Array) -> list[Any]:
        found = jnp.split(w, 2)
        found.append(ask(text))
        return found[2:]

    assert xcs.vmap(parts, (0, None))(TEXTS, W) == [[f"<{text}>"] for text in TEXTS]


def test_array_code_of_all_elements_is_one_kernel() -> None:
    mapped = xcs.vmap(lambda x, text, w: (ask(text), jnp.tanh(jnp.dot(x, w))), (0, 0, None))
    mapped(X, TEXTS, W)
    (loop,) = mapped.__xcs_vmap__.programs._loops.values()
    (program,) = (p for variants in loop._orchestrations.values() for p in variants)
    assert "tensor<3x2xf32>" in program.lowered.stablehlo()


def test_a_shared_result_needs_no_out_axis() -> None:
    mapped = xcs.vmap(lambda text, c: (ask(text), find(c)), (0, None), (0, None))
    assert mapped(TEXTS, "q") == ([ask(text) for text in TEXTS], ["q", "q2"])
    with pytest.raises(ValueError, match="needs an out axis"):
        xcs.vmap(lambda text: ask(text), out_axes=None)(TEXTS)


def test_arrays_in_results_are_stacked_along_the_out_axis() -> None:
    answers, doubled = xcs.vmap(of_array, in_axes=1, out_axes=(0, -1))(X.T)
    assert answers == [f"<{float(x.sum())}>" for x in X]
    assert doubled.tolist() == (2 * X).T.tolist()


def test_lists_of_any_length_run_one_program() -> None:
    mapped = xcs.vmap(lambda text: ask(text) + "!")
    mapped(TEXTS)
    (loop,) = mapped.__xcs_vmap__.programs._loops.values()
    assert loop.programs == 1
    assert mapped(TEXTS * 10) == [f"<{text}>!" for text in TEXTS * 10]
    assert loop.programs == 1


suffix = "?"


def asks_with_a_global(text: str) -> str:
    return ask(text + suffix)


def test_changed_globals_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = xcs.vmap(asks_with_a_global)
    assert mapped(["a"]) == ["<a?>"]
    monkeypatch.setitem(globals(), "suffix", "!")
    assert mapped(["a"]) == ["<a!>"]


def test_the_error_is_that_of_the_first_element_that_fails() -> None:
    with pytest.raises(ValueError, match="exclamation") as caught:
        xcs.vmap(lambda text: number(text))(["a", "b!", "c!"])
    assert isinstance(caught.value, xcs.XCSExecutionError)
    assert caught.value.args == ("exclamation", "b!")


def test_inside_xcs_jit() -> None:
    jitted = xcs.jit(lambda texts: "".join(xcs.vmap(asks_with_a_global)(texts)))
    assert jitted(["a", "b"]) == "<a?><b?>"
    assert Counter({"a?": 1, "b?": 1}) == CALLS


def test_equal_calls_of_a_mapped_program_are_not_merged() -> None:
    mapped = xcs.vmap(asks_with_a_global)
    assert xcs.jit(lambda texts: (mapped(texts), mapped(texts)))(["a"]) == (["<a?>"], ["<a?>"])
    assert Counter({"a?": 2}) == CALLS


def test_while_jax_traces_it_operators_cannot_be_called() -> None:
    with pytest.raises(xcs.XCSError, match="calls operators, which JAX cannot trace"):
        jax.jit(xcs.vmap(of_array))(X)
    assert not CALLS


def test_without_jit_it_is_a_loop() -> None:
    with jax.disable_jit():
        assert xcs.vmap(asks_with_a_global)(["a", "b"]) == ["<a?>", "<b?>"]


@pytest.mark.parametrize(
    ("args", "axes", "message"),
    [
        ((TEXTS, "x"), {}, "str objects have no axis to map over"),
        ((TEXTS, ["x"]), {}, "1 and 3 elements"),
        (("a", "b"), {"in_axes": None}, "map over at least one argument"),
        ((TEXTS, TEXTS), {"in_axes": 1}, "a list of elements has rank 1"),
        ((TEXTS,), {"in_axes": (0, 0)}, "an entry for each of 2"),
        ((TEXTS, X), {"in_axes": (0, 2)}, "an array has rank 2"),
    ],
)
def test_axes_that_do_not_fit_are_value_errors(args: Any, axes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        xcs.vmap(lambda a, b: ask(f"{a}{b}"), **axes)(*args)


def test_wrong_calls_are_pythons_own_errors() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        xcs.vmap(lambda a, b: ask(a + b))(TEXTS)


def test_a_function_of_arrays_stays_one_of_arrays() -> None:
    assert not VmapFunction(jnp.sin, 0, 0, None, None).calls_operators


# --- explain --------------------------------------------------------------------------------------


def arrays_by_line(x: jax.Array, w: jax.Array) -> jax.Array:
    shared = jnp.sin(w)
    y = x @ shared
    return jnp.tanh(y)


def calls_by_line(text: str, context: str, x: jax.Array) -> tuple[str, jax.Array]:
    y = jnp.cos(x)
    summary = ask(context)
    return ask(summary + text), y


def effects_by_line(text: str) -> int:
    answer = ask(text)
    return save(answer)


def test_explain_says_by_line_what_is_batched_and_what_is_done_once() -> None:
    first = arrays_by_line.__code__.co_firstlineno
    text = xcs.vmap(arrays_by_line, (0, None)).explain(X, W)
    assert f"line {first + 1}: the same for all elements, computed once: sin" in text
    assert f"line {first + 2}: batched: dot_general" in text
    assert f"line {first + 3}: batched: tanh" in text
    assert f"line {first + 1}: batched" not in text


def test_explain_says_by_line_what_is_a_map() -> None:
    first = calls_by_line.__code__.co_firstlineno
    text = xcs.vmap(calls_by_line, (0, None, 0)).explain(TEXTS, "context", X)
    assert f"line {first + 1}: batched: cos" in text
    assert f"line {first + 2}: the same for all elements, called once: ask" in text
    assert f"line {first + 3}: a map over the elements, at once: ask" in text
    first = effects_by_line.__code__.co_firstlineno
    assert f"line {first + 2}: a map over the elements, one after another: save" in xcs.vmap(
        effects_by_line
    ).explain(TEXTS)
    assert not CALLS


def test_explain_says_what_the_pass_does_not_map() -> None:
    called_back = lambda x: jax.pure_callback(np.sin, x, x, vmap_method="sequential")
    assert "mapped by jax.vmap" in xcs.vmap(called_back).explain(X)

    def generated(v: Any) -> Iterator[str]:
        yield ask(v)

    assert "a map over the elements, one after another" in xcs.vmap(generated).explain(["a", 3])


def test_an_error_says_of_which_element_it_is() -> None:
    with pytest.raises(ValueError, match="exclamation") as error:
        xcs.vmap(lambda text: number(text) + 1)(["a", "b", "c!", "d!"])
    assert error.value.__notes__ == ["this is the error of element 2"]


def test_exceptions_as_results() -> None:
    mapped = xcs.vmap(lambda text: number(text) * 2, return_exceptions=True)
    first, failed, last = mapped(["a", "b!", "ccc"])
    assert (first, last) == (2.0, 6.0)
    assert isinstance(failed, ValueError)
    assert failed.args == ("exclamation", "b!")
    arrays = xcs.vmap(lambda text, x: x * number(text), return_exceptions=True)
    same, other = arrays(["aa", "!"], jnp.ones((2, 3)))
    assert (same == 2).all()
    assert isinstance(other, ValueError)
    assert (arrays(["a", "b"], jnp.ones((2, 3))) == jnp.ones((2, 3))).all()


def test_elements_with_errors_overlap() -> None:
    meeting = threading.Barrier(3, timeout=20)

    @xcs.op
    def meet(x: int) -> int:
        meeting.wait()
        return 1 // x

    results = xcs.vmap(lambda x: meet(x), return_exceptions=True)([1, 0, 1])
    assert [type(result) for result in results] == [int, ZeroDivisionError, int]


def test_axis_of_a_mesh() -> None:
    mesh = jax.make_mesh((1,), ("data",))
    function = lambda x: jax.lax.with_sharding_constraint(
        x * 2, jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    )
    assert (xcs.vmap(function, spmd_axis_name="data")(X) == X * 2).all()


def test_collectives_are_for_array_code() -> None:
    def function(x: Any, text: str) -> Any:
        return jax.lax.psum(x * number(text), "i")

    with pytest.raises(xcs.XCSError, match="collective"):
        xcs.vmap(function, axis_name="i")(X, ["a", "b", "c"])
    shares = xcs.vmap(lambda x: x / jax.lax.psum(x, "i"), axis_name="i")(jnp.arange(1.0, 4.0))
    assert jnp.allclose(shares.sum(), 1.0)
