"""A debate: agents answer, read what the others said, revise for some rounds, and a judge decides.

Each agent keeps its own list of messages, in the form that chat services take.
"""

from __future__ import annotations

import re
from collections import Counter

from tests.programs.world import effect, model, number, pick

# --- The simulated world ---


@model()
def chat(messages: list[dict[str, str]]) -> str:
    last = messages[-1]["content"]
    if "Decide" in last:
        return f"Verdict: {pick(last, 'clear', 'contested', 'split')}"
    if "In short" in last:
        return f"A short version of {number(last, 100, 999)}."
    seed = "".join(m["content"] for m in messages)
    if len(messages) > 3:
        return f"Having read the others, I say the answer is {number(seed, 4, 6)}."
    return f"I think that the answer is {number(seed, 1, 9)}."


@effect()
def publish(line: str) -> None:
    """Put a line onto the public record."""


# --- The program ---

NUMBER = re.compile(r"answer is (-?\d+)")


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


class Agent:
    """One side of the debate, with its own conversation."""

    def __init__(self, name: str, style: str) -> None:
        self.name = name
        self.style = style
        self.messages = [message("system", f"You are {name}. You argue {style}.")]
        self.spoken = 0

    def say(self, prompt: str) -> str:
        self.messages.append(message("user", prompt))
        reply = chat(self.messages)
        self.messages.append(message("assistant", reply))
        self.spoken += 1
        return reply

    def last(self) -> str:
        return self.messages[-1]["content"]


def others_said(agents: list[Agent], me: Agent, replies: dict[str, str]) -> str:
    lines = [f"{a.name} said: {replies[a.name]}" for a in agents if a is not me]
    return "\n".join(lines)


def parse_answer(reply: str) -> int | None:
    found = NUMBER.search(reply)
    return int(found.group(1)) if found else None


def most_common(answers: list[int | None]) -> tuple[int | None, float]:
    """The answer that most agents give, and their share; the smallest of those tied."""
    counts = Counter(a for a in answers if a is not None)
    if not counts:
        return None, 0.0
    best = max(counts.values())
    winner = min(answer for answer, count in counts.items() if count == best)
    return winner, round(best / len(answers), 3)


class Debate:
    """Runs the rounds and keeps the transcript."""

    def __init__(self, question: str, agents: list[Agent], rounds: int) -> None:
        self.question = question
        self.agents = agents
        self.rounds = rounds
        self.transcript: list[tuple[int, str, str]] = []

    def note(self, turn: int, replies: dict[str, str]) -> None:
        for name, reply in replies.items():
            self.transcript.append((turn, name, reply))

    def open(self) -> dict[str, str]:
        replies = {a.name: a.say(f"{self.question} Explain your answer.") for a in self.agents}
        self.note(0, replies)
        return replies

    def revise(self, turn: int, before: dict[str, str]) -> dict[str, str]:
        replies = {}
        for agent in self.agents:
            context = others_said(self.agents, agent, before)
            prompt = f"Round {turn}.\n{context}\nGive your answer to: {self.question}"
            replies[agent.name] = agent.say(prompt)
        self.note(turn, replies)
        return replies

    def run(self) -> dict[str, object]:
        replies = self.open()
        shares = []
        for turn in range(1, self.rounds + 1):
            replies = self.revise(turn, replies)
            answers = [parse_answer(reply) for reply in replies.values()]
            winner, share = most_common(answers)
            shares.append(share)
            print(f"round {turn}: {winner} ({share:.0%})")
        summaries = [
            chat([message("user", f"In short, what did {name} say in round {turn}? {said}")])
            for turn, name, said in self.transcript
        ]
        case = "\n".join(summaries)
        verdict = chat([message("user", f"Decide.\n{case}")])
        publish(f"{self.question} {verdict}")
        return {"winner": winner, "shares": shares, "verdict": verdict, "lines": len(case)}


def main(question: str, styles: dict[str, str], rounds: int = 2) -> dict[str, object]:
    agents = [Agent(name, style) for name, style in styles.items()]
    debate = Debate(question, agents, rounds)
    result = debate.run()
    result["spoken"] = {agent.name: agent.spoken for agent in agents}
    result["closing"] = {agent.name: agent.last() for agent in agents}
    result["agents"] = agents
    result["transcript"] = debate.transcript
    publish(f"{len(debate.transcript)} replies")
    return result


def arguments() -> tuple[str, dict[str, str], int]:
    styles = {"Ann": "carefully", "Bo": "boldly", "Cy": "from examples", "Di": "against all"}
    return "How many bridges does Kneiphof need?", styles, 3
