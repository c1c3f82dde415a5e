/** Choosing a part of the photo: the buttons beside it and the box on it. */

import { cropper, placeBox } from './crop.js';
import { make } from './dom.js';

const byId = (id) => document.getElementById(id);

/** `follow(state)` keeps the controls in step with the page; `onSearch` gets the box that was chosen. */
export function partChooser({ onSearch }) {
  const frame = byId('photo');
  const mark = make('div', { class: 'crop', hidden: '', tabindex: '-1', role: 'group' });
  frame.append(mark);
  const box = cropper(frame, mark);
  let choosing = false;
  let crop = null;

  const show = (next) => {
    choosing = next;
    document.body.classList.toggle('choosing-part', choosing);
    for (const id of ['search-part', 'cancel-part', 'part-hint']) byId(id).hidden = !choosing;
    for (const id of ['select-part', 'restart']) byId(id).hidden = choosing;
    mark.tabIndex = choosing ? 0 : -1;
    mark.setAttribute('aria-label', byId('part-hint').textContent);
    mark.hidden = !choosing && crop === null;
    if (choosing) box.open(crop);
    else {
      box.close();
      if (crop) placeBox(mark, crop);
    }
  };

  byId('select-part').addEventListener('click', () => show(true));
  byId('cancel-part').addEventListener('click', () => show(false));
  byId('search-part').addEventListener('click', () => onSearch(box.box()));
  frame.addEventListener('keydown', (event) => {
    if (!choosing) return;
    if (event.key === 'Escape') show(false);
    if (event.key === 'Enter') onSearch(box.box());
  });

  return {
    follow(state) {
      crop = state.crop ?? null;
      byId('select-part').disabled = state.phase === 'working';
      show(false);
    },
  };
}
