// One map on the page: it holds the parts together. Python's messages come in by update(), what the
// user does goes out by tell().

import { Card } from "./card.js";
import { boundsOf, DeepCamera, FlatCamera, projected } from "./camera.js";
import { colourWords, paletteOf, parts } from "./colours.js";
import { discSize, Engine } from "./engine.js";
import * as files from "./files.js";
import { LASSO, listen } from "./gestures.js";
import { Grid } from "./grid.js";
import { join, tell } from "./links.js";
import { Overlay } from "./overlay.js";
import { element, Legend, message, Status, Toolbar } from "./panel.js";
import { Points } from "./points.js";
import { rounded, rowsInside, straightened, thinned } from "./polygon.js";

const REACH = 9; // pixels around the cursor in which a point is found
const REST = 25; // milliseconds the cursor must rest for a card
const LOWEST = 340; // pixels: a map that fills the window is no lower
const FOOT = 18; // pixels left below it
const MISSING =
  "This browser has no WebGL 2, so the map cannot be drawn here. A simpler map of a sample of " +
  "the points is above. Turning on hardware acceleration in the browser's settings usually helps.";

const kept = new Map(); // how each map was last looked at, for when it is shown again

export class MapView {
  constructor(root) {
    this.tool = LASSO;
    this.dims = 2;
    this.cameras = { 2: null, 3: null };
    this.loaded = {}; // what each part was loaded from
    this.round = 0; // of updates: a late answer to an old one is dropped
    this.serial = 0; // of the newest gesture: an older answer from Python is not shown
    this.size = { width: 800, height: 500 }; // until the window says
    this.sent = []; // gestures that Python may not have answered yet
    this.unlink = () => {};
    this.build(root);
  }

  /** Take a message. Only what changed is fetched. */
  async update(data) {
    this.data = data;
    this.dress();
    if (!this.engine) return;
    this.unlink();
    this.unlink = join(data.link, this);
    const round = ++this.round;
    try {
      const changed = await this.fetch(data);
      if (round !== this.round || this.gone) return;
      this.apply(data, changed);
      message(this.frame, null);
    } catch (error) {
      if (round !== this.round || this.gone) return;
      message(this.frame, `${error.message}. Reload the page.`);
    }
  }

  /** Leave the page. */
  free() {
    this.gone = true;
    this.remember();
    this.unlink();
    this.deafen?.();
    this.watcher?.disconnect();
    window.removeEventListener("resize", this.resized);
    cancelAnimationFrame(this.frameRequest);
    clearTimeout(this.resting);
    this.engine?.free();
    this.frame.remove();
  }

  // --- from a linked map ---

  look(dims, state) {
    if (dims !== this.dims) this.turnTo(dims, false);
    if (!this.camera) return;
    this.camera.state = state;
    this.moved(false);
  }

  choose(inside, mode) {
    if (inside && inside.length !== this.points.count) return;
    if (inside) this.points.choose(inside, mode);
    else this.points.selected = null;
    this.mark(false);
  }

  // --- what the user does ---

  get deep() {
    return this.dims === 3;
  }

  drawing(corners, mode) {
    this.outline = corners && { corners, mode };
    this.overdraw();
  }

  drawn(corners, mode) {
    if (!this.camera) return;
    const screen = straightened(thinned(corners, 2), 0.7);
    const places = [];
    for (let at = 0; at < screen.length; at += 2) {
      places.push(...this.camera.place(screen[at], screen[at + 1], this.size));
    }
    if (screen.length < 6) return;
    const matrix = this.deep ? this.camera.matrix(this.size) : null;
    const polygon = rounded(places);
    this.gesture({ mode, corners: polygon, matrix }, () =>
      rowsInside(polygon, this.places, this.dims, this.there, matrix),
    );
  }

  click(x, y, mode) {
    const row = this.find(x, y);
    if (row < 0) return;
    this.gesture({ mode, row }, () => {
      const inside = new Uint8Array(this.points.count);
      inside[row] = 1;
      return inside;
    });
  }

  clear() {
    if (this.points?.selected) this.gesture({ mode: "clear" }, () => null);
  }

