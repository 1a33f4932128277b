// What stands on the map as HTML: the toolbar, the legend, the line that says what is selected, and
// messages. Names are the user's: they reach the page as text, never as HTML.

import { icon } from "./icons.js";

const TOOLS = [
  ["lasso", "Lasso: draw around images (L)"],
  ["box", "Box (B)"],
  ["move", "Move; in 3-D: turn (M)"],
];
const VIEW = [
  ["closer", "Closer (+)"],
  ["farther", "Farther (−)"],
  ["all", "Show everything (0)"],
  ["full", "Full screen (F)"],
];

/** An element with a class and, if given, words. */
export function element(name, className = "", words = null) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (words !== null) made.textContent = words;
  return made;
}

export class Toolbar {
  /** press(name): "lasso", "box", "move", "2", "3", "closer", "farther", "all", "full". */
  constructor(press) {
    this.root = element("div", "toolbar");
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", "Map tools");
    this.buttons = {};
    const group = (entries, make) => {
      const box = element("div", "group");
      for (const [name, words] of entries) {
        const button = element("button");
        button.type = "button";
        button.title = words;
        button.setAttribute("aria-label", words);
        make(button, name);
        button.addEventListener("click", () => press(name));
        this.buttons[name] = button;
        box.append(button);
      }
      this.root.append(box);
      return box;
    };
    const drawn = (button, name) => {
      button.innerHTML = icon(name); // our own drawing
    };
    const written = (button, name) => {
      button.textContent = `${name}-D`;
    };
    group(TOOLS, drawn);
    this.dims = group(
      [
        ["2", "On paper (2)"],
        ["3", "In space (3)"],
      ],
      written,
    );
    group(VIEW, drawn);
  }

  /** What is on: the tool, the dimensions, whether there is a map in space at all. */
  update({ tool, dims, hasDeep }) {
    for (const name of ["lasso", "box", "move"]) this.press(name, tool === name);
    for (const name of ["2", "3"]) this.press(name, String(dims) === name);
    this.dims.hidden = !hasDeep;
    this.buttons.move.innerHTML = icon(dims === 3 ? "turn" : "move");
  }

  press(name, on) {
    this.buttons[name].setAttribute("aria-pressed", String(on));
  }
}

export class Legend {
  /** changed(hidden): the labels that are left out now. */
  constructor(changed) {
    this.changed = changed;
    this.root = element("div", "legend");
    this.entries = [];
  }

  /**
   * entries: [{ label, codes, count, ring, hidden }]; scale: { colours, low, high } or null;
   * palette: a colour for each code.
   */
  update(entries, scale, palette) {
    this.entries = entries;
    this.root.hidden = !entries.length && !scale;
    if (scale) {
      const bar = element("div", "scale");
      bar.style.background = `linear-gradient(90deg, ${scale.colours.join(", ")})`;
      const ends = element("div", "ends");
      ends.append(element("span", "", scale.low), element("span", "", scale.high));
      this.root.replaceChildren(bar, ends);
      return;
    }
    this.root.replaceChildren(...entries.map((entry) => this.button(entry, palette)));
  }

  button(entry, palette) {
    const button = element("button", entry.hidden ? "entry hidden" : "entry");
    button.type = "button";
    button.title = `${entry.label}: click to hide or show, Alt and click for this one only`;
    button.setAttribute("aria-pressed", String(!entry.hidden));
    const dot = element("span", entry.ring ? "dot ring" : "dot");
    dot.style.color = palette[entry.codes[0]];
    const count = element("span", "count", entry.count.toLocaleString("en"));
    button.append(dot, element("span", "name", entry.label), count);
    button.addEventListener("click", (event) => {
      this.changed(hiddenAfter(this.entries, entry.label, event.altKey));
    });
    return button;
  }
}

/** The labels that are hidden after a click on one: it alone stays (`only`), or it is switched. */
export function hiddenAfter(entries, label, only) {
  const hidden = entries.filter((entry) => entry.hidden).map((entry) => entry.label);
  if (only) {
    const others = entries.map((entry) => entry.label).filter((one) => one !== label);
    return others.length === hidden.length && !hidden.includes(label) ? [] : others;
  }
  const after = hidden.includes(label) ? hidden.filter((one) => one !== label) : [...hidden, label];
  return after.length === entries.length ? [] : after; // nothing left: show everything again
}

export class Status {
  constructor(clear) {
    this.root = element("div", "status");
    this.words = element("span");
    this.button = element("button");
    this.button.type = "button";
    this.button.title = "Clear the selection (Esc)";
    this.button.setAttribute("aria-label", this.button.title);
    this.button.innerHTML = icon("clear"); // our own drawing
    this.button.addEventListener("click", clear);
    this.root.append(this.words, this.button);
  }

  /** selected: how many; note: a standing remark. */
  update(selected, note) {
    const parts = note ? [note] : [];
    if (selected) parts.push(`${selected.toLocaleString("en")} selected`);
    this.words.textContent = parts.join(" · ");
    this.button.hidden = !selected;
    this.root.hidden = !parts.length;
  }
}

/** Words in the middle of the map; null takes them away. */
export function message(root, words) {
  root.querySelector(".message")?.remove();
  if (words) root.append(element("div", "message", words));
}
