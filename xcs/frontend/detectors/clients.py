"""Clients of models, services and databases, matched by package and name without importing them.

A method counts where the class that defines it belongs to the package, so that user subclasses of a
client are recognised too, but for the methods that they write themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from xcs.frontend.analysis.resources import COMMON, Touches
from xcs.frontend.classification import (
    ORDERED,
    UNORDERED,
    Classification,
    EffectClass,
    operator,
    pure,
    touching,
)
from xcs.frontend.detectors.identity import Identity, identify

PRIORITY = -50


@dataclass(frozen=True)
class Rule:
    """Calls of ``methods`` (of ``owners``, where given) are of one kind. Patterns match in full."""

    kind: Literal["model", "tool", "pure"]
    methods: str
    owners: str = ".*"
    effects: EffectClass = UNORDERED


_CONVERSATION: Final = Rule("model", "send_message(_async|_streaming|_stream)?", effects=ORDERED)
"""A chat session keeps its history: the second message depends on the first."""

_SDK: Final = (
    # Threads and runs of an assistant are state on the server.
    Rule("tool", ".*", "(Async)?(Threads|Runs|Assistants|Steps)(WithRawResponse)?", ORDERED),
    Rule(
        "model",
        "a?create|parse|a?stream|generate|edit|create_variation|compact",
        "(Async)?(Chat)?(Completions?|Responses|Embeddings?|Images?|Speech|Transcriptions?"
        "|Translations?|Audio|Moderations?|Messages|ChatCompletion|Edit|Rerank|Videos?)",
    ),
    Rule("tool", "(a?retrieve|a?list|get|content|count_tokens|poll|wait.*|search)"),
    Rule("tool", "(a?create|delete|update|cancel|upload|modify|submit|archive).*", effects=ORDERED),
)
"""The layout that OpenAI's generated clients share with those of many other vendors."""

_HTTP_VERBS: Final = "get|post|put|patch|delete|head|options|request|send|stream|urlopen|fetch"

_HTTP: Final = (
    Rule(
        "pure",
        "json|raise_for_status|text|read|close|getheaders?|release|info|geturl",
        "(Client|Async|HTTP|Base|BaseHTTP|Httpx)?Response",
    ),
    Rule("tool", _HTTP_VERBS + "|ws_connect|request_encode_(url|body)|post_json|get_json"),
)

_READ: Final = (
    "(get|list|describe|head|query|search|find|fetch|select|count|lookup|read|scan|batch_get|peek"
    "|retrieve|scroll|show|view|exists|download|similarity_search|check|estimate|recommend)(_.*)?"
)

_SERVICE: Final = (Rule("tool", _READ), Rule("tool", "[a-z].*", effects=ORDERED))
"""A remote store: its queries are independent, anything else may change it."""

_CONNECTION: Final[Touches] = frozenset({("database", "write")})
_DATABASE: Final = (Rule("tool", "[a-z].*", effects=ORDERED),)
"""A connection with state: transactions, cursors, locks, sessions, pages."""

_SEARCH: Final = (Rule("tool", "[a-z].*"),)
"""Services that only answer."""

_RUNNABLE: Final = (
    Rule("model", "a?(invoke|batch|stream).*", ".*MessageHistory", ORDERED),
    Rule(
        "tool",
        "_?a?(invoke|run|call|batch|stream|search|query|get|similarity).*",
        ".*(Tool|Retriever|VectorStore|Loader|Toolkit)",
    ),
    Rule("tool", "_?a?(load|lazy_load).*", ".*Loader"),
    Rule(
        "tool", "_?a?(add|delete|from|upsert|save|persist).*", ".*(VectorStore|DocStore)", ORDERED
    ),
    Rule("pure", "a?(invoke|format|parse).*", ".*(Prompt|PromptTemplate|Parser|Template)"),
    Rule(
        "model",
        "a?(invoke|batch|stream|transform|predict|generate|complete|chat|run|call|apply|embed|query"
        "|astream|abatch|ainvoke|achat|aquery|synthesize|get_text_embedding|get_query_embedding)(_.*)?"
        "|__call__",
    ),
)

