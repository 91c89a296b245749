"""As users have them: installed, and named in a run file."""

import json

RUN = """
version: 1
data: {instrument: ES, timeframe: 1m, source: sample}
fills: {slippage: {use: range_slippage, options: {share: 0.5}}}
strategies:
  - use: sma_crossover
risk:
  - use: weekly_loss
    options: {usd: 500}
"""


def test_both_are_found_by_name(barstep_workspace):
    barstep_workspace.write("configs/run.yaml", RUN)
    result = barstep_workspace.run("configs/run.yaml")
    assert result.risk["denials"]["weekly_loss"] > 0
    plugins = json.loads((result.folder / "manifest.json").read_text())["plugins"]
    packages = {plugin["name"]: plugin["package"] for plugin in plugins}
    assert packages["weekly_loss"] == packages["range_slippage"] == "barstep-weekly 0.1.0"
