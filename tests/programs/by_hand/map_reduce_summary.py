"""Documents, parts and batches at once; the cache holds what is under way."""

import asyncio


async def main(program, call, documents, limit):
    pending = {}

    async def summary(text):
        try:
            return await call(program.summarise, text)
        except ValueError:
            return ""

    async def in_english(text):
        if await call(program.language, text) != "en":
            return await call(program.translate, text)
        return text

    async def cached(text):
        text = await in_english(text)
        key = program.key_of(text)
        if key not in pending and key not in program.CACHE:
            pending[key] = asyncio.ensure_future(summary(text))
        else:
            program.HITS += 1
        if key not in program.CACHE:
            program.CACHE[key] = await pending[key]
        return program.CACHE[key]

    async def reduce_parts(summaries, level=0):
        joined = " ".join(summaries)
        if len(summaries) <= 1 or len(joined) <= limit:
            return joined, level
        shorter = await asyncio.gather(
            *(
                call(program.summarise, "; ".join(batch), focus="gist")
                for batch in program.batched(summaries, 3)
            )
        )
        return await reduce_parts(shorter, level + 1)

    async def one(document):
        found = await asyncio.gather(*map(cached, document.parts))
        problems = [
            f"{document.name}[{i}] cannot be read" for i, text in enumerate(found) if not text
        ]
        summaries = [text for text in found if text]
        return await reduce_parts(summaries) if summaries else None, problems

    report, levels = program.Report(), {}
    for document, (reduced, problems) in zip(
        documents, await asyncio.gather(*map(one, documents)), strict=True
    ):
        report.problems += problems
        if reduced is not None:
            report[document.name], levels[document.name] = reduced
    total, _ = await reduce_parts(list(report.values()))
    hits = program.HITS
    return report, {"levels": levels, "total": total, "hits": hits, "longest": report.worst()}
