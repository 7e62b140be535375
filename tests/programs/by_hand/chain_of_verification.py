"""Questions at once; the checks of the plan and of the claims at once."""

import asyncio
from collections import Counter


async def main(program, call, questions):
    async def check(question):
        try:
            found = await call(program.lookup, question)
        except LookupError:
            found = None
        if found is None:
            return program.Check(
                question, await call(program.ask, f"In a word: {question}"), "model"
            )
        return program.Check(question, found, "library")

    async def planned(draft):
        plan = await call(program.ask, program.PLAN.substitute(draft=draft))
        return await asyncio.gather(*map(check, program.questions_in(plan)))

    async def claimed(draft):
        claims = (await call(program.ask, f"Claims in: {draft}")).split(" | ")
        return await asyncio.gather(*(check(f"Is it so that {claim}?") for claim in claims))

    async def verify(question):
        draft = await call(program.ask, program.DRAFT.substitute(question=question))
        found = await asyncio.gather(planned(draft), claimed(draft))
        checks = [c for part in found for c in part]
        refuted = [c for c in checks if c.verdict == "refuted"]
        if not refuted:
            return draft, checks
        listed = "\n".join(f"{c.question} {c.answer}" for c in refuted)
        prompt = program.REVISE.substitute(question=question, draft=draft, checks=listed)
        return await call(program.ask, prompt), checks

    verified = await asyncio.gather(*map(verify, questions))
    checks = [c for _, found in verified for c in found]
    return {
        "answers": {q: a for q, (a, _) in zip(questions, verified, strict=True)},
        "verdicts": Counter(c.verdict for c in checks),
        "sources": Counter(c.source for c in checks),
        "stages": [["draft", "checks", "revision"] for _ in questions],
    }
