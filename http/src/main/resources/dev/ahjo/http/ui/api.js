// The node's API, and its live events.

const TOKEN = 'ahjo.token';
const PAUSE = 1000;
const MAX_PAUSE = 10000;
const SOON = 80;
const MAX_SOON = 2000;
/** Three times as long as the node ever keeps a stream silent. */
const SILENCE = 45000;
/** An answer that does not stream comes within this time, or the question is asked again. */
const PATIENCE = 30000;
let refused = false;

function ask(path, options, token) {
  return fetch(path, { ...options, headers: token ? { ...options.headers, Authorization: `Bearer ${token}` } : options.headers });
}

/** Asks again with a token when the node wants one; the tab forgets it when it closes. */
async function send(path, options) {
  const used = sessionStorage.getItem(TOKEN);
  const answer = await ask(path, options, used);
  if (answer.status !== 401) return answer;
  // Several questions are on their way at once, but a person is asked once.
  if (sessionStorage.getItem(TOKEN) === used && !refused) {
    const token = prompt('This needs a token');
    if (token) sessionStorage.setItem(TOKEN, token.trim());
    else refused = true;
  }
  const token = sessionStorage.getItem(TOKEN);
  return token === used ? answer : ask(path, options, token);
}

/** What the node said instead; `again` is in how many ms to ask once more, if that may help. */
async function told(answer) {
  const problem = await answer.json().catch(() => ({}));
  const error = new Error(problem.detail || problem.title || `The node answered ${answer.status}`);
  if (answer.status >= 500) error.again = pause(answer);
  return error;
}

/** How long to wait before the next try, as the node wishes. */
export function pause(answer) {
  const seconds = Number(answer.headers.get('Retry-After'));
  return Math.min(MAX_PAUSE, Math.max(PAUSE, seconds * 1000 || 0));
}

export const later = ms => new Promise(r => setTimeout(r, ms));

export async function get(path) {
  const answer = await send(path, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw await told(answer);
  return answer.json();
}

/** Bytes of a log: an answer with status 200, 206, 404 or 416. */
export function bytes(path, range, signal) {
  return send(path, { headers: range ? { Range: range } : {}, signal, cache: 'no-store' });
}

export async function post(path, body) {
  refused = false;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
  const answer = await send(path, {
    method: 'POST',
    headers: { 'Idempotency-Key': key, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  if (!answer.ok) throw await told(answer);
  return answer.json();
}

/**
 * Aborts once the tab is hidden: a browser has few connections to one host, and hidden tabs must
 * not hold them.
 */
export function whileSeen() {
  const hidden = new AbortController();
  const changed = () => {
    if (!document.hidden) return;
    document.removeEventListener('visibilitychange', changed);
    hidden.abort();
  };
  document.addEventListener('visibilitychange', changed);
  return { signal: hidden.signal, close: () => document.removeEventListener('visibilitychange', changed) };
}

/** When the tab is seen again. */
export async function seen() {
  while (document.hidden) {
    await new Promise(r => document.addEventListener('visibilitychange', r, { once: true }));
  }
}

/** Reads the stream of events until it ends; each is no more than a hint that something happened. */
async function events(path, opened, happened) {
  const mine = new AbortController();
  const tab = whileSeen();
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => mine.abort(), SILENCE);
  };
  try {
    heard();
    const signal = AbortSignal.any([tab.signal, mine.signal]);
    const answer = await send(path, { headers: { Accept: 'text/event-stream' }, signal, cache: 'no-store' });
    if (!answer.ok) throw Object.assign(await told(answer), { again: answer.status < 500 ? MAX_PAUSE : pause(answer) });
    opened();
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      heard();
      if (decoder.decode(piece.value, { stream: true }).includes('data:')) happened();
    }
  } finally {
    clearTimeout(silence);
    tab.close();
  }
}

/**
 * Calls `look` at once, and again soon after anything happened, for as long as the page is there:
 * when the node is lost the page says so, and goes on by itself when it is back.
 */
export async function live(path, look) {
  const link = document.getElementById('link');
  const troubles = { stream: '', look: '' };
  let timer = 0;
  let busy = false;
  let again = false;
  let rest = SOON;

  const tell = (who, what) => {
    troubles[who] = what;
    const text = troubles.stream || troubles.look;
    link.hidden = !text;
    if (link.textContent !== text) link.textContent = text;
  };
  const soon = (ms = rest) => {
    if (busy) again = true;
    else if (!timer) timer = setTimeout(run, ms);
  };
  async function run() {
    timer = 0;
    busy = true;
    const began = performance.now();
    let wait = 0;
    try {
      await look();
      tell('look', '');
    } catch (e) {
      const lost = e instanceof TypeError || e.name === 'TimeoutError';
      tell('look', lost ? 'The node does not answer; trying again' : e.message);
      wait = lost ? PAUSE : e.again || 0;
    }
    busy = false;
    // A page that is costly to paint, or a node that is slow to answer, is asked less often.
    rest = Math.min(MAX_SOON, Math.max(SOON, 4 * (performance.now() - began)));
    if (wait || again) soon(Math.max(wait, rest));
    again = false;
  }

  soon(0);
  for (;;) {
    await seen();
    let wait = PAUSE;
    let trouble = 'The node does not answer; trying again';
    try {
      await events(path, () => { tell('stream', ''); soon(); }, () => soon());
    } catch (e) {
      if (e.again) {
        trouble = e.message;
        wait = e.again;
      }
    }
    if (document.hidden) continue;
    tell('stream', trouble);
    await later(wait);
  }
}
