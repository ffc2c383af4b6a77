"""Reads DICOM files and series; where a window is applied."""