_PACKAGES: Final[dict[str, tuple[Rule, ...]]] = {
    # Models, one process away.
    "openai anthropic groq together mistralai cerebras fireworks xai_sdk zhipuai dashscope": (
        Rule("model", "(complete|chat|embed|embeddings|generate)(_async|_stream)?"),
        *_SDK,
    ),
    "litellm": (
        Rule(
            "model",
            "a?(text_)?completion|a?(batch_)?completions?|a?embedding|a?image_(generation|edit)"
            "|a?transcription|a?speech|a?rerank|a?responses|a?moderation|batch_completion.*"
            "|completion_with_retries|aresponses",
        ),
    ),
    "instructor": (Rule("model", "create.*|chat.*"),),
    "cohere ai21 voyageai aleph_alpha_client nlpcloud jina": (
        Rule(
            "model",
            "a?(chat|generate|complete|embed|rerank|classify|summarize|multimodal_embed)(_stream|_job)?",
        ),
        Rule("tool", "(tokenize|detokenize|count_tokens|list_.*|get_.*)"),
    ),
    "replicate": (
        Rule("model", "a?(async_)?(run|stream)"),
        Rule("model", "a?(async_)?create", "Predictions?.*"),
        Rule("tool", "a?(async_)?(get|list|reload|wait|search)"),
    ),
    "ollama": (
        Rule("model", "chat|generate|embed|embeddings"),
        Rule("tool", "list|show|ps|web_search|web_fetch"),
        Rule("tool", "pull|push|create|delete|copy|create_blob", effects=ORDERED),
    ),
    "google.generativeai google.genai vertexai google.ai": (
        _CONVERSATION,
        Rule("model", "a?(generate|embed|predict|count|batch_embed|edit|upscale)_?.*|predict"),
        *_SERVICE,
    ),
    "azure.ai": (Rule("model", "complete|embed"), *_SERVICE),
    "huggingface_hub": (
        Rule(
            "model",
            "text_.*|chat_completion|feature_extraction|summarization|translation|question_answering"
            "|fill_mask|token_classification|zero_shot_.*|image_.*|audio_.*|automatic_speech_.*"
            "|sentence_similarity|conversational|visual_.*|document_.*|table_.*|object_detection"
            "|tabular_.*|post|create",
            ".*Inference.*|.*Completions",
        ),
        Rule(
            "tool",
            "hf_hub_download|snapshot_download|(get|list|model|dataset|space|repo)_.*|whoami",
        ),
        Rule("tool", "(upload|create|delete|move|update|push)_.*", effects=ORDERED),
    ),
    "sentence_transformers": (Rule("model", "encode.*|predict|rank|__call__|forward"),),
    "transformers": (
        Rule("model", "__call__|forward|predict|preprocess|postprocess", ".*Pipeline"),
        Rule(
            "model",
            "generate|__call__|forward",
            "PreTrainedModel|GenerationMixin|TFPreTrainedModel|FlaxPreTrainedModel",
        ),
        Rule(
            "pure",
            "__call__|encode.*|decode|batch_.*|tokenize|convert_.*|apply_chat_template",
            "PreTrainedTokenizer.*",
        ),
    ),
    "vllm": (Rule("model", "generate|chat|embed|encode|classify|score|beam_search"),),
    # One context, one key-value cache: two calls at once would corrupt it.
    "llama_cpp gpt4all ctransformers": (
        Rule(
            "model", "__call__|generate|embed|create_.*|chat.*|eval|sample|reset", effects=ORDERED
        ),
    ),
    "dspy": (Rule("model", "a?forward|__call__|acall|predict|batch"),),
    "langchain langchain_core langchain_community langchain_openai langchain_anthropic"
    " langchain_google_genai langchain_ollama langchain_text_splitters langchain_classic"
    " langgraph llama_index haystack semantic_kernel": _RUNNABLE,
    "pydantic_ai agents smolagents autogen crewai marvin magentic guidance outlines": (
        Rule(
            "model",
            "a?(run|chat|kickoff|generate|__call__|extract|classify|cast)(_sync|_stream|_async|_streamed)?",
        ),
    ),
    "botocore boto3": (
        Rule(
            "model",
            "(invoke|converse)(_model|_stream|_agent)?.*",
            "BedrockRuntime|BedrockAgentRuntime",
        ),
        Rule("tool", _READ + "|generate_presigned_(url|post)|can_paginate|close"),
        Rule("tool", "[a-z].*", ".*", ORDERED),
    ),
    # HTTP.
    "requests httpx aiohttp urllib3 httplib2 pycurl requests_html treq niquests": _HTTP,
    "grpc": (Rule("tool", "__call__|with_call|future"),),
    "gradio_client": (Rule("tool", "predict|submit|view_api"),),
    # Search and data services.
    "tavily serpapi wikipedia arxiv googlesearch exa_py duckduckgo_search ddgs firecrawl googlemaps"
    " yfinance wikipediaapi pytrends newspaper feedparser googletrans deep_translator": _SEARCH,
    # Stores and services.
    "chromadb pinecone qdrant_client weaviate elasticsearch opensearchpy meilisearch typesense"
    " google.cloud azure.storage azure.cosmos azure.search github gitlab jira notion_client"
    " airtable pyairtable googleapiclient kubernetes supabase minio s3fs gcsfs": _SERVICE,
    # Connections with state of their own.
    "redis sqlalchemy psycopg psycopg2 asyncpg aiosqlite pymysql MySQLdb mysql duckdb pymongo motor"
    " peewee cassandra neo4j snowflake clickhouse_driver clickhouse_connect influxdb_client lmdb"
    " pymilvus kafka confluent_kafka pika celery nats zmq paho aioredis": _DATABASE,
    "slack_sdk twilio stripe sendgrid discord telegram telebot mailchimp_transactional boto"
    " paramiko fabric docker selenium playwright pyautogui serial websocket websockets": _DATABASE,
}

