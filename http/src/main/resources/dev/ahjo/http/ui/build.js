// One build: its facts, its steps as they go, the log of one of them.
import { get, live, post } from './api.js';
import { Log } from './log.js';
import { badge, el, fill, glyph, outcome, size, tick, took } from './show.js';

const [, , project, builder, number] = location.pathname.split('/').map(decodeURIComponent);
const path = ['/api/v1/builds', project, builder, number].map((s, i) => (i ? encodeURIComponent(s) : s)).join('/');
const byId = id => document.getElementById(id);
const log = new Log(byId('log'), byId('log-size'), byId('follow'));
let build = null;
let request = null;
let shown = null;
let current = null;
let chosen = /^#step-(\d+)$/.test(location.hash) ? Number(location.hash.slice(6)) : null;

byId('title').textContent = `${project}/${builder} #${number}`;
document.title = `${project}/${builder} #${number} · Ahjo`;

function fact(name, value) {
  return value ? el('div', {}, el('dt', {}, name), el('dd', {}, value)) : null;
}

/** Which attempt this is, and the way to the others. */
function attempts(b) {
  const others = request ? request.attempts.filter(a => a.build.number !== b.number || a.build.builder !== b.builder) : [];
  return el('span', {}, String(b.attempt), ...others.slice(-10).flatMap(a => [', ',
    el('a', { href: `/builds/${[a.build.project, a.build.builder, a.build.number].map(encodeURIComponent).join('/')}` },
      `attempt ${a.number}: ${a.result || 'running'}`)]));
}

function facts(b) {
  const stamps = b.stamps.map(s => `${s.repository} ${s.branch}${s.revision ? ` ${s.revision.slice(0, 12)}` : ''}`);
  byId('facts').replaceChildren(...[
    fact('took', b.started_at && took(b.started_at, b.finished_at)), fact('worker', b.worker === 'none' ? '' : b.worker),
    fact('attempt', attempts(b)), fact('asked for', b.reason), fact('sources', stamps.join(', ')), fact('outcome', b.detail),
  ].filter(Boolean));
}

/** The step worth looking at: the one that runs, else the first bad one, else the last that ran. */
function pick(b) {
  const of = f => b.steps.find(f);
  return of(s => s.state === 'running') || of(s => ['failure', 'exception', 'cancelled', 'retry'].includes(s.result))
    || [...b.steps].reverse().find(s => s.started_at) || b.steps[0];
}

function showLog(step, b) {
  // A step's end may be told before the last of its output is there; a build's never is.
  const growing = b.state !== 'finished' && step.result !== 'skipped';
  const key = `${step.number}|${step.state === 'pending'}`;
  if (shown === key) return;
  shown = key;
  const url = `${path}/steps/${step.number}/logs/stdio`;
  byId('log-title').textContent = (step.command || step.name).trim().replace(/\s*\n\s*/g, ' ⏎ ');
  byId('log-title').title = step.command || step.name;
  byId('raw').href = url;
  log.show(url, growing);
}

function choose(n) {
  chosen = n;
  history.replaceState(null, '', `#step-${n}`);
  byId('follow').checked = true;
  paint(build);
}

/** What a step's tests and its compiler said, where that is worth a line. */
function sums(s) {
  return [
    s.tests ? (s.tests.failed ? `${s.tests.failed} of ${s.tests.failed + s.tests.passed} tests failed` : `${s.tests.passed} tests passed`) : '',
    s.warnings ? `${s.warnings} warning${s.warnings > 1 ? 's' : ''}` : '',
  ].filter(Boolean).join(', ');
}

function stepRow(s, current) {
  const said = sums(s);
  return el('li', {},
    el('button', { type: 'button', class: s.state === 'pending' ? 'later' : null, 'aria-current': String(current), onclick: () => choose(s.number) },
      badge(outcome(s)),
      el('span', { class: 'step' },
        el('span', { class: 'cut', title: s.command }, s.name),
        said ? el('span', { class: 'meta' }, said) : null),
      s.started_at ? took(s.started_at, s.finished_at) : null));
}

function paint(b) {
  byId('build').hidden = false;
  byId('state').replaceChildren(badge(outcome(b), true));
  document.title = `${glyph(outcome(b))} ${project}/${builder} #${number} · Ahjo`;
  facts(b);
  // Whoever reads far up in a log is not taken to the next step's.
  const kept = byId('follow').checked ? null : current;
  const step = b.steps.find(s => s.number === (chosen ?? kept)) || pick(b);
  fill(byId('steps'), b.steps.map(s => ({
    key: String(s.number), sign: `${outcome(s)}|${s === step}|${sums(s)}`, make: () => stepRow(s, s === step) })));
  if (step) {
    if (step.number !== current) reveal(step);
    current = step.number;
    showLog(step, b);
  }
  byId('stop').hidden = b.state === 'finished';
  byId('stop').textContent = b.state === 'stopping' ? 'Stop what still runs' : 'Stop';
  byId('rebuild').hidden = b.state !== 'finished';
}

/** Brings a step into sight within the list, without moving the page. */
function reveal(step) {
  const list = byId('steps').parentNode;
  const row = [...byId('steps').children].find(r => r.dataset.key === String(step.number));
  const [outer, inner] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top + inner.height;
  if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom + inner.height;
}

async function look() {
  build = await get(path);
  paint(build);
  request = await get(`/api/v1/requests/${encodeURIComponent(build.request)}`);
  facts(build);
  byId('retry').hidden = request.state !== 'shelved' && request.state !== 'backoff';
  if (build.state === 'finished') await artifacts();
}

async function artifacts() {
  const files = await get(`${path}/artifacts?limit=200`);
  byId('artifacts').hidden = files.items.length === 0;
  fill(byId('files'), files.items.map(f => ({ key: f.path, sign: String(f.size), make: () => el('li', {},
    el('a', { class: 'row-title', href: `${path}/artifacts/${f.path.split('/').map(encodeURIComponent).join('/')}` }, f.path),
    el('span', { class: 'grow' }), el('span', { class: 'num' }, size(f.size))) })));
}

function say(text) {
  byId('said').hidden = false;
  byId('said').textContent = text;
}

function act(id, url, done) {
  byId(id).addEventListener('click', async () => {
    byId(id).disabled = true;
    try {
      say(done(await post(url())));
    } catch (e) {
      say(e.message);
    } finally {
      byId(id).disabled = false;
    }
  });
}
act('stop', () => `${path}/stop`, () => 'It is being stopped.');
act('rebuild', () => `${path}/rebuild`, () => 'Asked for once more; it will appear in the list of builds.');
act('retry', () => `/api/v1/requests/${encodeURIComponent(build.request)}/retry`, () => 'The request is back in its queue.');

/** Up and down, or k and j, go from step to step. */
byId('steps').addEventListener('keydown', e => {
  const move = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[e.key];
  const buttons = [...byId('steps').querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement);
  if (!move || at < 0) return;
  e.preventDefault();
  const to = buttons[Math.min(buttons.length - 1, Math.max(0, at + move))];
  to.focus();
});

setInterval(tick, 1000);
live(`/api/v1/events?project=${encodeURIComponent(project)}`, look);
