/** Draws the state of the page. It reads the state and writes the document; it decides nothing. */

import { placeBox } from './crop.js';
import { button, icon, make } from './dom.js';
import { hitGrid, skeletonGrid } from './hits.js';

const SKELETONS = 8;
const WHOLE_PHOTO = 0.9; // a box of more than this share of the photo marks nothing
const CATEGORIES = 3; // beside the label; the vote's long tail tells nothing
const STEPS = ['uploading', 'recognising', 'searching'];

const byId = (id) => document.getElementById(id);

/**
 * `state` is {phase, photo, crop, …}, where phase is
 * `start`, `working` (+ step, queued), `answered` (+ job) or `stopped` (+ problem).
 * `acts` are what buttons do: {retry, another, enterKey, why}.
 */
export function draw(state, { words, language, acts }) {
  const leavesStart = document.body.dataset.phase === 'start' && state.phase !== 'start';
  document.body.dataset.phase = state.phase;
  byId('start').hidden = state.phase !== 'start';
  byId('answer').hidden = state.phase === 'start';
  byId('not-a-photo').hidden = !state.notAPhoto;
  if (state.phase === 'start') return;

  const scene = SCENES[sceneOf(state)](state, { words, language, acts });
  drawPhoto(state, words);
  byId('headline').textContent = scene.headline;
  byId('aside').textContent = scene.aside ?? '';
  byId('seen').replaceChildren(...(scene.seen ?? []));
  byId('outcome').replaceChildren(...scene.outcome);
  drawSteps(state);
  // The button that was pressed is gone: keep the keyboard's place at the answer.
  if (leavesStart) byId('headline').focus({ preventScroll: true });
}

function sceneOf({ phase, job }) {
  return phase === 'answered' && job.state === 'rejected' ? 'rejected' : phase;
}

const SCENES = {
  working: (state, { words }) => ({
    headline: state.queued ? words.queued : words[state.step],
    outcome: [skeletonGrid(SKELETONS)],
  }),

  answered: ({ job }, { words, language, acts }) => {
    const { items, index } = job.result;
    const count = items.reduce((sum, item) => sum + item.hits.length, 0);
    const total = job.timings_ms?.total;
    return {
      headline: count === 0 ? words.noMatches : words.matches(count),
      aside: count > 0 && Number.isFinite(total) ? words.took(Math.round(total)) : '',
      seen: items.flatMap((item) => chips(item, language)),
      outcome: [
        index?.partial ? note(words.partial, button(words.searchAgain, 'plain', acts.retry)) : null,
        ...items.flatMap((item) => itemPart(item, items.length > 1, { words, language, acts })),
        count === 0 ? note(words.noMatchesText) : null,
      ].filter(Boolean),
    };
  },

  rejected: ({ job }, { words, acts }) => ({
    headline: words.rejected,
    aside: words.rejectedText,
    outcome: [
      make(
        'div',
        { class: 'panel', id: 'rejected' },
        make('ul', { class: 'reasons' }, ...(job.reasons ?? []).map((reason) => reasonLine(reason, words))),
        make('p', { class: 'actions' }, button(words.takeAnother, 'primary', acts.another)),
      ),
    ],
  }),

  stopped: ({ problem }, { words, acts }) => ({
    headline: words.troubles[problem.code] ?? words.trouble,
    outcome: [problemPanel(problem, words, acts)],
  }),
};

function problemPanel(problem, words, acts) {
  const said = problem.detail || (problem.retryable ? words.troubleText : null);
  return make(
    'div',
    { class: 'panel', id: 'problem' },
    said ? make('p', { dir: 'auto' }, said) : null,
    make('p', { class: 'actions' }, ...remedies(problem, words, acts)),
  );
}

function itemPart(item, named, { words, language, acts }) {
  return [
    named && item.label ? make('h3', { class: 'item-label' }, item.label) : null,
    item.no_confident_match && item.hits.length > 0 ? note(words.noConfidentMatch) : null,
    item.hits.length > 0 ? hitGrid(item.hits, { words, language, onWhy: acts.why }) : null,
  ];
}

function chips({ label, label_score: score, categories }, language) {
  const percent = new Intl.NumberFormat(language, { style: 'percent' });
  const drawn = [];
  if (label) {
    const sure = Number.isFinite(score) ? make('small', {}, percent.format(score)) : null;
    drawn.push(make('li', { class: 'chip strong', dir: 'auto' }, label, sure));
  }
  const others = (categories ?? []).filter(({ name }) => name !== label).slice(0, CATEGORIES);
  return [...drawn, ...others.map(({ name }) => make('li', { class: 'chip', dir: 'auto' }, name))];
}

function reasonLine({ code, advice }, words) {
  const said = make('span', { dir: 'auto' }, advice || words.noAdvice(code));
  return make('li', { 'data-code': code }, icon('advice'), said);
}

function remedies(problem, words, acts) {
  const another = button(words.chooseAnother, 'plain', acts.another);
  if (problem.code === 'unauthorized' || problem.code === 'forbidden') {
    return [button(words.enterKey, 'primary', acts.enterKey)];
  }
  if (!problem.retryable) return [button(words.chooseAnother, 'primary', acts.another)];
  const retry = button(words.retry, 'primary', acts.retry);
  countDown(retry, problem.retryAt, words);
  return [retry, another];
}

function countDown(retry, retryAt, words) {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  retry.disabled = seconds > 0;
  retry.textContent = seconds > 0 ? words.retryIn(seconds) : words.retry;
  if (seconds > 0) setTimeout(countDown, 500, retry, retryAt, words);
}

function note(text, action = null) {
  return make('div', { class: 'note' }, make('p', {}, text), action);
}

function drawSteps({ phase, step }) {
  byId('steps').hidden = phase !== 'working';
  const now = STEPS.indexOf(step);
  for (const [at, element] of [...byId('steps').children].entries()) {
    element.dataset.reached = at < now ? 'done' : at === now ? 'now' : 'ahead';
  }
}

/** The photo, and on it the items that were found. A part that was asked for is drawn by part.js. */
function drawPhoto({ photo, crop, job }, words) {
  const frame = byId('photo');
  const shown = frame.querySelector('img');
  if (shown?.src === photo.url) shown.alt = words.yourPhoto;
  else putPhoto(frame, shown, make('img', { src: photo.url, alt: words.yourPhoto }));
  for (const old of frame.querySelectorAll('.found-box')) old.remove();
  const boxes = crop ? [] : (job?.result?.items ?? []).map((item) => item.box).filter(worthMarking);
  for (const box of boxes) {
    const mark = make('div', { class: 'found-box' });
    placeBox(mark, box);
    frame.append(mark);
  }
}

/** In place of the one before; a photo that this browser cannot read stands as a drawing of one. */
function putPhoto(frame, before, image) {
  for (const old of [before, frame.querySelector('.icon')]) old?.remove();
  image.addEventListener('load', () => {
    frame.style.setProperty('--ratio', image.naturalWidth / image.naturalHeight);
    URL.revokeObjectURL(image.src);
  });
  image.addEventListener('error', () => {
    URL.revokeObjectURL(image.src);
    if (!image.isConnected) return;
    image.hidden = true;
    frame.append(icon('no-image'));
  });
  frame.prepend(image);
}

function worthMarking(box) {
  if (!box) return false;
  const [x0, y0, x1, y1] = box;
  return (x1 - x0) * (y1 - y0) < WHOLE_PHOTO;
}
