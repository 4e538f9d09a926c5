"""Settings of hypothesis: its files below .lab/, and no deadlines, because timings are no tests."""

from pathlib import Path

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(__file__).parents[2] / ".lab" / "cache" / "hypothesis")
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
