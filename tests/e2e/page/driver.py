"""What a reader does with the page and sees of it, in a test's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.page.stories import drawing

PATIENCE_S = 10.0

T = TypeVar("T")

# Hands the page a file as the system would: selenium drives neither the clipboard nor a drag from outside.
GIVE_FILE = """
const [kind, name, base64] = arguments;
const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const files = new DataTransfer();
files.items.add(new File([bytes], name, {type: 'image/png'}));
const asEvent = {
  paste: () => new ClipboardEvent('paste', {clipboardData: files, bubbles: true}),
  drop: () => new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}),
}[kind];
document.body.dispatchEvent(asEvent());
"""


class Page:
    """The page in a browser. Whatever is looked for is waited for."""

    def __init__(self, browser: Chrome, url: str, folder: Path) -> None:
        self.browser = browser
        self.url = url
        self.folder = folder

    def open(self, *, languages: str = "en") -> Page:
        """Loads the page for a reader with these languages, in the form of Accept-Language."""
        agent = self.script("return navigator.userAgent")
        override = {"userAgent": agent, "acceptLanguage": languages}
        self.browser.execute_cdp_cmd("Emulation.setUserAgentOverride", override)
        self.browser.get(self.url)
        return self

    def forget_everything(self) -> None:
        """A port, and so an origin, may come back; and a screen stays as the last test had it."""
        origin = {"origin": self.url.rstrip("/"), "storageTypes": "all"}
        self.browser.execute_cdp_cmd("Storage.clearDataForOrigin", origin)
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.complaints()

    def choose(self, content: bytes | None = None, name: str = "photo.png") -> None:
        """Chooses a file, a small PNG where `content` is None."""
        file = self.folder / name
        file.write_bytes(drawing("query") if content is None else content)
        self.browser.find_element(By.ID, "album").send_keys(str(file))

    def script(self, code: str, *arguments: Any) -> Any:
        return self.browser.execute_script(code, *arguments)

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def shown(self, css: str) -> WebElement:
        """The first element of `css`, once it can be seen."""
        return self.until(lambda: next(iter(self.visible(css)), None), f"{css} is not shown")

    def is_shown(self, css: str) -> bool:
        return bool(self.visible(css))

    def visible(self, css: str) -> list[WebElement]:
        return [element for element in self.all(css) if element.is_displayed()]

    def click(self, css: str) -> None:
        self.shown(css).click()

    def read(self, css: str) -> str:
        return self.shown(css).text

    def waits_for(self, code: str) -> None:
        """Waits until the script `code` returns something true."""
        self.until(lambda: self.script(code), f"never true: {code}")

    def says(self, css: str, text: str) -> None:
        """Waits until what can be seen of `css` reads `text`."""
        self.until(lambda: self.texts(css) == [text], f"{css} does not read {text!r}")

    def texts(self, css: str) -> list[str]:
        return [element.text for element in self.visible(css)]

    def until(self, happens: Callable[[], T | None], otherwise: str) -> T:
        """The first result of `happens` that is true. The page may redraw an element while we look at it."""
        wait = WebDriverWait(self.browser, PATIENCE_S, 0.05, [StaleElementReferenceException])
        result = wait.until(lambda _: happens(), otherwise)
        assert result
        return result

    def complaints(self) -> list[str]:
        """What the browser's log holds against the page: scripts that failed, rules that were broken."""
        log: list[dict[str, str]] = self.browser.execute("getLog", {"type": "browser"})["value"]
        return [
            entry["message"]
            for entry in log
            if entry["level"] == "SEVERE" and "server responded with a status" not in entry["message"]
        ]
