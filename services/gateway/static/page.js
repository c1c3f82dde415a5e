/** The page at `/`: a photo in, products out. Wires the document to the API and keeps the one state. */

import { Problem, finished, getJob, listSamples, startSearch } from './api.js';
import { make } from './dom.js';
import { askForKey, forgetKey, savedKey } from './key.js';
import { partChooser } from './part.js';
import { listenForPhotos, readyToSend } from './photo.js';
import { draw } from './view.js';
import { showWhy } from './why.js';
import { WORDS, keepLanguage, readerLanguage, speak } from './words.js';

const byId = (id) => document.getElementById(id);

const reader = { language: readerLanguage(), key: savedKey() };
let state = { phase: 'start' };
let running = new AbortController();

const acts = {
  retry: () => search(state.photo, state.crop),
  another: () => byId(matchMedia('(pointer: coarse)').matches ? 'camera' : 'album').click(),
  enterKey: () => searchWithNewKey(state.photo, state.crop),
  why: (address) => showWhy(address, { words: WORDS[reader.language], reader }),
};

const part = partChooser({ onSearch: (crop) => search(state.photo, crop) });

function show(next) {
  state = next;
  draw(state, { words: WORDS[reader.language], language: reader.language, acts });
  part.follow(state);
}

/** The whole story of one photo; a newer one ends it. */
async function search(photo, crop = null) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const asked = { photo, crop };
  const reached = (step, queued = false) => {
    if (!signal.aborted) show({ ...asked, phase: 'working', step, queued });
  };
  reached('uploading');
  try {
    const ready = await readyToSend(photo.file);
    const started = await startSearch(ready, { crop, reader, signal, onSent: () => reached('recognising') });
    const job = await finished(started, { reader, signal, onProgress: (now) => reached(...stepOf(now)) });
    if (job.state === 'succeeded' || job.state === 'rejected') show({ ...asked, phase: 'answered', job });
    else throw new Problem({ code: job.state, retryable: true, ...job.error });
  } catch (trouble) {
    if (signal.aborted) return;
    if (trouble.code === 'unauthorized') await searchWithNewKey(photo, crop, trouble);
    else show({ ...asked, phase: 'stopped', problem: asProblem(trouble) });
  }
}

function stepOf(job) {
  return job.state === 'queued' ? ['recognising', true] : ['searching'];
}

function startOver(remark = {}) {
  running.abort();
  show({ phase: 'start', ...remark });
}

/** Asks for a key and searches again with it; without one the search stays stopped. */
async function searchWithNewKey(photo, crop, problem = state.problem) {
  show({ photo, crop, phase: 'stopped', problem });
  const key = await askForKey({ refused: reader.key !== null });
  if (key === null) return;
  useKey(key);
  await search(photo, crop);
}

function asProblem(trouble) {
  if (trouble instanceof Problem) return trouble;
  console.error(trouble);
  return new Problem({ retryable: true });
}

function useKey(key) {
  reader.key = key;
  byId('forget-key').hidden = key === null;
  showSamples(); // which may be kept behind the same key
}

function searchFile(file) {
  window.scrollTo({ top: 0 });
  return search({ file, url: URL.createObjectURL(file) });
}

/** A sample that cannot be had any more leaves the strip. */
async function searchSample(url, tile) {
  const response = await fetch(url).catch(() => null);
  if (response?.ok) await searchFile(await response.blob());
  else tile.remove();
}

async function showSamples() {
  const samples = await listSamples(reader);
  byId('samples').hidden = samples.length === 0;
  const tiles = samples.map(({ url, label }) => {
    const tile = make('button', { type: 'button', title: label }, make('img', { src: url, alt: label }));
    tile.addEventListener('click', () => searchSample(url, tile));
    return make('li', {}, tile);
  });
  byId('samples').querySelector('ul').replaceChildren(...tiles);
}

/** Draws all again in another language; a rejected photo's advice is the server's, so it is asked again. */
async function changeLanguage(language) {
  reader.language = language;
  keepLanguage(language);
  speakNow();
  show(state);
  const shown = state;
  if (shown.job?.state !== 'rejected') return;
  const job = await getJob(shown.job.id, { reader }).catch(() => shown.job);
  if (state === shown) show({ ...shown, job });
}

function otherLanguage() {
  return reader.language === 'en' ? 'zh-CN' : 'en';
}

function speakNow() {
  speak(reader.language);
  const other = otherLanguage();
  Object.assign(byId('language'), { lang: other, textContent: other === 'en' ? 'English' : '中文' });
}

byId('language').addEventListener('click', () => changeLanguage(otherLanguage()));
byId('restart').addEventListener('click', () => {
  startOver();
  document.querySelector('#drop .primary').focus({ preventScroll: true });
});
byId('forget-key').addEventListener('click', () => {
  forgetKey();
  useKey(null);
});
byId('drop').addEventListener('click', (event) => {
  byId(event.target.dataset.opens ?? 'album').click();
});
listenForPhotos({
  inputs: [byId('album'), byId('camera')],
  veil: byId('veil'),
  onPhoto: searchFile,
  onOther: () => startOver({ notAPhoto: true }),
});

speakNow();
useKey(reader.key);
show(state);
