"""Answers for scans."""
