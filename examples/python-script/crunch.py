"""One call that stays inside C for days: no Python code runs in between, so nothing can be asked to stop."""


def crunch(n: int = 10**13) -> dict:
    """Add the first `n` whole numbers, one after the other."""
    return {"total": sum(range(n))}
