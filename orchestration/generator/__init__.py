"""The one generator of companies: deterministic by seed, from a demo to 100 million activities."""
