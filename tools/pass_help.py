"""What `xcs-opt --help-passes` prints: what passes do, their options, and the named pipelines."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence

from xdsl.passes import ModulePass, get_pass_option_infos

from xcs.transforms.pipelines import PIPELINES


def pass_help(passes: Mapping[str, Callable[[], type[ModulePass]]], names: Sequence[str]) -> str:
    """Return the text about these passes, which are loaded for it.

    Raises:
        KeyError: if there is no pass of a name.
    """
    lines: list[str] = []
    for name in names:
        lines += _about(passes[name]())
    lines += ["", "Pipelines, which can be named in place of passes:"]
    lines += [f"  {name}: {text}" for name, text in PIPELINES.items()]
    return "\n".join(lines)


def _about(found: type[ModulePass]) -> Iterator[str]:
    text = inspect.cleandoc(found.__doc__ or "").partition("\n\n")[0]
    yield f"{found.name}: {' '.join(text.split()) or 'not described'}"
    for option in get_pass_option_infos(found):
        default = "" if option.default_value is None else f" (default: {option.default_value})"
        yield f"    {option.name.replace('_', '-')}: {option.expected_type}{default}"
