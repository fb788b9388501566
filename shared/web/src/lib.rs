//! What every HTTP function shares: problems, callers, limits, settings.
