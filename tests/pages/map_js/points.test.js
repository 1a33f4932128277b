import assert from "node:assert/strict";
import test from "node:test";

import { colourWords, paletteOf, parts } from "../../../pages/parts/map/js/colours.js";
import { REAL, SELECTED, SHOWN } from "../../../pages/parts/map/js/engine.js";
import { address, unpacked } from "../../../pages/parts/map/js/files.js";
import { modeOf } from "../../../pages/parts/map/js/gestures.js";
import { join, tell } from "../../../pages/parts/map/js/links.js";
import { fitting } from "../../../pages/parts/map/js/overlay.js";
import { hiddenAfter } from "../../../pages/parts/map/js/panel.js";
import { Points } from "../../../pages/parts/map/js/points.js";

function four() {
  const points = new Points(4);
  points.place(2, new Float32Array([0, 0, 1, 1, NaN, NaN, 3, 3]));
  points.kinds = new Uint8Array([REAL, REAL, REAL, 0]);
  points.codes = new Uint8Array([0, 1, 1, 2]);
  return points;
}

test("bits are read lowest first, as NumPy packs them for us", () => {
  assert.deepEqual([...unpacked(new Uint8Array([0b101, 0b1]), 9)], [1, 0, 1, 0, 0, 0, 0, 0, 1]);
});

test("files lie beside the page, wherever the app is served", () => {
  globalThis.document = { baseURI: "https://host/team/gapscope/map?comparison=3" };
  assert.equal(address("/media/x.bin"), "https://host/team/gapscope/media/x.bin");
});

test("a point is there if it has a place, passes the filters, and the legend has it", () => {
  const points = four();
  assert.deepEqual([...points.there(2)], [1, 1, 0, 1]);
  points.shown = new Uint8Array([0, 1, 1, 1]);
  assert.deepEqual([...points.there(2)], [0, 1, 0, 1]);
  points.hidden = new Set([2]);
  assert.deepEqual([...points.there(2)], [0, 1, 0, 0]);
});

test("flags say what a point is", () => {
  const points = four();
  points.selected = new Uint8Array([0, 1, 0, 0]);
  assert.deepEqual(
    [...points.states(points.there(2))],
    [REAL | SHOWN, REAL | SHOWN | SELECTED, REAL, SHOWN],
  );
});

test("a selection is replaced, added to, removed from", () => {
  const points = four();
  const rows = (...chosen) => Uint8Array.from([0, 1, 2, 3], (row) => +chosen.includes(row));
  points.choose(rows(0), "remove"); // from nothing
  assert.equal(points.selected, null);
  points.choose(rows(0, 1), "add");
  points.choose(rows(3), "add");
  assert.deepEqual([...points.selected], [1, 1, 0, 1]);
  points.choose(rows(1), "remove");
  assert.deepEqual([...points.selected], [1, 0, 0, 1]);
  assert.equal(points.chosen(new Uint8Array([0, 1, 1, 1])), 1); // what is hidden is not counted
  points.choose(rows(2), "replace");
  assert.deepEqual([...points.selected], [0, 0, 1, 0]);
  points.choose(rows(), "replace");
  assert.equal(points.selected, null);
});

test("Shift adds, Alt removes", () => {
  assert.equal(modeOf({}), "replace");
  assert.equal(modeOf({ shiftKey: true }), "add");
  assert.equal(modeOf({ altKey: true, shiftKey: true }), "remove");
});

test("a click in the legend hides an entry, Alt leaves it alone, the last brings all back", () => {
  const entries = (...hidden) =>
    ["a", "b", "c"].map((label) => ({ label, hidden: hidden.includes(label) }));
  assert.deepEqual(hiddenAfter(entries(), "b", false), ["b"]);
  assert.deepEqual(hiddenAfter(entries("b"), "b", false), []);
  assert.deepEqual(hiddenAfter(entries(), "b", true), ["a", "c"]);
  assert.deepEqual(hiddenAfter(entries("a", "c"), "b", true), []);
  assert.deepEqual(hiddenAfter(entries("a", "b"), "c", false), []);
});

test("labels that would overlap give way to heavier ones", () => {
  const label = (text, x, y) => ({ text, x, y, width: 60 });
  const size = { width: 400, height: 300 };
  const placed = fitting(
    [
      label("heavy", 100, 100),
      label("under it", 120, 104),
      label("far", 300, 100),
      label("out", -80, 0),
    ],
    size,
  );
  assert.deepEqual(
    placed.map(({ text }) => text),
    ["heavy", "far"],
  );
});

test("colours are read as themes write them, and kept clear of what is behind them", () => {
  assert.deepEqual(parts("#0e8aa8"), [14, 138, 168]);
  assert.deepEqual(parts("#fff"), [255, 255, 255]);
  assert.deepEqual(parts("rgb(1, 2, 3)"), [1, 2, 3]);
  assert.deepEqual(parts("nonsense"), [128, 128, 128]);
  const [hidden, seen] = paletteOf(["#0e8aa8", "#d9660f"], new Set([0]), [255, 255, 255]);
  assert.equal(hidden[3], 0);
  assert.deepEqual(seen, [217, 102, 15, 255]);
  assert.notDeepEqual(colourWords(["#202020"], [20, 25, 28]), ["rgb(32, 32, 32)"]);
  assert.deepEqual(colourWords(["#202020"], [252, 252, 251]), ["rgb(32, 32, 32)"]);
});

test("linked maps hear of each other, others do not", () => {
  const heard = [];
  const map = (name) => ({ look: (...values) => heard.push([name, ...values]) });
  const [a, b, c] = [map("a"), map("b"), map("c")];
  const leave = join("versions", a);
  join("versions", b);
  join("levels", c);
  join(null, map("alone"));
  tell("versions", a, "look", 2, "there");
  assert.deepEqual(heard, [["b", 2, "there"]]);
  leave();
  tell("versions", b, "look", 3);
  assert.equal(heard.length, 1);
});
