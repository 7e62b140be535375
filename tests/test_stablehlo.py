"""The StableHLO dialect against StableHLO's own parser, verifier and printer, which jaxlib has."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import jax
import pytest
from jax.extend.mlir import ir
from jax.extend.mlir.dialects import chlo, sdy, stablehlo
from jax.extend.mlir.passmanager import PassManager
from jax.interpreters import mlir
from stablehlo_corpus import CASES
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.ir import Dialect
from xdsl.utils.exceptions import ParseError, VerifyException

from xcs.dialects.literal_parser import LiteralParser
from xcs.dialects.quant import Quant
from xcs.dialects.sdy import Sdy
from xcs.dialects.sparse_tensor import SparseTensor
from xcs.dialects.stablehlo import CHLO, StableHLO
from xcs.dialects.stablehlo.print import module_text
from xcs.tools.verifier import verify

TESTS = Path(__file__).parent
LIT = TESTS.parent / "test" / "lit"
MODULES = {path.stem: path.read_text() for path in (TESTS / "stablehlo_modules").glob("*.mlir")}


@cache
def upstream_context() -> ir.Context:
    """All dialects of upstream's that a module here can hold."""
    context = mlir.make_ir_context()
    stablehlo.register_stablehlo_passes()
    with context:
        # Nothing of jaxlib's loads the dialects of quantised and sparse types, but these passes do.
        for name in ("vhlo-legalize-to-stablehlo", "stablehlo-legalize-to-linalg"):
            PassManager.parse(f"builtin.module({name})").run(ir.Module.parse("module {}").operation)
    return context


def upstream_text(text: str) -> str:
    """The text as upstream prints it, once its parser and verifier have accepted it."""
    module = ir.Module.parse(text, upstream_context())
    assert module.operation.verify()
    return str(module)


def parse(text: str) -> ModuleOp:
    """The module, once our verifiers have accepted it."""
    context = Context()
    for dialect in (Builtin, Func, StableHLO, CHLO, Sdy, Quant, SparseTensor):
        context.load_dialect(dialect)
    module = LiteralParser(context, text).parse_module()
    verify(module, {})
    return module


def op_names(text: str) -> set[str]:
    """The names of the ops that a module holds."""
    return {op.name for op in parse(text).walk()}


@cache
def lowered(name: str) -> str:
    """What JAX lowers a function of the corpus to."""
    function, arguments = CASES[name]
    compiled = function if hasattr(function, "lower") else jax.jit(function)
    return compiled.lower(*arguments).as_text()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Some donated buffers")
def test_what_jax_lowers_is_verified_and_printed_as_upstream_does(name: str) -> None:
    text = lowered(name)
    assert module_text(parse(text)) == text


