// One log: its tail first, older text when scrolled up, new bytes as they come. However long the
// log is, only a window of it is in the page.
import { bytes, get, later, pause, seen, whileSeen } from './api.js';
import { Ansi } from './ansi.js';
import { size } from './show.js';

const PIECE = 96 * 1024;
/** Bytes in the page while it follows, and when a reader has scrolled up. */
const MAX_SHOWN = 3 * 1024 * 1024;
const MAX_READ = 4 * MAX_SHOWN;
/** Bytes in one block of lines: laid out once, however much comes after it. */
const BLOCK = 32 * 1024;
const PAUSE = 1000;
const MAX_REFUSED = 10;
/** Pixels from the end that are no wish to stay where one is. */
const NEAR = 8;
const NEWLINE = 10;

/**
 * Where a text may begin: after a line's end, unless that leaves little of it, or else not in the
 * middle of a character.
 */
function begin(data) {
  const line = data.indexOf(NEWLINE) + 1;
  if (line > 0 && line <= data.length / 2) return line;
  let at = 0;
  while (at < 3 && at < data.length && (data[at] & 0xc0) === 0x80) at++;
  return at;
}

export class Log {
  constructor(pre, sizeLine, follow) {
    this.pre = pre;
    this.sizeLine = sizeLine;
    this.follow = follow;
    this.stop = new AbortController();
    this.at = 0;
    pre.addEventListener('scroll', () => this.scrolled());
    follow.addEventListener('change', () => { if (follow.checked) this.toEnd(); });
    pre.addEventListener('keydown', e => {
      if (e.key === 'End') { follow.checked = true; this.toEnd(); }
      if (e.key === 'Home') follow.checked = false;
    });
    new ResizeObserver(() => { if (follow.checked) this.toEnd(); }).observe(pre);
  }

  /** Shows the log at `path`; `growing` if its step may still print. */
  async show(path, growing) {
    this.stop.abort();
    this.stop = new AbortController();
    const signal = this.stop.signal;
    Object.assign(this, { path, top: 0, end: 0, block: null, held: false, loading: false, decoder: new TextDecoder(), ansi: new Ansi() });
    this.sizeLine.textContent = '';
    this.pre.replaceChildren();
    this.note('…');
    try {
      const answer = await this.tail(signal);
      this.pre.replaceChildren();
      if (answer.ok) {
        const data = new Uint8Array(await answer.arrayBuffer());
        const range = /bytes (\d+)-/.exec(answer.headers.get('Content-Range') || '');
        this.first(range ? Number(range[1]) : 0, data);
      }
      if (growing) await this.listen(signal);
      if (this.end === 0 && !signal.aborted) this.note(growing || answer.status === 416 || answer.ok ? 'It printed nothing.' : 'There is no log.');
    } catch (e) {
      if (!signal.aborted) this.note(`The log can't be read: ${e.message}`);
    }
  }

  /** The last bytes that there are; a node that is starting is asked until it knows. */
  async tail(signal) {
    for (;;) {
      let wait = PAUSE;
      try {
        const answer = await bytes(this.path, `bytes=-${PIECE}`, signal);
        if (answer.status < 500) return answer;
        wait = pause(answer);
      } catch (e) {
        if (signal.aborted || !(e instanceof TypeError)) throw e;
      }
      await later(wait);
    }
  }

  first(start, data) {
    const cut = start > 0 ? begin(data) : 0;
    this.top = start + cut;
    this.end = start + cut;
    this.add(data.subarray(cut));
    this.toEnd();
  }

  /** Whether the log is closed and all of it is shown: a stream may end because its node did. */
  async complete() {
    const cut = this.path.lastIndexOf('/');
    const logs = await get(this.path.slice(0, cut));
    return logs.items.some(log => log.name === this.path.slice(cut + 1) && log.complete && log.size <= this.end);
  }

