// One log: its tail first, older text when scrolled up, new bytes as they come. However long the
// log is, only a window of it is in the page.
import { bytes } from './api.js';
import { size } from './show.js';

const PIECE = 96 * 1024;
const MAX_SHOWN = 3 * 1024 * 1024;
const PAUSE = 1000;
const MAX_REFUSED = 10;
const ESCAPES = /\x1b\[[0-?]*[ -\/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]|\r(?=\n)|[\x00-\x08\x0b-\x1f\x7f]/g;

/** A piece of the log as text, which remembers how many bytes it was. */
function text(decoded, length) {
  const node = document.createTextNode(decoded.replace(ESCAPES, ''));
  node.bytes = length;
  return node;
}

export class Log {
  constructor(pre, sizeLine, follow) {
    this.pre = pre;
    this.sizeLine = sizeLine;
    this.follow = follow;
    this.stop = new AbortController();
    pre.addEventListener('scroll', () => this.scrolled());
    follow.addEventListener('change', () => { if (follow.checked) this.toEnd(); });
    pre.addEventListener('keydown', e => {
      if (e.key === 'End') { follow.checked = true; this.toEnd(); }
      if (e.key === 'Home') follow.checked = false;
    });
  }

  /** Shows the log at `path`; `growing` if its step may still print. */
  async show(path, growing) {
    this.stop.abort();
    this.stop = new AbortController();
    const signal = this.stop.signal;
    Object.assign(this, { path, top: 0, end: 0, loading: false, decoder: new TextDecoder() });
    this.pre.replaceChildren();
    this.note('…');
    try {
      const answer = await bytes(path, `bytes=-${PIECE}`, signal);
      this.pre.replaceChildren();
      if (answer.ok) {
        const data = new Uint8Array(await answer.arrayBuffer());
        const range = /bytes (\d+)-/.exec(answer.headers.get('Content-Range') || '');
        this.first(range ? Number(range[1]) : 0, data);
      } else if (!growing) {
        this.note(answer.status === 416 ? 'It printed nothing.' : 'There is no log.');
      }
      if (growing) await this.listen(signal);
    } catch (e) {
      if (!signal.aborted) this.note(`The log can't be read: ${e.message}`);
    }
  }

  first(start, data) {
    const cut = start > 0 ? data.indexOf(10) + 1 : 0;
    this.top = start + cut;
    this.end = start + data.length;
    this.add(data.subarray(cut));
    this.toEnd();
  }

  async listen(signal) {
    let refused = 0;
    while (!signal.aborted) {
      try {
        const range = this.end > 0 ? `bytes=${this.end}-` : null;
        const answer = await bytes(`${this.path}?follow=true`, range, signal);
        if (answer.ok) {
          const reader = answer.body.getReader();
          for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
            this.end += piece.value.length;
            this.add(piece.value);
          }
          return;
        }
        // A node that comes back may not have its tables yet; any other no is meant.
        if (answer.status < 500 && (answer.status !== 404 || ++refused > MAX_REFUSED)) return;
      } catch (e) {
        if (signal.aborted) return;
      }
      await new Promise(r => setTimeout(r, PAUSE));
    }
  }

  add(data) {
    this.pre.append(text(this.decoder.decode(data, { stream: true }), data.length));
    this.sizeLine.textContent = size(this.end);
    if (this.follow.checked) {
      while (this.pre.childNodes.length > 1 && this.end - this.top > MAX_SHOWN) {
        this.top += this.pre.firstChild.bytes || 0;
        this.pre.firstChild.remove();
      }
      this.toEnd();
    }
  }

  toEnd() {
    this.pre.scrollTop = this.pre.scrollHeight;
  }

  scrolled() {
    const left = this.pre.scrollHeight - this.pre.scrollTop - this.pre.clientHeight;
    if (left > 60) this.follow.checked = false;
    if (this.pre.scrollTop < 200 && this.top > 0 && !this.follow.checked) this.older();
  }

  async older() {
    if (this.loading) return;
    this.loading = true;
    const signal = this.stop.signal;
    try {
      const from = Math.max(0, this.top - PIECE);
      const answer = await bytes(this.path, `bytes=${from}-${this.top - 1}`, signal);
      if (!answer.ok) return;
      const data = new Uint8Array(await answer.arrayBuffer());
      const cut = from > 0 ? data.indexOf(10) + 1 : 0;
      const before = this.pre.scrollHeight;
      this.pre.prepend(text(new TextDecoder().decode(data.subarray(cut)), data.length - cut));
      this.top = from + cut;
      this.pre.scrollTop += this.pre.scrollHeight - before;
    } catch (e) {
      if (!signal.aborted) this.note(`Older lines can't be read: ${e.message}`);
    } finally {
      this.loading = false;
    }
  }

  note(text) {
    const line = document.createElement('span');
    line.className = 'note';
    line.textContent = text;
    this.pre.append(line);
  }
}