@pytest.mark.parametrize("partitioner", ["shardy", "gspmd"])
def test_shardings_and_collectives_are_verified_and_printed_as_upstream_does(
    partitioner: str,
) -> None:
    flags = "--xla_force_host_platform_device_count=8"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(
        [sys.executable, str(TESTS / "stablehlo_sharded.py"), partitioner],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    texts: dict[str, str] = json.loads(run.stdout)
    assert texts
    for name, text in texts.items():
        assert module_text(parse(text)) == text, name


def test_64_bit_numbers_are_printed_as_upstream_does() -> None:
    with jax.enable_x64(True):
        text = jax.jit(lambda: (jax.numpy.linspace(0, 1, 3) / 3, jax.numpy.pi)).lower().as_text()
    assert "f64" in text
    assert module_text(parse(text)) == text


@pytest.mark.parametrize("name", MODULES)
def test_ops_that_jax_never_makes_are_verified_and_printed_as_upstream_does(name: str) -> None:
    printed = module_text(parse(MODULES[name]))
    assert printed == upstream_text(MODULES[name])
    assert upstream_text(printed) == printed


@pytest.mark.parametrize("name", MODULES)
def test_generic_text_of_upstream_is_read_as_its_own(name: str) -> None:
    module = ir.Module.parse(MODULES[name], upstream_context())
    generic = str(module.operation.get_asm(print_generic_op_form=True))
    assert module_text(parse(generic)) == str(module)


@pytest.mark.parametrize("name", sorted(CASES)[::4])
@pytest.mark.filterwarnings("ignore:Some donated buffers")
def test_generic_text_of_jax_is_read_as_its_own(name: str) -> None:
    module = ir.Module.parse(lowered(name), upstream_context())
    generic = str(module.operation.get_asm(print_generic_op_form=True))
    assert module_text(parse(generic)) == lowered(name)


@pytest.mark.parametrize("name", sorted(CASES)[::6])
@pytest.mark.filterwarnings("ignore:Some donated buffers")
def test_text_with_locations_is_read_as_without(name: str) -> None:
    module = ir.Module.parse(lowered(name), upstream_context())
    located = str(module.operation.get_asm(enable_debug_info=True))
    function, arguments = CASES[name]
    compiled = function if hasattr(function, "lower") else jax.jit(function)
    for text in (located, compiled.lower(*arguments).as_text(debug_info=True)):
        assert "loc(#loc" in text
        assert module_text(parse(text)) == lowered(name)


def test_exported_text_is_read() -> None:
    (size,) = jax.export.symbolic_shape("n")
    specs = jax.ShapeDtypeStruct((size, 4), jax.numpy.float32)
    text = str(jax.export.export(jax.jit(lambda x: x @ x.T))(specs).mlir_module())
    assert module_text(parse(text)) == str(ir.Module.parse(text, upstream_context()))


LOCATED = """\
func.func @main(%x: tensor<f32> loc(#a)) -> tensor<f32> {
  %0 = stablehlo.sine %x : tensor<f32> loc(#c)
  return %0 : tensor<f32> loc(fused<"why">["f.py":1:2 to :3, #b])
}
#a = loc("f.py":1:2 to 4:5)
#b = loc("name"(#a))
#c = loc(callsite(#b at #a))
"""


def test_locations_may_be_named_where_they_are_used_and_defined_later() -> None:
    sine = next(op for op in parse(LOCATED).walk() if op.name == "stablehlo.sine")
    assert str(sine.location) == 'loc(callsite("name"("f.py":1:2) at "f.py":1:2))'
    with pytest.raises(ParseError, match="undefined symbol alias '#b'"):
        parse(LOCATED.replace("#b =", "#d ="))
    with pytest.raises(ParseError, match="re-declaration of alias '#a'"):
        parse(LOCATED + '#a = loc("g.py":1:2)\n')
    with pytest.raises(ParseError, match="undefined symbol alias '#a'"):
        parse(LOCATED.replace('loc("f.py":1:2 to 4:5)', "loc(#a)"))


RESOURCE = """\
func.func @main() -> tensor<2xf32> {
  %0 = stablehlo.constant dense_resource<w> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F00000040"
    }
  }
#-}
"""


def test_literals_may_stand_at_the_end_of_the_text() -> None:
    assert "dense<[1.000000e+00, 2.000000e+00]>" in module_text(parse(RESOURCE))
    with pytest.raises(ParseError, match="the text does not hold the data of 'v'"):
        parse(RESOURCE.replace("<w>", "<v>"))
    with pytest.raises(ParseError, match=r"8 bytes are not the elements of tensor<3xf32>"):
        parse(RESOURCE.replace("tensor<2xf32>", "tensor<3xf32>"))


@pytest.mark.parametrize("element", ["i1", "i2", "ui4", "i4", "ui8", "bf16", "complex<f32>"])
def test_large_literals_are_printed_as_upstream_does(element: str) -> None:
    elements = {
        "i1": "true, false, true",
        "i2": "1, -2, 0",
        "complex<f32>": "(1., -2.), (3., 0.), (4., 1.)",
    }
    values = elements.get(element, "1, 7, 2" if "i" in element else "1., -7., 2.")
    type = f"tensor<120x{element}>"
    constant = f"stablehlo.constant dense<[{', '.join([values] * 40)}]> : {type}"
    text = f"func.func @main() -> {type} {{\n  %0 = {constant}\n  return %0 : {type}\n}}"
    printed = module_text(parse(text))
    assert '"0x' in printed
    assert printed == upstream_text(text)
    assert module_text(parse(printed)) == printed


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(StableHLO, stablehlo, id="stablehlo"),
        pytest.param(CHLO, chlo, id="chlo"),
        pytest.param(Sdy, sdy, id="sdy"),
    ],
)
def test_every_op_of_upstream_is_there(ours: Dialect, theirs: object) -> None:
    names = {
        value.OPERATION_NAME
        for value in vars(theirs).values()
        if isinstance(value, type) and hasattr(value, "OPERATION_NAME")
    }
    assert names
    assert names <= {op.name for op in ours.operations}


def test_every_op_is_in_a_test() -> None:
    tested = {name for text in MODULES.values() for name in op_names(text)}
    tested |= {name for case in CASES for name in op_names(lowered(case))}
    missing = {
        op.name
        for dialect in (StableHLO, CHLO, Sdy)
        for op in dialect.operations
        if op.name not in tested
    }
    # What jaxlib does not have yet, and what only Shardy's own passes make.
    assert missing == {
        "stablehlo.collective_reduce",
        "sdy.func_data_flow_edge",
        "sdy.reduce_scatter",
        "sdy.replicated_to_unreduced",
        "sdy.sharded_to_unreduced",
    }


def test_every_op_says_what_it_is() -> None:
    for dialect in (StableHLO, CHLO, Sdy):
        assert not [op.name for op in dialect.operations if not op.__doc__]


INVALID = {
    name: text
    for folder in ("sdy", "stablehlo")
    for path in sorted((LIT / "dialects" / folder).glob("verify*.mlir"))
    for number, text in enumerate(path.read_text().split("// -----"))
    if (name := f"{folder}-{path.stem}-{number}")
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_not_verified_here_is_not_verified_by_upstream(name: str) -> None:
    with pytest.raises((ParseError, VerifyException)):
        parse(INVALID[name])
    with pytest.raises(ir.MLIRError):
        upstream_text(INVALID[name])
