/** Why a hit matched: two heat maps side by side, over the photo and over the product's image. */

import { explained } from './api.js';
import { make, ownAddress } from './dom.js';

/** Opens the dialog and fills it; `address` is a hit's explanation_url. */
export async function showWhy(address, { words, reader }) {
  const dialog = document.getElementById('why');
  const body = document.getElementById('why-body');
  const closed = new AbortController();
  dialog.addEventListener('close', () => closed.abort(), { once: true });
  body.replaceChildren(make('p', { role: 'status' }, words.whyWorking));
  dialog.showModal();
  try {
    const { query_url: query, result_url: result } = await explained(address, { reader, signal: closed.signal });
    body.replaceChildren(
      make('div', { class: 'heat-maps' }, map(query, words.yourPhoto), map(result, words.product)),
      make('p', {}, words.whyText),
    );
  } catch (trouble) {
    if (closed.signal.aborted) return;
    body.replaceChildren(make('p', { role: 'status', dir: 'auto' }, trouble.detail ?? words.trouble));
  }
}

function map(address, said) {
  const image = make('img', { src: ownAddress(address), alt: '' });
  return make('figure', {}, image, make('figcaption', {}, said));
}