_RULES: Final[dict[str, tuple[Rule, ...]]] = {
    package: rules for packages, rules in _PACKAGES.items() for package in packages.split()
}


_DATA_SUFFIXES: Final = (
    *("Auth", "Config", "Cookies", "Document", "Headers", "Limits", "Message", "Param", "Params"),
    *(
        "Parser",
        "Prompt",
        "PromptTemplate",
        "Request",
        "Response",
        "Template",
        "Timeout",
        "URL",
        "Url",
    ),
)
"""Names of classes that clients are given, or give back, and that ask nobody."""


def detect(fn: Any) -> Classification | None:
    """Recognise a client's functions, methods and constructors."""
    identity = identify(fn)
    if _rules(identity.module) is None:
        return None
    if identity.is_constructor:
        return _constructor(fn, identity)
    for rule, owner in _candidates(identity):
        if re.fullmatch(rule.methods, identity.method) and re.fullmatch(rule.owners, owner):
            return _classify(rule, identity)
    return None


def _rules(module: str) -> tuple[Rule, ...] | None:
    """The rules of the nearest enclosing package that has any."""
    while module:
        if rules := _RULES.get(module):
            return rules
        module = module.rpartition(".")[0]
    return None


def _candidates(identity: Identity) -> Iterator[tuple[Rule, str]]:
    """Rules in their order of precedence, each with every class name that it may match."""
    if not identity.owners:
        owner = identity.name.rpartition(".")[0]
        yield from ((rule, owner) for rule in _rules(identity.module) or ())
        return
    packages = dict.fromkeys(_rules(str(owner.__module__)) for owner in identity.owners)
    names = [owner.__name__ for owner in identity.owners]
    for rules in packages:
        for rule in rules or ():
            yield from ((rule, name) for name in names)


def _classify(rule: Rule, identity: Identity) -> Classification:
    package = next(
        (owner.__module__ for owner in identity.owners if _rules(str(owner.__module__))),
        identity.module,
    ).partition(".")[0]
    what = f"{identity.name} of {package}"
    if rule.kind == "pure":
        return pure(f"{what} only works on data that is already here")
    service = "a model" if rule.kind == "model" else "a service"
    order = " that keeps state between calls" if rule.effects == ORDERED else ""
    found = operator(rule.kind, f"{what} calls {service}{order}", effects=rule.effects)
    return replace(found, touches=_CONNECTION) if rule is _DATABASE[0] else found


def _constructor(cls: type, identity: Identity) -> Classification | None:
    """Creating a client reads the environment and reserves connections, but asks nobody."""
    rules = _rules(str(cls.__module__))
    if rules is None:
        return None  # A user's subclass: its own __init__ decides.
    if issubclass(cls, BaseException):
        return pure(f"{identity.path} only builds an exception")
    if rules is _DATABASE:
        return touching(f"{identity.path} may open a connection", _CONNECTION)
    if cls.__name__.endswith(_DATA_SUFFIXES):
        return pure(f"{identity.path} only holds data")
    reason = f"{identity.path} creates a client object"
    return touching(reason, COMMON[UNORDERED], blocking=False)


def is_client(obj: Any) -> bool:
    """Whether an object belongs to one of the packages by any of its classes."""
    return any(_rules(str(cls.__module__)) is not None for cls in type(obj).__mro__[:-1])
