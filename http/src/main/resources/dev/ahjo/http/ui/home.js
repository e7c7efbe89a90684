// What goes on: requests that wait and why, builds newest first, the workers in a line.
import { get, live } from './api.js';
import { badge, el, fill, outcome, since, tick, took } from './show.js';

const WAITING = '/api/v1/requests?limit=50&state=shelved&state=backoff&state=queued&state=blocked';
const PAGE = 50;
const MAX = 1000;
const byId = id => document.getElementById(id);
let wanted = PAGE;

const href = b => `/builds/${encodeURIComponent(b.project)}/${encodeURIComponent(b.builder)}/${b.number}`;

function buildRow(b) {
  return el('li', {},
    badge(outcome(b)),
    el('a', { class: 'row-title', href: href(b) }, `${b.project}/${b.builder} #${b.number}`),
    el('span', { class: 'cut' }, [b.reason, b.detail, b.worker !== 'none' ? `on ${b.worker}` : ''].filter(Boolean).join(' · ')),
    took(b.started_at, b.finished_at),
    since(b.finished_at || b.started_at));
}

function requestRow(r) {
  const last = r.attempts.at(-1);
  return el('li', {},
    badge(r.state),
    last ? el('a', { class: 'row-title', href: href(last.build), title: 'Its last attempt' }, `${r.project}/${r.builder}`)
      : el('span', { class: 'row-title' }, `${r.project}/${r.builder}`),
    el('span', { class: 'cut' }, r.waits ? r.waits.detail : r.detail || r.state),
    r.priority ? el('span', { class: 'num' }, `priority ${r.priority}`) : null,
    el('button', { type: 'button', class: 'small', title: 'Why it waits, at this moment', onclick: e => why(r, e.target) }, 'Why?'),
    took(r.submitted_at));
}

/** The rows tell why a request waited when it was queued; this asks those who decide, now. */
async function why(r, button) {
  const line = button.parentNode.querySelector('.cut');
  try {
    const told = await get(`/api/v1/requests/${encodeURIComponent(r.id)}/why`);
    line.textContent = told.now.map(w => w.detail).join(' · ') || told.detail || told.state;
  } catch (e) {
    line.textContent = e.message;
  }
}

function workersLine(workers) {
  const here = workers.filter(w => w.connected);
  const sum = (list, f) => list.reduce((n, w) => n + w[f], 0);
  const odd = workers.filter(w => w.state !== 'available').map(w => `${w.name} ${w.state}`);
  return `${here.length} of ${workers.length} worker${workers.length === 1 ? '' : 's'} here, ${sum(here, 'busy')} of ${sum(here, 'slots')} slots busy`
    + (odd.length ? ` (${odd.slice(0, 5).join(', ')}${odd.length > 5 ? ', …' : ''})` : '');
}

async function look() {
  const [builds, requests, workers] = await Promise.all([
    get(`/api/v1/builds?limit=${wanted}`), get(WAITING), get('/api/v1/workers?limit=1000')]);
  fill(byId('builds'), builds.items.map(b => ({
    key: href(b), sign: `${outcome(b)}|${b.detail}|${b.worker}|${b.finished_at}`, make: () => buildRow(b) })));
  fill(byId('requests'), requests.items.map(r => ({
    key: r.id, sign: `${r.state}|${r.priority}|${r.waits && r.waits.detail}`, make: () => requestRow(r) })));
  byId('waiting').hidden = requests.items.length === 0;
  byId('waiting-title').textContent = `Waiting: ${requests.items.length}${requests.next ? ' and more' : ''}`;
  byId('none').hidden = builds.items.length > 0;
  byId('more').hidden = !builds.next || wanted >= MAX;
  byId('workers').textContent = workersLine(workers.items);
}

byId('more').addEventListener('click', () => { wanted = Math.min(MAX, wanted + 100); look().catch(() => {}); });
setInterval(tick, 1000);
live('/api/v1/events', look);
