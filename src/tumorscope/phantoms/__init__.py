"""Synthetic brain MRI slices with known lesions, for demonstrations and tests."""

from tumorscope.phantoms.generator import Phantom, draw_phantom, write_phantoms

__all__ = ["Phantom", "draw_phantom", "write_phantoms"]
