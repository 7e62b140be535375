"""Each operation starts when those before it are done; its samples at once."""

import asyncio
import json


async def main(program, call, numbers, size, samples):
    usage = program.Usage()

    async def complete(prompt, sample):
        counted = asyncio.ensure_future(call(program.tokens, prompt))
        reply = await call(program.complete, prompt, sample=sample)
        sent = await counted
        usage.sent += sent
        usage.replies.append(reply)
        return program.Thought(program.parse(reply), origin=[])

    async def best(prompt, origin):
        thoughts = await asyncio.gather(*(complete(prompt, s) for s in range(samples)))
        for thought in thoughts:
            thought.origin = origin
            thought.score = program.errors(thought)
        return min(thoughts, key=lambda thought: thought.score)

    async def sort(part):
        return await best(f"Sort these numbers.\nInput: {json.dumps(part)}", part)

    async def merge(left, right):
        a, b = await left, await right
        prompt = f"Merge the sorted lists.\nInput: {a.numbers} & {b.numbers}"
        return await best(prompt, a.origin + b.origin)

    parts = [numbers[i : i + size] for i in range(0, len(numbers), size)]
    level = [asyncio.ensure_future(sort(part)) for part in parts]
    operations = 1 + 4 * len(parts)
    while len(level) > 1:
        pairs = list(zip(level[::2], level[1::2], strict=False))
        operations += 3 * len(pairs)
        merged = [asyncio.ensure_future(merge(a, b)) for a, b in pairs]
        level = merged + level[len(merged) * 2 :]
    result = await level[0]
    return {
        "numbers": result.numbers,
        "errors": result.score,
        "operations": operations,
        "sent": usage.sent,
        "unread": sum("Output" not in reply for reply in usage.replies),
    }
