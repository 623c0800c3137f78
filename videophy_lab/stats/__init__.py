"""Statistics of ratings, scores and judges on plain arrays: NumPy, SciPy, statsmodels and Numba only.

Every function takes arrays, a seeded ``numpy.random.Generator`` where it draws, and keyword-only options.
Tables belong to :mod:`videophy_lab.study`.
"""
