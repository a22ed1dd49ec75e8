"""A moving-average strategy on daily prices, as a function that knows nothing of longhaul."""

import csv
import math
from pathlib import Path


def momentum(symbol="ORCA", fast=10, slow=30):
    """Long while the fast average is above the slow one; what that would have earned."""
    prices = _prices(symbol)
    if not 0 < fast < slow < len(prices):
        raise ValueError(f"0 < fast < slow < {len(prices)} must hold, got {fast} and {slow}")
    print(f"{symbol}: {len(prices)} days, averages of {fast} and {slow}")
    value = peak = 1.0
    drawdown = total = squares = 0.0
    days = trades = 0
    held = False
    for day in range(slow, len(prices)):
        wanted = _mean(prices, day - fast, day) > _mean(prices, day - slow, day)
        trades += wanted != held
        held = wanted
        earned = prices[day] / prices[day - 1] - 1 if held else 0.0
        value *= 1 + earned
        peak = max(peak, value)
        drawdown = max(drawdown, 1 - value / peak)
        total += earned
        squares += earned * earned
        days += 1
    mean = total / days
    deviation = math.sqrt(max(0.0, squares / days - mean * mean))
    return {
        "symbol": symbol,
        "days": days,
        "trades": trades,
        "return": value - 1,
        "volatility": deviation * math.sqrt(252),
        "drawdown": drawdown,
        "sharpe": None if deviation == 0 else mean / deviation * math.sqrt(252),
    }


def _prices(symbol):
    with open(Path(__file__).with_name("prices.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    if symbol not in rows[0]:
        raise KeyError(f"no prices of {symbol}")
    return [float(row[symbol]) for row in rows]


def _mean(prices, start, end):
    # Added one after the other, as every language does it: sum() of newer Pythons is more exact.
    total = 0.0
    for day in range(start, end):
        total += prices[day]
    return total / (end - start)
