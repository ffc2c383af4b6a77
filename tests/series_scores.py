"""Scores of slices of heads, as a fold of a cross-validation has them."""

import numpy as np
import pandas as pd


def draw_heads(count: int, seed: int, slices: int = 12) -> pd.DataFrame:
    """Slices of heads, every other one with a tumor in three slices; one in ten is refused."""
    rng = np.random.default_rng(seed)
    rows = []
    for head in range(count):
        for place in range(slices):
            label = int(head % 2 == 1 and place in (5, 6, 7))
            logit = 3 * label - 1.5 + rng.normal(0, 1)
            rows.append(
                {
                    "path": f"/d/{seed}/{head}/{place}.png",
                    "label": label,
                    "group": 1000 * seed + head,
                    "probability": 1 / (1 + np.exp(-logit)),
                    "reason": "unlike" if rng.random() < 0.1 else None,
                    "series": f"{seed}/{head}",
                    "place": float(place),
                    "little_brain": place in (0, slices - 1),
                }
            )
    return pd.DataFrame(rows)
