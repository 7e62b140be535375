"""Queries and runs at once; windows one after another."""

import asyncio


async def main(program, call, index, size, step, runs):
    stats = {"windows": 0, "repaired": 0}

    async def rank(query, hits):
        ranked = list(hits)
        for start, end in program.windows(len(ranked), size, step):
            window = ranked[start:end]
            reply = await call(program.permute, program.messages_for(query, window))
            stats["windows"] += 1
            if len(set(program.re.findall(r"\d+", reply))) != len(window):
                stats["repaired"] += 1
            order = program.read_permutation(reply, len(window))
            ranked[start:end] = [window[i] for i in order]
        return ranked

    async def consensus(query, hits):
        rankings = await asyncio.gather(
            *(rank(query, program.shuffled(hits, seed)) for seed in range(runs))
        )
        return [(round(mean, 2), hit) for mean, hit in program.consensus(rankings)[:3]]

    found = await asyncio.gather(*(consensus(query, hits) for query, hits in index.items()))
    return {"results": dict(zip(index, found, strict=True)), "stats": stats}
