import assert from "node:assert/strict";
import test from "node:test";

import {
  boundsOf,
  DeepCamera,
  FlatCamera,
  projected,
} from "../../../pages/parts/map/js/camera.js";

const SIZE = { width: 800, height: 500 };
const close = (a, b, slack = 1e-9) => assert.ok(Math.abs(a - b) < slack, `${a} is not ${b}`);

/** Where a place is on the screen, in pixels. */
function pixel(camera, place, size = SIZE) {
  const [x, y] = projected(camera.matrix(size), ...place);
  return [((x + 1) / 2) * size.width, ((1 - y) / 2) * size.height];
}

test("bounds leave out rows that are not there", () => {
  const places = new Float32Array([0, 0, 2, 1, NaN, NaN, 99, 99]);
  const { low, high } = boundsOf(places, 2, new Uint8Array([1, 1, 0, 0]));
  assert.deepEqual([low, high], [[0, 0], [2, 1]]);
  assert.deepEqual(boundsOf(places, 2, new Uint8Array(4)).high, [1, 1]);
});

test("a flat camera shows everything, undistorted", () => {
  const camera = new FlatCamera({ low: [-2, 0], high: [6, 2] }, SIZE);
  for (const place of [[-2, 0], [6, 2], [2, 1]]) {
    const [x, y] = pixel(camera, place);
    assert.ok(x > 0 && x < SIZE.width && y > 0 && y < SIZE.height);
  }
  const [origin, right, up] = [[0, 0], [1, 0], [0, 1]].map((place) => pixel(camera, place));
  close(right[0] - origin[0], origin[1] - up[1]); // a unit is as long across as up
});

test("a pixel and its place are the same point", () => {
  const camera = new FlatCamera({ low: [-3, -1], high: [5, 9] }, SIZE);
  camera.zoomAt(100, 50, 3.7, SIZE);
  camera.pan(13, -40);
  const [x, y] = pixel(camera, camera.place(222, 333, SIZE));
  close(x, 222);
  close(y, 333);
});

test("zooming keeps what is under the cursor", () => {
  const camera = new FlatCamera({ low: [0, 0], high: [1, 1] }, SIZE);
  const before = camera.place(640, 120, SIZE);
  camera.zoomAt(640, 120, 2.5, SIZE);
  const after = camera.place(640, 120, SIZE);
  close(before[0], after[0]);
  close(before[1], after[1]);
  camera.zoomAt(0, 0, 1e9, SIZE);
  assert.equal(camera.zoom, 4000); // but not without end
});

test("a deep camera shows everything from every side", () => {
  const camera = new DeepCamera({ low: [-1, -1, -1], high: [3, 1, 1] }, SIZE);
  for (let step = 0; step < 40; step++) {
    camera.turn(25, 9);
    for (const x of [-1, 3]) {
      for (const y of [-1, 1]) {
        for (const z of [-1, 1]) {
          const [px, py, w] = projected(camera.matrix(SIZE), x, y, z);
          assert.ok(w > 0.5 && w < 1.5);
          assert.ok(Math.abs(px) < 1.6 && Math.abs(py) < 1.9);
        }
      }
    }
  }
});

test("turning keeps lengths: the rotation stays a rotation", () => {
  const camera = new DeepCamera({ low: [-1, -1, -1], high: [1, 1, 1] }, SIZE);
  for (let step = 0; step < 500; step++) camera.turn(7, -3);
  const r = camera.rotation;
  for (const row of [0, 3, 6]) close(Math.hypot(r[row], r[row + 1], r[row + 2]), 1, 1e-9);
  close(r[0] * r[3] + r[1] * r[4] + r[2] * r[5], 0, 1e-9);
});

test("the centre of a deep map stands still while it turns, and moves with a pan", () => {
  const camera = new DeepCamera({ low: [-1, 0, 4], high: [1, 2, 6] }, SIZE);
  camera.turn(50, 20);
  let [x, y] = pixel(camera, [0, 1, 5]);
  close(x, 400);
  close(y, 250);
  camera.pan(30, -20, SIZE);
  [x, y] = pixel(camera, [0, 1, 5]);
  close(x, 430);
  close(y, 230);
});

test("zooming a deep map keeps what is under the cursor at the centre's depth", () => {
  const camera = new DeepCamera({ low: [-1, -1, -1], high: [1, 1, 1] }, SIZE);
  camera.pan(120, 40, SIZE); // now the centre is under (520, 290)
  camera.zoomAt(520, 290, 3, SIZE);
  const [x, y] = pixel(camera, [0, 0, 0]);
  close(x, 520);
  close(y, 290);
});

test("a camera takes over another's state", () => {
  for (const [Camera, bounds] of [
    [FlatCamera, { low: [0, 0], high: [2, 2] }],
    [DeepCamera, { low: [0, 0, 0], high: [2, 2, 2] }],
  ]) {
    const [one, other] = [new Camera(bounds, SIZE), new Camera(bounds, SIZE)];
    one.turn(10, 5, SIZE);
    one.zoomAt(10, 20, 2, SIZE);
    other.state = one.state;
    assert.deepEqual(other.matrix(SIZE), one.matrix(SIZE));
    one.pan(5, 5, SIZE);
    assert.notDeepEqual(other.matrix(SIZE), one.matrix(SIZE)); // a copy, not the same
  }
});
