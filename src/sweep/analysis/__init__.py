"""Everything people look at, computed from the study's history: leaderboard, figures, report, comparison."""
