// Elements, states, times. Text goes into the page as text, never as markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(c => c !== null && c !== undefined && c !== ''));
  return node;
}

const GLYPHS = {
  success: '✓', warnings: '!', failure: '✕', exception: 'ϟ', retry: '↻', cancelled: '–', skipped: '·',
  starting: '▸', running: '▸', stopping: '▸', pending: '·', queued: '○', blocked: '○', backoff: '↻', shelved: '✕', finished: '·',
};
const CLASSES = {
  starting: 'running', stopping: 'running', pending: 'none', skipped: 'none', blocked: 'queued', backoff: 'queued',
  shelved: 'exception', finished: 'none',
};

/** A state or result: colour and glyph, and its word for those who can see neither. */
export function badge(word, withWord) {
  const node = el('span', { class: `badge ${CLASSES[word] || word}`, title: word }, glyph(word));
  if (withWord) node.append(` ${word}`);
  else { node.setAttribute('role', 'img'); node.setAttribute('aria-label', word); }
  return node;
}

export const glyph = word => GLYPHS[word] || '?';
export const outcome = item => item.result || item.state;

export function span(from, to) {
  if (!from) return '';
  const s = Math.max(0, Math.round(((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function ago(at) {
  if (!at) return '';
  const s = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  if (s < 10) return 'now';
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return new Date(at).toLocaleDateString();
}

/** A duration or an age in a row; `tick` keeps those that change up to date, in place. */
export function took(from, to) {
  return el('span', { class: 'num', title: 'took', 'data-from': from && !to ? from : null }, span(from, to));
}

export function since(at) {
  return el('span', { class: 'num', title: at, 'data-at': at }, ago(at));
}

export function tick() {
  if (document.hidden) return;
  const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  document.querySelectorAll('[data-from]').forEach(node => set(node, span(node.dataset.from)));
  document.querySelectorAll('[data-at]').forEach(node => set(node, ago(node.dataset.at)));
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** Puts `rows` into `list`, touching only those whose content changed: focus and selection stay. */
export function fill(list, rows) {
  const old = new Map(Array.from(list.children, c => [c.dataset.key, c]));
  let place = null;
  for (const { key, sign, make } of rows) {
    let row = old.get(key);
    if (!row || row.dataset.sign !== sign) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.dataset.sign = sign;
      if (row) {
        const focused = row.contains(document.activeElement);
        row.replaceWith(fresh);
        if (focused) fresh.querySelector('a, button')?.focus({ preventScroll: true });
      }
      row = fresh;
    }
    old.delete(key);
    const next = place ? place.nextSibling : list.firstChild;
    if (next !== row) list.insertBefore(row, next);
    place = row;
  }
  old.forEach(row => row.remove());
}
