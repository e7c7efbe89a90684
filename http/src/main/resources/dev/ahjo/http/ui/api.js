// The node's API, and its live events.

const TOKEN = 'ahjo.token';

function headers(more) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : { ...more };
}

/** Asks again with a token when the node wants one; the tab forgets it when it closes. */
async function send(path, options) {
  const answer = await fetch(path, { ...options, headers: headers(options.headers) });
  if (answer.status !== 401) return answer;
  const token = prompt('This needs a token');
  if (!token) return answer;
  sessionStorage.setItem(TOKEN, token.trim());
  return fetch(path, { ...options, headers: headers(options.headers) });
}

async function told(answer) {
  const problem = await answer.json().catch(() => ({}));
  return new Error(problem.detail || problem.title || `The node answered ${answer.status}`);
}

export async function get(path) {
  const answer = await send(path, {});
  if (!answer.ok) throw await told(answer);
  return answer.json();
}

/** Bytes of a log: an answer with status 200, 206, 404 or 416. */
export function bytes(path, range, signal) {
  return send(path, { headers: range ? { Range: range } : {}, signal, cache: 'no-store' });
}

export async function post(path, body) {
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
 * Calls `look` at once, and again soon after anything happened. The stream is closed while the tab
 * is hidden: a browser has few connections to one host, and hidden tabs must not hold them.
 */
export function live(path, look) {
  const link = document.getElementById('link');
  let source = null;
  let due = false;
  let busy = false;

  const soon = () => {
    if (due) return;
    due = true;
    setTimeout(run, busy ? 300 : 80);
  };
  async function run() {
    if (busy) { due = false; return soon(); }
    due = false;
    busy = true;
    try {
      await look();
    } catch (e) {
      lost(e.message);
    } finally {
      busy = false;
    }
  }
  const lost = why => { link.hidden = false; link.textContent = why; };
  function open() {
    if (source || document.hidden) return;
    source = new EventSource(path);
    source.onopen = () => { link.hidden = true; soon(); };
    source.onmessage = soon;
    source.addEventListener('resync', soon);
    source.onerror = () => lost('The node does not answer; trying again');
  }
  function close() {
    if (source) source.close();
    source = null;
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();
  soon();
}
