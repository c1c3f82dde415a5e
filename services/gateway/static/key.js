/** The search key: asked for when the server wants one, kept until the tab is closed and no longer. */

import { keep, recall } from './storage.js';

const SAVED = 'tusou.key';

export function savedKey() {
  return recall('sessionStorage', SAVED);
}

export function forgetKey() {
  keep('sessionStorage', SAVED, null);
}

/** Resolves to the key typed, or null. `refused`: a key was tried and the server did not take it. */
export function askForKey({ refused }) {
  const dialog = document.getElementById('key-dialog');
  const field = document.getElementById('key');
  document.getElementById('key-refused').hidden = !refused;
  field.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        const key = dialog.returnValue === 'use' ? field.value : null;
        field.value = '';
        if (key) keep('sessionStorage', SAVED, key);
        resolve(key);
      },
      { once: true },
    );
  });
}