  /** Reads what comes. The end of a log that nobody closed is believed when nothing comes twice. */
  async listen(signal) {
    let refused = 0;
    let quiet = 0;
    while (!signal.aborted) {
      await seen();
      const tab = whileSeen();
      let wait = PAUSE;
      try {
        const before = this.end;
        const range = this.end > 0 ? `bytes=${this.end}-` : null;
        const answer = await bytes(`${this.path}?follow=true`, range, AbortSignal.any([signal, tab.signal]));
        if (answer.ok) {
          const reader = answer.body.getReader();
          for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
            this.add(piece.value);
            if (!this.follow.checked && this.end - this.top > MAX_READ) return this.hold(reader);
          }
          quiet = this.end > before ? 0 : quiet + 1;
          if (quiet === 2 || await this.complete()) return;
          continue;
        }
        // A node that comes back may not have its tables yet; any other no is meant.
        if (answer.status < 500 && (answer.status !== 404 || ++refused > MAX_REFUSED)) return;
        wait = pause(answer);
      } catch (e) {
        if (signal.aborted) return;
        if (tab.signal.aborted) continue;
      } finally {
        tab.close();
      }
      await later(wait);
    }
  }

  /** Whoever reads far above gets no more until the end is wanted again. */
  hold(reader) {
    this.held = true;
    this.note('More has been printed. End, or "follow", shows it.');
    return reader.cancel();
  }

  /** Bytes that follow those shown, in blocks that begin with a line where they can. */
  add(data) {
    let from = 0;
    while (from < data.length) {
      const room = this.block ? BLOCK - this.block.bytes : BLOCK;
      let to = data.length;
      if (to - from > room) {
        const line = data.indexOf(NEWLINE, from + Math.max(0, room)) + 1;
        to = line > 0 ? line : Math.min(data.length, from + BLOCK);
      }
      this.write(data.subarray(from, to));
      if (this.block.bytes >= BLOCK && (data[to - 1] === NEWLINE || this.block.bytes >= 2 * BLOCK)) this.block = null;
      from = to;
    }
    this.sizeLine.textContent = size(this.end);
    if (this.follow.checked) {
      while (this.pre.childNodes.length > 1 && this.end - this.top > MAX_SHOWN) {
        this.top += this.pre.firstChild.bytes || 0;
        this.pre.firstChild.remove();
      }
      this.toEnd();
    }
  }

  write(data) {
    if (!this.block) {
      this.block = document.createElement('div');
      this.block.bytes = 0;
      this.pre.append(this.block);
    }
    this.ansi.write(this.decoder.decode(data, { stream: true }), this.block);
    this.block.bytes += data.length;
    this.end += data.length;
  }

  toEnd() {
    if (this.held) return this.show(this.path, true);
    this.pre.scrollTop = this.pre.scrollHeight;
    this.at = this.pre.scrollTop;
  }

  /** Only a reader who moves up stops following: a window that changes its size moves the end, too. */
  scrolled() {
    const up = this.pre.scrollTop < this.at;
    this.at = this.pre.scrollTop;
    const left = this.pre.scrollHeight - this.at - this.pre.clientHeight;
    if (up && left > NEAR) this.follow.checked = false;
    if (this.at < 200 && this.top > 0 && !this.follow.checked) this.older();
  }

  async older() {
    if (this.loading || this.end - this.top > MAX_READ) return;
    this.loading = true;
    const signal = this.stop.signal;
    try {
      const from = Math.max(0, this.top - PIECE);
      const answer = await bytes(this.path, `bytes=${from}-${this.top - 1}`, signal);
      if (!answer.ok) return;
      const data = new Uint8Array(await answer.arrayBuffer());
      const cut = from > 0 ? begin(data) : 0;
      const before = this.pre.scrollHeight;
      const block = document.createElement('div');
      block.bytes = data.length - cut;
      new Ansi().write(new TextDecoder().decode(data.subarray(cut)), block);
      this.pre.prepend(block);
      this.top = from + cut;
      this.pre.scrollTop += this.pre.scrollHeight - before;
      this.at = this.pre.scrollTop;
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
