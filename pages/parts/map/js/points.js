// The points themselves, as the browser holds them: coordinates on paper and in space, a code and
// flags for each row, and which rows are shown and selected.

import { SELECTED, SHOWN } from "./engine.js";

export class Points {
  constructor(count) {
    this.count = count;
    this.coordinates = { 2: null, 3: null };
    this.finite = { 2: null, 3: null };
    this.kinds = new Uint8Array(count);
    this.codes = new Uint8Array(count);
    this.shown = null; // null: all
    this.hidden = new Set(); // codes that the legend leaves out
    this.selected = null; // null: none
  }

  /** Take coordinates; a row with NaN has no place on this map. */
  place(dims, values) {
    this.coordinates[dims] = values;
    const finite = new Uint8Array(this.count);
    for (let row = 0, at = 0; row < this.count; row++, at += dims) {
      finite[row] = values[at] === values[at] && values[at + 1] === values[at + 1] ? 1 : 0;
    }
    this.finite[dims] = finite;
  }

  /** Which rows can be seen on a map: one byte each. */
  there(dims) {
    const there = Uint8Array.from(this.finite[dims]);
    const left = new Uint8Array(256).fill(1);
    for (const code of this.hidden) left[code] = 0;
    for (let row = 0; row < this.count; row++) {
      if ((this.shown && !this.shown[row]) || !left[this.codes[row]]) there[row] = 0;
    }
    return there;
  }

  /** The flags of each row, for the engine. */
  states(there) {
    const states = new Uint8Array(this.count);
    for (let row = 0; row < this.count; row++) {
      let state = this.kinds[row];
      if (there[row]) state |= SHOWN;
      if (this.selected && this.selected[row]) state |= SELECTED;
      states[row] = state;
    }
    return states;
  }

  /** Join rows to the selection as Python does: "replace", "add" or "remove". */
  choose(inside, mode) {
    const before = this.selected;
    if (mode === "replace" || !before) {
      this.selected = mode === "remove" ? null : inside;
    } else {
      const after = Uint8Array.from(before);
      for (let row = 0; row < this.count; row++) {
        if (inside[row]) after[row] = mode === "add" ? 1 : 0;
      }
      this.selected = after;
    }
    if (this.selected && !this.selected.includes(1)) this.selected = null;
  }

  /** How many of the rows that are there are selected. */
  chosen(there) {
    if (!this.selected) return 0;
    let count = 0;
    for (let row = 0; row < this.count; row++) count += this.selected[row] & there[row];
    return count;
  }
}
