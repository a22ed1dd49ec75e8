"""The smallest service worth deploying: no dependency, one file in, numbers out."""

from pathlib import Path


def word_count(text: Path, top: int = 10) -> dict:
    """Count the words of a text and name the commonest."""
    counts: dict[str, int] = {}
    with text.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            for word in line.lower().split():
                counts[word] = counts.get(word, 0) + 1
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]
    return {"words": sum(counts.values()), "top": [word for word, _ in commonest]}
