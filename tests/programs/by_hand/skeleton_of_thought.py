"""Routes at once, then answers at once; the budget is spent in order, before any expansion."""

import asyncio


async def main(program, call, questions, most):
    async def skeleton(question):
        reply = await call(program.complete, f"Skeleton: {question}", stop=None, max_tokens=200)
        return program.POINT.findall(reply)

    async def expand(question, label, title, depth=0, deepest=2):
        text = await call(program.complete, f"Expand: {question} / {title}")
        if not text.endswith("MORE") or depth + 1 >= deepest:
            return program.Point(label, title, text.removesuffix(" MORE"), depth)
        below = f"{question} / {title}"
        points = await asyncio.gather(
            *(expand(below, f"{label}.{i}", t, depth + 1) for i, t in await skeleton(below))
        )
        return program.Point(label, title, text.removesuffix(" MORE"), depth, tuple(points))

    async def answer(question, outline, allowed):
        if outline is None:
            text = await call(program.complete, f"Answer: {question}", stop=".")
            return {"question": question, "text": text, "points": 0}
        points = await asyncio.gather(
            *(expand(question, label, title) for label, title in outline[:allowed])
        )
        body = "\n".join(map(str, points))
        closing = await call(program.complete, f"Close: {body}", stop="!")
        count = sum(point.count() for point in points)
        return {"question": question, "text": f"{body}\n{closing}", "points": count}

    async def outline_of(question):
        reply = await call(program.complete, f"Route: {question}")
        return await skeleton(question) if reply.strip().lower() == "yes" else None

    budget = program.Budget(most)
    outlines = [asyncio.ensure_future(outline_of(question)) for question in questions]
    answers = []
    for question, pending in zip(questions, outlines, strict=True):
        outline = await pending
        allowed = sum(budget.take() for _ in outline or [])
        answers.append(asyncio.ensure_future(answer(question, outline, allowed)))
    return await asyncio.gather(*answers)
