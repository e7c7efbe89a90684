// What a terminal would do with colours, as elements. Everything else that steers a terminal is
// left out; a lone carriage return, which a terminal would write over, begins a line.

const TOKEN = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -\/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -\/]*[0-~]|\r+\n?|[\x00-\x08\x0b-\x1f\x7f]/g;
/** What may go on in the next piece. */
const OPEN = /(?:\x1b(?:\[[0-?]*[ -\/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -\/]*)?|\r+)$/;
const MAX_OPEN = 4096;
const PALETTE = [
  [0, 0, 0], [205, 49, 49], [13, 188, 121], [229, 229, 16], [36, 114, 200], [188, 63, 188], [17, 168, 205], [229, 229, 229],
  [102, 102, 102], [241, 76, 76], [35, 209, 139], [245, 245, 67], [59, 142, 234], [214, 112, 214], [41, 184, 219], [255, 255, 255],
];
const PLAIN = { fg: null, bg: null, bold: false, dim: false, italic: false, under: false, inverse: false };

/** One of the 256 colours: the first 16 by their number, since the page has its own for them. */
function indexed(n) {
  if (!(n >= 0 && n <= 255)) return null;
  if (n < 16) return n;
  if (n > 231) return Array(3).fill(8 + 10 * (n - 232));
  const level = i => (i === 0 ? 0 : 55 + 40 * i);
  return [level(Math.floor((n - 16) / 36)), level(Math.floor((n - 16) / 6) % 6), level((n - 16) % 6)];
}

const rgb = colour => (Array.isArray(colour) ? colour : PALETTE[colour]);
const css = colour => `rgb(${rgb(colour).join(' ')})`;
const light = colour => rgb(colour).reduce((sum, c, i) => sum + c * [0.3, 0.59, 0.11][i], 0) > 140;

export class Ansi {
  constructor() {
    this.style = PLAIN;
    this.open = '';
    this.fresh = true;
  }

  /** The next text of the log, as nodes within `into`. */
  write(text, into) {
    let all = this.open + text;
    const open = OPEN.exec(all.slice(-MAX_OPEN));
    this.open = open ? open[0] : '';
    all = all.slice(0, all.length - this.open.length);
    let from = 0;
    for (const found of all.matchAll(TOKEN)) {
      this.put(all.slice(from, found.index), into);
      from = found.index + found[0].length;
      if (found[1] !== undefined) this.style = this.dressed(found[1]);
      else if (found[0][0] === '\r' && (found[0].endsWith('\n') || !this.fresh)) this.put('\n', into);
    }
    this.put(all.slice(from), into);
  }

  put(text, into) {
    if (!text) return;
    this.fresh = text.endsWith('\n');
    const style = this.style;
    if (style === PLAIN) return into.append(text);
    const span = document.createElement('span');
    const names = ['bold', 'dim', 'italic', 'under'].filter(name => style[name]);
    const [fg, bg] = style.inverse ? [style.bg, style.fg] : [style.fg, style.bg];
    if (bg !== null) {
      span.style.backgroundColor = css(bg);
      span.style.color = fg === null ? (light(bg) ? '#000' : '#fff') : css(fg);
    } else if (style.inverse) {
      names.push('inverse');
    } else if (Array.isArray(fg)) {
      names.push('coloured');
      span.style.setProperty('--ink', css(fg));
    } else if (fg !== null) {
      names.push(`c${fg}`);
    }
    span.className = names.join(' ');
    span.append(text);
    into.append(span);
  }

  dressed(codes) {
    const style = { ...this.style };
    const list = codes.split(/[;:]/).map(Number);
    for (let i = 0; i < list.length; i++) {
      const n = list[i];
      if (n === 0) Object.assign(style, PLAIN);
      else if (n === 1) style.bold = true;
      else if (n === 2) style.dim = true;
      else if (n === 3) style.italic = true;
      else if (n === 4) style.under = true;
      else if (n === 7) style.inverse = true;
      else if (n === 22) style.bold = style.dim = false;
      else if (n === 23) style.italic = false;
      else if (n === 24) style.under = false;
      else if (n === 27) style.inverse = false;
      else if (n >= 30 && n <= 37) style.fg = n - 30;
      else if (n >= 40 && n <= 47) style.bg = n - 40;
      else if (n >= 90 && n <= 97) style.fg = n - 82;
      else if (n >= 100 && n <= 107) style.bg = n - 92;
      else if (n === 39) style.fg = null;
      else if (n === 49) style.bg = null;
      else if (n === 38 || n === 48) {
        const colour = list[i + 1] === 5 ? indexed(list[i + 2]) : list.slice(i + 2, i + 5).map(c => Math.min(255, c));
        i += list[i + 1] === 5 ? 2 : 4;
        if (colour !== null && (!Array.isArray(colour) || colour.length === 3)) style[n === 38 ? 'fg' : 'bg'] = colour;
      }
    }
    return Object.keys(PLAIN).every(name => style[name] === PLAIN[name]) ? PLAIN : style;
  }
}
