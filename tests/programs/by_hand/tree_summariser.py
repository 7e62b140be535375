"""Documents, the nodes of a level, and questions at once."""

import asyncio


async def main(program, call, documents, questions):
    async def summary(tree, texts):
        joined = " ".join(texts)
        try:
            return await call(program.summarize, joined)
        except TimeoutError:
            tree.failed += 1
            return joined[:40]

    async def level_of(tree, texts, clusters):
        vectors = await asyncio.gather(*(call(program.embed, text) for text in texts))
        indices = []
        for text, vector, members in zip(texts, vectors, clusters, strict=True):
            index = len(tree.nodes)
            tree.nodes[index] = program.Node(index, text, vector, members)
            indices.append(index)
        return indices

    async def build(document):
        tree = program.Tree()
        chunks = program.chunked(document, 60)
        tree.levels.append(await level_of(tree, chunks, [[] for _ in chunks]))
        while len(tree.levels[-1]) > 3 and len(tree.levels) <= 3:
            clusters = tree.cluster(tree.levels[-1], 3)
            texts = await asyncio.gather(
                *(summary(tree, [tree.nodes[i].text for i in members]) for members in clusters)
            )
            tree.levels.append(await level_of(tree, texts, clusters))
        return tree

    def collapsed(retriever, vector):
        order = sorted(
            retriever.tree.nodes.values(), key=lambda n: (-n.similarity(vector), n.index)
        )
        chosen, used = [], 0
        for node in order:
            if used + len(node.text) > retriever.budget:
                break
            chosen.append(node.index)
            used += len(node.text)
        return chosen

    def descend(tree, vector, level):
        if not level:
            return []
        best = max(level, key=lambda i: (tree.nodes[i].similarity(vector), -i))
        return [best, *descend(tree, vector, tree.nodes[best].children)]

    async def answer(trees, question, embedding):
        vector, found = await embedding, []
        for tree in trees:
            indices = {*collapsed(program.Retriever(tree), vector)}
            indices |= {*descend(tree, vector, tree.levels[-1])}
            found.extend(tree.nodes[i].text for i in sorted(indices))
        return await call(program.answer, question, " ".join(found))

    embeddings = [asyncio.ensure_future(call(program.embed, q)) for q in questions]
    trees = await asyncio.gather(*map(build, documents))
    answers = await asyncio.gather(
        *(answer(trees, q, e) for q, e in zip(questions, embeddings, strict=True))
    )
    return {
        "answers": dict(zip(questions, answers, strict=True)),
        "failed": sum(tree.failed for tree in trees),
        "trees": trees,
    }
