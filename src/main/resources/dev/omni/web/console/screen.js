// What a program prints, as a terminal would show it, as far as that goes line by line: colours, and lines that are printed
// over. All of it is text: nothing a program prints can become markup.

const TOKEN =
  /\x1b\[([0-9;:?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][ -~]|\x1b[ -~]|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+/g;
const CUT_OFF = /\x1b(?:\[[0-9;:? -/]*|\][^\x07\x1b]{0,4096}\x1b?|[()])?$/;

const MAX_LINES = 5000;
/** Between two prints: nobody reads faster, and whatever else the page has to do comes in between. */
const PAUSE = 100;
const MAX_COLUMNS = 10_000;
const TAB = 8;
const PLAIN = Object.freeze({});

export class Screen {
  element = document.createElement('pre');

  #style = PLAIN;
  #rest = '';
  #cells = [];
  #column = 0;
  /** Lines that wait to be printed, without their end: at most twice what can be shown. */
  #waiting = [];
  /** How many ended lines are shown: behind the note, if there is one, and before the line that is still open. */
  #shown = 0;
  #open = line([], '');
  #note;
  #isPrinting = false;
  #printedAt = -PAUSE;

  constructor(label) {
    this.element.className = 'screen';
    this.element.tabIndex = 0;
    // Its content is read at leisure; being read aloud as it comes helps nobody.
    this.element.setAttribute('role', 'log');
    this.element.setAttribute('aria-live', 'off');
    this.element.setAttribute('aria-label', label);
    this.element.append(this.#open);
  }

  write(text, isError = false) {
    const all = this.#rest + text;
    this.#rest = CUT_OFF.exec(all)?.[0] ?? '';
    for (const [token, parameters, command] of all.slice(0, all.length - this.#rest.length).matchAll(TOKEN)) {
      this.#take(token, parameters, command, isError);
    }
    this.#printSoon();
  }

  #take(token, parameters, command, isError) {
    if (command === 'm') {
      this.#style = styled(this.#style, parameters);
    } else if (command === 'K') {
      this.#erase(parameters);
    } else if (command === 'G') {
      this.#column = Math.min(MAX_COLUMNS, Math.max(0, (Number(parameters) || 1) - 1));
    } else if (token === '\n') {
      this.#end();
    } else if (token === '\r') {
      this.#column = 0;
    } else if (token === '\b') {
      this.#column = Math.max(0, this.#column - 1);
    } else if (token === '\t') {
      this.#put(' '.repeat(TAB - (this.#column % TAB)), isError);
    } else if (token.codePointAt(0) >= 0x20 && token !== '\x7f') {
      this.#put(token, isError);
    }
  }

  #put(text, isError) {
    const style = isError ? { ...this.#style, isError } : this.#style;
    for (const character of text) {
      if (this.#column >= MAX_COLUMNS) {
        this.#end();
      }
      while (this.#cells.length < this.#column) {
        this.#cells.push({ character: ' ', style: PLAIN });
      }
      this.#cells[this.#column++] = { character, style };
    }
  }

  #erase(parameters) {
    if (parameters === '2') {
      this.#cells = [];
    } else if (parameters === '1') {
      this.#cells.fill({ character: ' ', style: PLAIN }, 0, this.#column + 1);
    } else {
      this.#cells.length = Math.min(this.#cells.length, this.#column);
    }
  }

  #end() {
    this.#waiting.push(runsOf(this.#cells));
    if (this.#waiting.length >= 2 * MAX_LINES) {
      this.#forgetOldest();
    }
    this.#cells = [];
    this.#column = 0;
  }

  /** Lines that would be gone as soon as they were printed are not worth a node. */
  #forgetOldest() {
    if (this.#waiting.length > MAX_LINES) {
      this.#waiting = this.#waiting.slice(-MAX_LINES);
      this.#note ??= noteOfCut();
    }
  }

  #printSoon() {
    if (!this.#isPrinting) {
      this.#isPrinting = true;
      // Not by the frame, which a hidden tab never draws.
      setTimeout(() => this.#print(), Math.max(0, this.#printedAt + PAUSE - performance.now()));
    }
  }

  #print() {
    this.#forgetOldest();
    const { element } = this;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    const added = this.#waiting.map((runs) => line(runs, '\n'));
    const surplus = this.#shown + added.length - MAX_LINES;
    this.#waiting = [];
    const former = this.#open;
    this.#open = line(runsOf(this.#cells), '');
    if (surplus > 0) {
      this.#note ??= noteOfCut();
    }
    if (surplus >= this.#shown) {
      // Nothing stays of what is shown.
      element.replaceChildren(...(this.#note ? [this.#note] : []), ...added, this.#open);
    } else {
      if (surplus > 0) {
        this.#removeOldest(surplus);
      }
      former.replaceWith(...added, this.#open);
    }
    this.#shown += added.length - Math.max(0, surplus);
    if (isAtEnd) {
      element.scrollTop = element.scrollHeight;
    }
    this.#printedAt = performance.now();
    this.#isPrinting = false;
  }

  #removeOldest(count) {
    const { element } = this;
    const oldest = document.createRange();
    oldest.setStart(element, 0);
    oldest.setEnd(element, count + (element.firstChild === this.#note ? 1 : 0));
    oldest.deleteContents();
    element.prepend(this.#note);
  }
}

function runsOf(cells) {
  const runs = [];
  let style;
  for (const cell of cells) {
    if (cell.style === style || (style && sameStyle(cell.style, style))) {
      runs[runs.length - 1].text += cell.character;
    } else {
      style = cell.style;
      runs.push({ style, text: cell.character });
    }
  }
  return runs;
}

function line(runs, end) {
  const element = document.createElement('span');
  element.className = 'line';
  element.append(...runs.map(({ style, text }) => node(style, text)), end);
  return element;
}

function noteOfCut() {
  const note = document.createElement('span');
  note.className = 'note';
  note.textContent = `only the last ${MAX_LINES} lines are shown\n`;
  return note;
}

function node({ color, background, isBold, isDim, isItalic, isUnderlined, isInverse, isError }, text) {
  if (!color && !background && !isBold && !isDim && !isItalic && !isUnderlined && !isInverse && !isError) {
    return text;
  }
  const span = document.createElement('span');
  span.textContent = text;
  const classes = { bold: isBold, dim: isDim, italic: isItalic, underlined: isUnderlined, inverse: isInverse };
  Object.entries({ ...classes, error: isError }).forEach(([name, isOn]) => span.classList.toggle(name, Boolean(isOn)));
  // Set like this it is no inline style to the page's policy.
  span.style.color = color ?? '';
  span.style.backgroundColor = background ?? '';
  return span;
}

function sameStyle(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** A style after an SGR sequence. */
function styled(style, parameters) {
  const codes = (parameters || '0').split(/[;:]/).map(Number);
  let result = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) {
      result = {};
    } else if (code === 1) {
      result.isBold = true;
    } else if (code === 2) {
      result.isDim = true;
    } else if (code === 3) {
      result.isItalic = true;
    } else if (code === 4) {
      result.isUnderlined = true;
    } else if (code === 7) {
      result.isInverse = true;
    } else if (code === 22) {
      delete result.isBold;
      delete result.isDim;
    } else if (code === 23) {
      delete result.isItalic;
    } else if (code === 24) {
      delete result.isUnderlined;
    } else if (code === 27) {
      delete result.isInverse;
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      result.color = indexed(code >= 90 ? code - 82 : code - 30);
    } else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
      result.background = indexed(code >= 100 ? code - 92 : code - 40);
    } else if (code === 39) {
      delete result.color;
    } else if (code === 49) {
      delete result.background;
    } else if (code === 38 || code === 48) {
      const name = code === 38 ? 'color' : 'background';
      if (codes[i + 1] === 5) {
        result[name] = indexed(codes[i + 2]);
        i += 2;
      } else if (codes[i + 1] === 2) {
        result[name] = `rgb(${codes.slice(i + 2, i + 5).map((part) => part & 255).join(' ')})`;
        i += 4;
      }
    }
  }
  return result;
}

/** A colour of the palette of 256; the first 16 belong to the theme. */
function indexed(index) {
  if (!(index >= 0 && index <= 255)) {
    return undefined;
  }
  if (index < 16) {
    return `var(--ansi-${index})`;
  }
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (part) => (part === 0 ? 0 : 55 + part * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