  hover(x, y) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(x, y), REST);
  }

  leave() {
    clearTimeout(this.resting);
    this.card.hide();
    if (!this.point) return;
    this.point = null;
    this.overdraw();
  }

  pan(dx, dy) {
    this.camera?.pan(dx, dy, this.size);
    this.moved();
  }

  turn(dx, dy) {
    this.camera?.turn(dx, dy, this.size);
    this.moved();
  }

  zoom(x, y, factor) {
    const { width, height } = this.size;
    this.camera?.zoomAt(x ?? width / 2, y ?? height / 2, factor, this.size);
    this.moved();
  }

  /** A key or a button of the toolbar; whether it meant something. */
  press(name) {
    const letters = { l: "lasso", b: "box", m: "move", 0: "all", f: "full" };
    const wanted = letters[name.toLowerCase()] ?? name;
    if (["lasso", "box", "move"].includes(wanted)) this.tool = wanted;
    else if (wanted === "2" || wanted === "3") this.turnTo(Number(wanted));
    else if (wanted === "closer") this.zoom(null, null, 1.4);
    else if (wanted === "farther") this.zoom(null, null, 1 / 1.4);
    else if (wanted === "all") this.showAll();
    else if (wanted === "full") this.fill();
    else if (wanted === "Escape") this.clear();
    else return false;
    this.describe();
    return true;
  }

  // --- inside ---

  build(root) {
    this.frame = element("div", "map");
    this.frame.setAttribute("role", "group");
    const canvas = element("canvas", "points");
    const over = element("canvas", "over");
    over.tabIndex = 0;
    over.setAttribute("role", "application");
    this.canvases = [canvas, over];
    this.card = new Card();
    this.legend = new Legend((hidden) => this.hide(hidden));
    this.toolbar = new Toolbar((name) => this.press(name));
    this.status = new Status(() => this.clear());
    this.frame.append(canvas, over, this.legend.root, this.toolbar.root);
    this.frame.append(this.status.root, this.card.root);
    root.append(this.frame);
    try {
      this.engine = new Engine(canvas);
    } catch (error) {
      this.frame.classList.add("missing");
      this.missing = true;
      message(this.frame, MISSING);
      console.warn(error);
      return;
    }
    this.overlay = new Overlay(over);
    this.points = new Points(0);
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      if (this.gone) return;
      this.engine.restore();
      this.redraw();
    });
    this.deafen = listen(over, this.hands());
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(this.frame);
    this.resized = () => this.resize();
    window.addEventListener("resize", this.resized);
    this.resize();
  }

  hands() {
    const map = this;
    const names = ["drawing", "drawn", "click", "hover", "leave", "pan", "turn", "zoom", "press"];
    const hands = Object.fromEntries(names.map((name) => [name, map[name].bind(map)]));
    Object.defineProperty(hands, "tool", { get: () => map.tool });
    Object.defineProperty(hands, "deep", { get: () => map.deep });
    return hands;
  }

  /** Fetch the parts that are new; which they are. */
  async fetch(data) {
    if (this.points.count !== data.count) this.loaded = {};
    const wanted = {
      flat: data.flat && (() => files.places(data.flat)),
      deep: data.deep && this.dims === 3 && (() => files.places(data.deep)),
      kinds: () => files.codes(data.kinds),
      codes: () => files.codes(data.codes),
      shown: data.shown && (() => files.mask(data.shown, data.count)),
      selected: data.selected && (() => files.mask(data.selected, data.count)),
    };
    const names = Object.keys(wanted).filter((name) => data[name] !== this.loaded[name]);
    const found = await Promise.all(names.map((name) => (wanted[name] ? wanted[name]() : null)));
    return Object.fromEntries(names.map((name, at) => [name, found[at]]));
  }

  /** Take what was fetched; do again only what depends on it. */
  apply(data, changed) {
    if (this.points.count !== data.count) this.points = new Points(data.count);
    const { points } = this;
    const hidden = new Set(data.legend.flatMap((entry) => (entry.hidden ? entry.codes : [])));
    let where = !this.there || !same([...hidden], [...points.hidden]);
    let which = false;
    points.hidden = hidden;
    for (const [name, value] of Object.entries(changed)) {
      if (name === "deep" && !value) continue; // fetched when it is looked at
      if (name === "selected") {
        if (data.serial < this.serial) continue; // a newer one is on its way
        which = !same(points.selected, value);
        points.selected = value;
      } else if (name === "flat") points.place(2, value);
      else if (name === "deep") points.place(3, value);
      else points[name] = value;
      where ||= name !== "selected";
      this.loaded[name] = data[name];
    }
    if (this.view !== data.view) this.enter(data);
    if (this.dims === 3 && !points.coordinates[3]) this.dims = 2;
    this.upload();
    if ("codes" in changed) this.engine.codes(points.codes);
    this.colour();
    if (where || which) this.mark(where);
    this.redraw();
  }

  /** Another map: look at all of it, or as it was looked at before. */
  enter(data) {
    this.remember();
    this.view = data.view;
    this.cameras = { 2: null, 3: null };
    const before = kept.get(this.name);
    if (!data.deep) this.dims = 2;
    if (before) {
      for (const dims of [2, 3]) if (before[dims]) this.state(dims, before[dims]);
    }
    if (data.deep && before?.dims === 3 && this.dims === 2) this.turnTo(3, false);
    this.uploaded = null;
  }

  get name() {
    return `${this.data.link ?? ""} ${this.view}`;
  }

  remember() {
    if (!this.view) return;
    const states = Object.entries(this.cameras).map(([dims, one]) => [dims, one?.state]);
    kept.set(this.name, { ...Object.fromEntries(states), dims: this.dims });
  }

  state(dims, state) {
    this.later = { ...this.later, [dims]: state };
  }

  get places() {
    return this.points.coordinates[this.dims];
  }

  get camera() {
    return this.cameras[this.dims];
  }

  /** Give the engine the coordinates of the map that is looked at, and see to its camera. */
  upload() {
    const { dims, points } = this;
    if (this.uploaded !== this.places) this.engine.places(this.places, dims);
    this.uploaded = this.places;
    if (!this.cameras[dims]) {
      const bounds = boundsOf(this.places, dims, points.finite[dims]);
      this.cameras[dims] = new (dims === 3 ? DeepCamera : FlatCamera)(bounds, this.size);
      if (this.later?.[dims]) this.cameras[dims].state = this.later[dims];
      this.later = { ...this.later, [dims]: null };
      const count = points.finite[dims].reduce((sum, one) => sum + one, 0);
      this.finite = { ...this.finite, [dims]: count };
    }
  }

  async turnTo(dims, telling = true) {
    if (dims === this.dims || !(dims === 2 || this.data.deep)) return;
    const view = this.data.view;
    if (dims === 3 && this.loaded.deep !== this.data.deep) {
      const places = await files.places(this.data.deep);
      if (this.gone || view !== this.data.view) return;
      this.points.place(3, places);
      this.loaded.deep = this.data.deep;
    }
    this.dims = dims;
    this.leave();
    this.upload();
    this.mark();
    if (telling) this.moved();
  }

  /** Rows were selected and, with `where`, shown or hidden: tell the engine. */
  mark(where = true) {
    if (!this.places) return;
    if (where) {
      this.there = this.points.there(this.dims);
      this.picker = null;
    }
    this.engine.states(this.points.states(this.there));
    this.describe();
    this.redraw();
  }

  colour() {
    this.engine.palette(paletteOf(this.data.palette, this.points.hidden, this.theme.paperParts));
  }

  /** Read the theme, and dress everything that is not the engine. */
  dress() {
    const style = getComputedStyle(this.frame);
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
    const paper = read("--st-background-color", "#ffffff");
    this.theme = {
      paper,
      paperParts: parts(paper),
      ink: read("--st-text-color", "#222222"),
      accent: read("--st-primary-color", "#0e7490"),
      font: read("--st-font", "sans-serif"),
      gap: this.data.gap,
    };
    this.canvases[1].setAttribute("aria-label", this.data.title);
    this.stretch();
    this.describe();
    if (this.missing) {
      if (!this.toldMissing) this.tell("missing", true);
      this.toldMissing = true;
    } else if (this.uploaded) {
      this.colour();
      this.redraw();
    }
  }

  describe() {
    const { data } = this;
    const selected = this.there ? this.points.chosen(this.there) : 0;
    this.palette = colourWords(data.palette, this.theme.paperParts);
    this.legend.update(data.legend, data.scale, this.palette);
    this.toolbar.update({ tool: this.tool, dims: this.dims, hasDeep: Boolean(data.deep) });
    this.status.update(selected, data.note);
    this.canvases[1].dataset.tool = this.tool;
    Object.assign(this.frame.dataset, { selected, dims: this.dims });
  }

  hide(hidden) {
    for (const entry of this.data.legend) entry.hidden = hidden.includes(entry.label);
    const codes = this.data.legend.flatMap((entry) => (entry.hidden ? entry.codes : []));
    this.points.hidden = new Set(codes);
    this.colour();
    this.mark();
    this.tell("hide", { by: this.data.by, hidden });
  }

  /**
   * Send a gesture, with those before it that Python has not answered yet, and show it meanwhile.
   * found(): its rows, one byte each.
   */
  gesture(gesture, found) {
    this.serial = Math.max(this.serial + 1, Date.now());
    const open = this.sent.filter((one) => one.serial > this.data.serial);
    this.sent = [...open, { ...gesture, serial: this.serial }];
    this.tell("gesture", { gestures: this.sent });
    const inside = found();
    this.choose(inside, gesture.mode);
    tell(this.data.link, this, "choose", inside, gesture.mode);
  }

  showAll() {
    this.camera?.fit(this.size);
    this.moved();
  }

  fill() {
    const over = document.fullscreenElement;
    if (over) document.exitFullscreen();
    else this.frame.requestFullscreen?.();
  }

  /** Reach down to the window's foot, and let what stands beside the map do the same. */
  stretch() {
    const { share = 0, first } = this.data ?? {};
    this.frame.classList.toggle("filling", share > 0);
    this.frame.style.setProperty("--share", share);
    if (!share || !first || document.fullscreenElement) return;
    let top = this.frame.getBoundingClientRect().top;
    for (let one = this.frame.getRootNode().host; one; one = one.parentElement) {
      top += one.scrollTop;
    }
    const height = Math.max(LOWEST, Math.floor(window.innerHeight - top - FOOT));
    document.documentElement.style.setProperty("--gs-map-height", `${height}px`);
  }

  resize() {
    this.stretch();
    const { clientWidth: width, clientHeight: height } = this.frame;
    if (!width || !height) return;
    this.size = { width, height };
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of this.canvases) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    for (const camera of Object.values(this.cameras)) camera?.follow(this.size);
    this.moved(false);
  }

  moved(telling = true) {
    if (!this.camera) return;
    if (this.deep) this.picker = null;
    this.leave();
    if (telling) tell(this.data.link, this, "look", this.dims, this.camera.state);
    this.redraw();
  }

  redraw() {
    if (this.frameRequest) return;
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      if (this.gone || !this.camera || !this.there) return;
      this.engine.draw({
        matrix: this.camera.matrix(this.size),
        size: this.discs,
        deep: this.deep,
        chosen: Boolean(this.points.selected),
        paper: this.theme.paperParts,
        outline: parts(this.theme.gap),
      });
      this.overdraw();
      this.frame.dataset.drawn = String(this.round);
    });
  }

  get discs() {
    return discSize(this.finite[this.dims], this.camera.zoom, this.ratio);
  }

  overdraw() {
    if (!this.camera) return;
    this.overlay.draw({
      matrix: this.camera.matrix(this.size),
      size: this.size,
      ratio: this.ratio,
      labels: this.data.labels,
      dims: this.dims,
      theme: this.theme,
      outline: this.outline,
      point: this.point,
    });
  }

  /** The cursor rests: show the card of the point under it. */
  rest(x, y) {
    if (this.gone || !this.camera || this.outline) return;
    const row = this.find(x, y);
    if (row < 0) {
      this.leave();
      return;
    }
    const { data, points } = this;
    const at = this.pixel(row);
    this.point = { ...at, radius: this.discs / this.ratio / 2 };
    this.overdraw();
    const entry = data.legend.find((one) => one.codes.includes(points.codes[row]));
    this.card.show(row, {
      ...at,
      size: this.size,
      source: data.cards,
      first: entry?.label,
      colour: this.palette[points.codes[row]],
    });
  }

  /** The row under a pixel, or -1. */
  find(x, y) {
    if (!this.there || !this.camera) return -1;
    if (!this.picker) {
      const places = this.deep ? this.flattened() : this.places;
      this.picker = new Grid(places, this.there);
    }
    if (this.deep) return this.picker.nearest(x, y, [REACH, REACH]);
    const unit = this.camera.unit / this.camera.zoom;
    const place = this.camera.place(x, y, this.size);
    return this.picker.nearest(...place, [REACH * unit, REACH * unit]);
  }

  /** Where the points of a map in space are on the screen, in pixels. */
  flattened() {
    const { places, size, there } = this;
    const matrix = this.camera.matrix(size);
    const flat = new Float32Array(2 * there.length);
    for (let row = 0; row < there.length; row++) {
      if (!there[row]) continue;
      const at = 3 * row;
      const [x, y] = projected(matrix, places[at], places[at + 1], places[at + 2]);
      flat[2 * row] = ((x + 1) / 2) * size.width;
      flat[2 * row + 1] = ((1 - y) / 2) * size.height;
    }
    return flat;
  }

  pixel(row) {
    const { places, dims, size } = this;
    const at = dims * row;
    const z = dims === 3 ? places[at + 2] : 0;
    const [x, y] = projected(this.camera.matrix(size), places[at], places[at + 1], z);
    return { x: ((x + 1) / 2) * size.width, y: ((1 - y) / 2) * size.height };
  }
}

/** Whether two arrays hold the same, or both are missing. */
function same(one, other) {
  if (!one || !other) return one === other;
  return one.length === other.length && one.every((value, at) => value === other[at]);
}
