"""Which slices are one series, and how high in the head each of them lies."""

import numpy as np
import pandas as pd

_OF_SERIES = ("source", "patient_id", "study", "sequence", "plane", "series")
_FEWEST = 5  # fewer slices span no head


def name_series(manifest: pd.DataFrame) -> pd.DataFrame:
    """Name the series of each slice, so that no other one has its name.

    Parameters
    ----------
    manifest
        Slices of one source, patient, study, sequence, plane and ``series``, as far as these
        columns are there, are one series if they have a ``series``, or a ``slice`` and a
        ``patient_id``. Tables often number the series of each patient anew. Not modified.

    Returns
    -------
    pandas.DataFrame
        With ``series``; unchanged where there is nothing to tell it from.
    """
    missing = pd.Series(None, manifest.index, object)
    given, number, patient = (
        manifest.get(name, missing).notna() for name in ("series", "slice", "patient_id")
    )
    is_known = given | (number & patient)
    if not is_known.any():
        return manifest
    columns = [name for name in _OF_SERIES if name in manifest]
    parts = manifest[columns].fillna("-").astype(str)
    return manifest.assign(series=parts.agg("/".join, axis=1).where(is_known))


def find_levels(manifest: pd.DataFrame) -> pd.Series:
    """Find how far along its series each slice lies.

    Parameters
    ----------
    manifest
        With ``series`` and ``slice``, or without. Not modified.

    Returns
    -------
    pandas.Series
        With the index of `manifest`: from 0, the first slice, to 1, the last one; missing of a
        slice without a series, or of one with fewer than five numbered slices.
    """
    if not {"series", "slice"} <= set(manifest):
        return pd.Series(np.nan, manifest.index)
    number = manifest["slice"].astype(float)
    of_series = number.groupby(manifest["series"])
    first, last, count = (of_series.transform(how) for how in ("min", "max", "nunique"))
    return ((number - first) / (last - first)).where(count >= _FEWEST)


def find_places(manifest: pd.DataFrame) -> pd.Series:
    """Find which slice of its series each one is.

    Parameters
    ----------
    manifest
        With ``series`` and ``slice``, or without; and with ``split``, or without. Not modified.

    Returns
    -------
    pandas.Series
        With the index of `manifest`: from 0 and without gaps, as the slices of a scan are counted;
        missing where `find_levels` gives none, and where a series is divided among several parts,
        so that none of them has seen a head.
    """
    is_counted = find_levels(manifest).notna()
    if not is_counted.any():
        return pd.Series(np.nan, manifest.index)
    if "split" in manifest:
        parts = manifest.groupby("series")["split"].transform("nunique")
        is_counted &= parts == 1
    numbers = manifest["slice"].astype(float).where(is_counted)
    return numbers.groupby(manifest["series"]).rank("first") - 1
