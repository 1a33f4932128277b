// The card beside the cursor: what is known of one image. What the map knows itself is there at
// once; the rest (name, picture, score) comes from the server and is kept.

import { address } from "./files.js";
import { element } from "./panel.js";

const KEPT = 400; // cards kept at most
const AWAY = 16; // pixels from the cursor

export class Card {
  constructor() {
    this.root = element("div", "hover-card");
    this.root.hidden = true;
    this.picture = element("img");
    this.picture.alt = "";
    this.title = element("div", "title");
    this.lines = element("div", "lines");
    const words = element("div", "words");
    words.append(this.title, this.lines);
    this.root.append(this.picture, words);
    this.known = new Map();
    this.row = -1;
  }

  /** Show the card of a row at a pixel. source: the route for cards or null; first: words known. */
  async show(row, { x, y, size, source, first, colour }) {
    this.place = { x, y, size };
    if (row !== this.row) {
      this.row = row;
      this.fill({ title: "", lines: first ? [first] : [], picture: null }, colour);
    }
    this.root.hidden = !source && !first;
    this.stand();
    if (!source) return;
    const path = `${source}/${row}`;
    if (!this.known.has(path)) {
      this.known.set(path, told(path));
      if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
    }
    const details = await this.known.get(path);
    if (this.row !== row) return;
    if (details) this.fill(details, colour);
    this.stand();
  }

  hide() {
    this.row = -1;
    this.root.hidden = true;
  }

  fill({ title, lines, picture }, colour) {
    this.picture.hidden = !picture;
    if (picture) this.picture.src = picture;
    this.title.textContent = title;
    this.title.hidden = !title;
    this.root.style.setProperty("--dot", colour);
    this.lines.replaceChildren(...lines.map((line) => element("div", "", line)));
  }

  /** Stand beside the cursor, inside the map. */
  stand() {
    const { x, y, size } = this.place;
    const [width, height] = [this.root.offsetWidth, this.root.offsetHeight];
    const left = x + AWAY + width > size.width ? x - AWAY - width : x + AWAY;
    const top = y + AWAY + height > size.height ? y - AWAY - height : y + AWAY;
    this.root.style.left = `${Math.max(4, left)}px`;
    this.root.style.top = `${Math.max(4, top)}px`;
  }
}

async function told(path) {
  try {
    const answer = await fetch(address(path));
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the map goes on without
  }
}
