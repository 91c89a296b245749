"""Renders docs/images/report.png: the report of `barstep run configs/trend_pyramid.yaml`. Run it from anywhere.

It needs Debian's package chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from barstep import run
from barstep.report import write_report

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "images" / "report.png"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1240,1655",
    "--virtual-time-budget=10000",
)  # fmt: skip


def main() -> None:
    """Play the run, open its report and keep the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        result = run(HERE.parent / "configs" / "trend_pyramid.yaml", out=Path(folder, "run"))
        assert result.folder is not None  # noqa: S101 - it was just written
        page = write_report(result.folder)
        command = [chromium, *FLAGS, f"--user-data-dir={folder}/browser", f"--screenshot={PICTURE}", page.as_uri()]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    main()
