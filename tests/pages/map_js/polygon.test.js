import assert from "node:assert/strict";
import test from "node:test";

import {
  boxed,
  holds,
  rounded,
  rowsInside,
  straightened,
  thinned,
} from "../../../pages/parts/map/js/polygon.js";

const U_SHAPE = [0, 0, 6, 0, 6, 6, 4, 6, 4, 2, 2, 2, 2, 6, 0, 6];

/** A small generator of the same numbers in every run (Park and Miller). */
function numbers(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

test("inside the arms of a U, not between them", () => {
  const places = new Float32Array([1, 5, 5, 5, 3, 1, 3, 5, 7, 3]);
  const inside = rowsInside(U_SHAPE, places, 2, new Uint8Array(5).fill(1));
  assert.deepEqual([...inside], [1, 1, 1, 0, 0]);
});

test("the middle of a star drawn in one go is crossed twice, so it is outside", () => {
  const star = [];
  for (let corner = 0; corner < 5; corner++) {
    const angle = (corner * 4 * Math.PI) / 5 + Math.PI / 2;
    star.push(Math.cos(angle), Math.sin(angle));
  }
  assert.equal(holds(star, 0, 0.8), true);
  assert.equal(holds(star, 0, 0), false);
  const inside = rowsInside(star, new Float32Array([0, 0.8, 0, 0]), 2, new Uint8Array([1, 1]));
  assert.deepEqual([...inside], [1, 0]);
});

test("bands of edges decide as all edges do", () => {
  const next = numbers(7);
  for (let round = 0; round < 20; round++) {
    const corners = Array.from({ length: 2 * (3 + Math.floor(next() * 60)) }, () => next());
    const places = Float32Array.from({ length: 600 }, () => next() * 1.2 - 0.1);
    const inside = rowsInside(corners, places, 2, new Uint8Array(300).fill(1));
    for (let row = 0; row < 300; row++) {
      assert.equal(Boolean(inside[row]), holds(corners, places[2 * row], places[2 * row + 1]));
    }
  }
});

test("rows that are not there are never inside, and two corners hold nothing", () => {
  const places = new Float32Array([1, 1, 1, 1]);
  assert.deepEqual([...rowsInside(U_SHAPE, places, 2, new Uint8Array([0, 1]))], [0, 1]);
  assert.deepEqual([...rowsInside([0, 0, 6, 0], places, 2, new Uint8Array([1, 1]))], [0, 0]);
});

test("a lasso in space sees points through the matrix", () => {
  const matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0.5, 0, 0, 0, 1]; // w = 1 + z / 2
  const places = new Float32Array([1, 0, 0, 1, 0, 2]); // the same x, one of them twice as far
  const inside = rowsInside(boxed([0.4, -1], [0.6, 1]), places, 3, new Uint8Array([1, 1]), matrix);
  assert.deepEqual([...inside], [0, 1]);
});

test("a stroke loses the corners that say nothing", () => {
  const line = [0, 0, 0.5, 0.1, 1, 0, 10, 0, 10, 10];
  assert.deepEqual(thinned(line, 2), [0, 0, 10, 0, 10, 10]);
  assert.deepEqual(straightened([0, 0, 5, 0.2, 10, 0, 10, 10], 0.5), [0, 0, 10, 0, 10, 10]);
  const circle = [];
  for (let step = 0; step < 720; step++) {
    circle.push(100 * Math.cos(step / 114.6), 100 * Math.sin(step / 114.6));
  }
  const kept = straightened(circle, 0.7);
  assert.ok(kept.length < 120 && kept.length > 20);
  for (let at = 0; at < kept.length; at += 2) assert.ok(circle.includes(kept[at]));
});

test("corners keep the digits that their size calls for", () => {
  assert.deepEqual(rounded([0.123456789, 1, 2, 3]), [0.1235, 1, 2, 3]);
  assert.deepEqual(rounded([123456.789, 1, 9000.123, 2]), [123457, 1, 9000, 2]);
  const fine = rounded([5.000001234567, 1, 5.000002, 1.000001]);
  assert.notEqual(fine[0], fine[2]); // a lasso of a millionth stays one
});
