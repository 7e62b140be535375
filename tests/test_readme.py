"""The README's example, as it stands there."""

import re
from pathlib import Path

import jax.numpy as jnp

import xcs

README = Path(__file__).parents[1] / "README.md"


def test_the_example_runs_and_gives_what_plain_python_gives(tmp_path, monkeypatch):  # R39
    text = README.read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    # The example's model is an ellipsis; the last lines call it on values that it leaves open.
    code = block[1].replace("-> str: ...", "-> str: return f'<{len(prompt)}>'")
    code = code[: code.index("\nanswer(")]
    (tmp_path / "readme_example.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import readme_example  # type: ignore[import-not-found]

    arguments = (
        "why?",
        ["a", "bb", "ccc", "dddd", "eeeee"],
        jnp.arange(3.0),
        jnp.arange(15.0).reshape(5, 3),
    )
    answer = readme_example.answer

    assert answer(*arguments) == answer.__wrapped__(*arguments)
    stats = xcs.get_jit_stats(answer)
    assert stats["execution_strategy"] == "hybrid"
    assert stats["vectorizable_chains"] == 1
