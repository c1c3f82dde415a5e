/** The HTTP contract as this page uses it. `reader` is {language, key}; key is null when none was asked for. */

const WAIT_S = 20;
const LIMIT = 24;
const MISSES_FORGIVEN = 5; // polls in a row that may fail before a search is given up
const BREATH_S = 0.3; // between polls, for servers that answer at once when too many wait

const FINAL = new Set(['succeeded', 'rejected', 'failed', 'cancelled', 'expired']);

/** Trouble with a name: problem+json from the server, the `error` of a failed job, or `offline`. */
export class Problem extends Error {
  constructor({ code = 'internal', detail = null, retryable = false } = {}, retryAfterS = null) {
    super(detail ?? code);
    this.code = code;
    this.detail = detail;
    this.retryable = retryable;
    this.retryAfterS = retryAfterS;
    this.retryAt = Date.now() + (retryAfterS ?? 0) * 1000;
  }
}

/**
 * Sends a photo. Resolves to the job, finished if the server was quick.
 * `crop` is a box or null; `onSent` is called when the last byte of the photo has left.
 */
export async function startSearch(photo, { crop, reader, signal, onSent }) {
  const form = new FormData();
  form.append('image', photo, photo.name ?? 'photo.jpg');
  form.append('limit', LIMIT);
  form.append('explain', 'true');
  if (crop) form.append('crop', JSON.stringify(crop));
  const headers = { ...headersOf(reader), Prefer: `wait=${WAIT_S}` };
  return readJson(await post('/v1/searches', form, { headers, signal, onSent }));
}

/** Follows a job until it is final; `onProgress` sees it each time it is not. */
export async function finished(job, { reader, signal, onProgress }) {
  let misses = 0;
  while (!FINAL.has(job.state)) {
    onProgress(job);
    try {
      job = await getJob(job.id, { reader, signal, wait: WAIT_S });
      misses = 0;
      if (!FINAL.has(job.state)) await pause(BREATH_S);
    } catch (trouble) {
      if (!trouble.retryable || ++misses > MISSES_FORGIVEN) throw trouble;
      await pause(trouble.retryAfterS ?? misses);
    }
  }
  return job;
}

export function getJob(id, { reader, signal, wait = 0 }) {
  return get(`/v1/jobs/${encodeURIComponent(id)}?wait=${wait}`, { reader, signal });
}

/** The explanation at `address`, once it is made. */
export async function explained(address, { reader, signal }) {
  for (;;) {
    const body = await get(address, { reader, signal, headers: { Prefer: `wait=${WAIT_S}` } });
    if (body.query_url) return body;
    await pause(BREATH_S);
  }
}

/** Sample photos, [{url, label}]; none where the server offers none or does not say. */
export async function listSamples(reader) {
  try {
    return (await get('/v1/samples', { reader })).samples ?? [];
  } catch {
    return [];
  }
}

async function get(path, { reader, signal, headers = {} }) {
  const response = await fetch(path, { headers: { ...headersOf(reader), ...headers }, signal }).catch((trouble) => {
    throw signal?.aborted ? trouble : offline();
  });
  return readJson(response);
}

// fetch() cannot tell when an upload is done; XMLHttpRequest can.
function post(path, form, { headers, signal, onSent }) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onload = onSent;
    request.onload = () =>
      resolve(
        new Response(request.responseText, {
          status: request.status,
          headers: { 'Retry-After': request.getResponseHeader('Retry-After') ?? '' },
        }),
      );
    request.onerror = () => reject(offline());
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}

async function readJson(response) {
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const seconds = Number.parseInt(response.headers.get('Retry-After'), 10);
  throw new Problem(body ?? fromBetween(response), Number.isNaN(seconds) ? null : seconds);
}

/** What a proxy in between said, in words of its own. */
function fromBetween({ status }) {
  return { code: status === 413 ? 'too_large' : 'internal', retryable: status >= 500 };
}

function headersOf({ language, key }) {
  const headers = { Accept: 'application/json', 'Accept-Language': language };
  if (key) headers.Authorization = `Bearer ${key}`;
  return headers;
}

function offline() {
  return new Problem({ code: 'offline', retryable: true });
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
