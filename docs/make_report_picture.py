"""Renders docs/images/report.png: the report of `barstep run configs/trend_pyramid.yaml`. Run it from anywhere.

It needs Debian's packages chromium and chromium-driver, and selenium.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from selenium import webdriver

from barstep import run
from barstep.report import write_report

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "images" / "report.png"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1240,1190")


def main() -> None:
    """Play the run, open its report and keep the picture."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(HERE.parent / "configs" / "trend_pyramid.yaml", out=Path(folder, "run"))
        assert result.folder is not None  # noqa: S101 - it was just written
        page = write_report(result.folder)
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS:
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        try:
            browser.get(page.as_uri())
            while not browser.execute_script("return document.documentElement.dataset.ready"):
                time.sleep(0.1)

            time.sleep(1.5)
            browser.save_screenshot(str(PICTURE))
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
