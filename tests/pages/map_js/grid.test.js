import assert from "node:assert/strict";
import test from "node:test";

import { Grid } from "../../../pages/parts/map/js/grid.js";

function cloud(count) {
  let state = 11;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  return Float32Array.from({ length: 2 * count }, () => next() * 10);
}

/** The nearest row by looking at all. */
function slow(places, there, x, y, reach) {
  let [best, least] = [-1, 1];
  for (let row = 0; row < there.length; row++) {
    if (!there[row]) continue;
    const [dx, dy] = [(places[2 * row] - x) / reach[0], (places[2 * row + 1] - y) / reach[1]];
    const away = dx * dx + dy * dy;
    if (away < least) [best, least] = [row, away];
  }
  return best;
}

test("the nearest point is the one that looking at all of them finds", () => {
  const places = cloud(5000);
  const there = new Uint8Array(5000).map((_, row) => (row % 3 ? 1 : 0));
  const grid = new Grid(places, there);
  const asked = cloud(300);
  for (let one = 0; one < 300; one++) {
    const [x, y] = [asked[2 * one] * 1.2 - 1, asked[2 * one + 1] * 1.2 - 1];
    for (const reach of [[0.05, 0.05], [0.4, 0.2], [3, 3]]) {
      assert.equal(grid.nearest(x, y, reach), slow(places, there, x, y, reach));
    }
  }
});

test("nothing is found out of reach, among no points, or among points that are not there", () => {
  const places = new Float32Array([0, 0, 5, 5]);
  assert.equal(new Grid(places, new Uint8Array([1, 1])).nearest(2, 2, [1, 1]), -1);
  assert.equal(new Grid(places, new Uint8Array([0, 0])).nearest(0, 0, [1, 1]), -1);
  assert.equal(new Grid(places, new Uint8Array([0, 1])).nearest(0, 0, [1, 1]), -1);
  assert.equal(new Grid(new Float32Array(), new Uint8Array()).nearest(0, 0, [1, 1]), -1);
});

test("points that all lie in one place are found", () => {
  const grid = new Grid(new Float32Array([2, 2, 2, 2]), new Uint8Array([1, 1]));
  assert.ok(grid.nearest(2.1, 2, [1, 1]) >= 0);
});
