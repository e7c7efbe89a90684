// A log's text as nodes with its colours. What else steers a terminal is left out; a lone carriage
// return, which a terminal would write over, begins a line.
import { AnsiUp } from './ansi_up.js';

const STEERING = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -\/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -\/]*[0-~]|\r+\n?|[\x00-\x08\x0b-\x1f\x7f]/g;
/**
 * What may go on in the next piece. Nothing that steers goes beyond its line: the rest of a log might
 * be taken for it.
 */
const OPEN = /(?:\x1b(?:\[[0-?]*[ -\/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -\/]*)?|\r+)$/;
const MAX_OPEN = 4096;

export class Ansi {
  constructor() {
    this.colours = new AnsiUp();
    this.colours.use_classes = true;
    this.open = '';
    this.fresh = true;
  }

  /** The next text of the log, as nodes within `into`. */
  write(text, into) {
    const all = this.open + text;
    const open = OPEN.exec(all.slice(-MAX_OPEN));
    this.open = open ? open[0] : '';
    const plain = this.plain(all.slice(0, all.length - this.open.length));
    if (!plain) return;
    const made = document.createElement('template');
    // Styles are no markup here: the page's policy forbids it. All text is escaped, its quotes too.
    made.innerHTML = this.colours.ansi_to_html(plain).replaceAll(' style="', ' data-style="');
    made.content.querySelectorAll('[data-style]').forEach(dress);
    into.append(made.content);
  }

  /** With nothing that steers a terminal but colours. */
  plain(text) {
    const plain = text.replace(STEERING, (found, colour, at) => {
      if (colour !== undefined) return found.replaceAll(':', ';');
      const begun = at === 0 ? this.fresh : text[at - 1] === '\n';
      return found[0] === '\r' && (found.endsWith('\n') || !begun) ? '\n' : '';
    });
    const seen = plain.replace(/\x1b\[[0-9;]*m/g, '');
    if (seen) this.fresh = seen.endsWith('\n');
    return plain;
  }
}

/** A colour that is none of the sixteen gets the lightness that the page can bear. */
function dress(span) {
  span.style.cssText = span.dataset.style;
  delete span.dataset.style;
  if (span.style.color && !span.style.backgroundColor) {
    span.style.setProperty('--ink', span.style.color);
    span.style.color = '';
    span.className += ' coloured';
  }
}
