/** Browser storage that may be switched off: then nothing is kept, and the page works all the same. */

export function recall(kind, name) {
  try {
    return window[kind].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps `value` under `name`; null forgets it. */
export function keep(kind, name, value) {
  try {
    if (value === null) window[kind].removeItem(name);
    else window[kind].setItem(name, value);
  } catch {
    // Nothing to do: what cannot be kept is asked for again next time.
  }
}
