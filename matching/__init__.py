"""Matching: which rows of different sources are the same money, scored and one to one; pure."""
