"""The page at `/` in headless Chromium, against a fake gateway that says whatever one may say."""
