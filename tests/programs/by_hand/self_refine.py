"""Titles at once, and the aspects of a review."""

import asyncio
from dataclasses import replace


async def main(program, call, titles, goal, most):
    async def review(draft):
        aspects = list(program.Aspect)
        replies = await asyncio.gather(
            *(call(program.criticise, aspect.value, draft.text) for aspect in aspects)
        )
        return replace(draft, feedback=tuple(map(program.Feedback.parse, aspects, replies)))

    async def improve(draft):
        worst = min(draft.feedback, key=lambda f: (f.score, f.aspect.value))
        wishes = "; ".join(sorted({f.advice for f in draft.feedback if f.score < 8}))
        prompt = f"Rewrite: {draft.text}\nWishes: {wishes}\nAbove all mind {worst.aspect.value}."
        text = await call(program.write, prompt)
        return program.Draft(draft.title, text, draft.version + 1, before=draft)

    async def refine(title):
        first = await call(program.write, f"Write about {title}.")
        draft = best = await review(program.Draft(title, first))
        while draft.score < goal and draft.version < most:
            draft = await review(await improve(draft))
            if draft.score > best.score:
                best = draft
        return best

    best = await asyncio.gather(*map(refine, titles))
    scores = {draft.title: round(draft.score, 2) for draft in best}
    return {
        "texts": [draft.text for draft in best],
        "history": {draft.title: draft.history() for draft in best},
        "order": sorted(scores, key=lambda title: (-scores[title], title)),
        "aspects": program.Aspect.names(),
        "versions": sum(draft.version for draft in best),
    }
