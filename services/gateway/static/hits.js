/** Hits as cards. Any field of a product may be null; what is not there is not shown. */

import { button, icon, make, ownAddress, webAddress } from './dom.js';

const STARS = 5;
const SQUARE_ENOUGH = 1.4; // a picture no longer than this fills its tile, a longer one is shown whole

/** A list of cards for the hits of one item; `onWhy` is called with the address of an explanation. */
export function hitGrid(hits, { words, language, onWhy }) {
  const one = (hit) => make('li', {}, card(hit, words, language), why(hit, words, onWhy));
  return make('ul', { class: 'hits' }, ...hits.map(one));
}

/** Grey cards of the same size, so that nothing moves when the hits come. */
export function skeletonGrid(count) {
  const one = () =>
    make(
      'li',
      {},
      make(
        'div',
        { class: 'card skeleton' },
        make('div', { class: 'tile' }),
        make('div', { class: 'bone' }),
        make('div', { class: 'bone short' }),
      ),
    );
  return make('ul', { class: 'hits', 'aria-hidden': 'true' }, ...Array.from({ length: count }, one));
}

function card({ score, image_url: imageUrl, product }, words, language) {
  const { id, title, brand, price, rating, availability, url } = product ?? {};
  const inside = [
    tile(imageUrl),
    brand ? make('p', { class: 'brand-name', dir: 'auto' }, brand) : null,
    make('h3', { class: 'title', dir: 'auto' }, title || id || words.untitled),
    make('p', { class: 'price' }, price ? money(price, language) : ''),
    make(
      'div',
      { class: 'facts' },
      rating ? stars(rating, words, language) : null,
      availability ? stock(availability, words) : null,
    ),
    match(score, words, language),
  ];
  const address = webAddress(url);
  if (address === null) return make('div', { class: 'card' }, ...inside);
  return make('a', { class: 'card', href: address, target: '_blank', rel: 'noopener noreferrer' }, ...inside);
}

function why({ explanation_url: explanationUrl }, words, onWhy) {
  const address = ownAddress(explanationUrl);
  return address === null ? null : button(words.why, 'why', () => onWhy(address));
}

function tile(imageUrl) {
  const address = ownAddress(imageUrl);
  const box = make('div', { class: 'tile' });
  if (address === null) {
    box.append(icon('no-image'));
    return box;
  }
  const image = make('img', { src: address, alt: '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('load', () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    if (Math.max(width / height, height / width) > SQUARE_ENOUGH) image.classList.add('whole');
  });
  image.addEventListener('error', () => image.replaceWith(icon('no-image')));
  box.append(image);
  return box;
}

/** "39.90", "EUR" as the reader's language writes it; as it stands where it is no number or no currency. */
function money({ amount, currency }, language) {
  const number = Number(amount);
  if (amount === null || amount === '' || !Number.isFinite(number)) return '';
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency }).format(number);
  } catch {
    return [amount, currency].filter(Boolean).join(' ');
  }
}

function stars({ value, count }, words, language) {
  if (!Number.isFinite(value)) return null;
  const share = Math.min(1, Math.max(0, value / STARS));
  const written = decimals(value, 1, language);
  const ratings = Number.isFinite(count) ? new Intl.NumberFormat(language).format(count) : null;
  const drawn = make('span', { class: 'stars', role: 'img', 'aria-label': words.stars(written, ratings) });
  drawn.style.setProperty('--share', `${share * 100}%`);
  const said = ratings === null ? written : `${written} (${ratings})`;
  return make('p', { class: 'rating' }, drawn, make('span', { 'aria-hidden': 'true' }, said));
}

function stock(availability, words) {
  const known = Object.hasOwn(words.availability, availability);
  const said = known ? words.availability[availability] : availability.replaceAll('_', ' ');
  return make('p', { class: 'stock', 'data-stock': known ? availability : 'other', dir: 'auto' }, said);
}

function match(score, words, language) {
  if (!Number.isFinite(score)) return null;
  const written = decimals(score, 2, language);
  const bar = make('span', { class: 'bar' }, make('span', { class: 'bar-fill' }));
  // Cosine runs from -1 to 1; below 0 there is nothing alike to show.
  bar.firstChild.style.width = `${Math.min(1, Math.max(0, score)) * 100}%`;
  return make('p', { class: 'score', role: 'img', 'aria-label': words.score(written) }, bar, written);
}

function decimals(number, places, language) {
  const exactly = { minimumFractionDigits: places, maximumFractionDigits: places };
  return new Intl.NumberFormat(language, exactly).format(number);
}
