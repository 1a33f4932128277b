// What the user drew, as corners, and which places lie inside. The rule is even-odd, the same as
// core/workspace/selection.py: a place is inside where a level ray from it crosses the outline an
// odd number of times. Here it serves the picture only; Python says which images are selected.

import { projected } from "./camera.js";

/** Corners [x0, y0, x1, y1, ...] with those left out that lie within `least` of the last kept. */
export function thinned(corners, least) {
  const kept = corners.slice(0, 2);
  for (let at = 2; at < corners.length; at += 2) {
    const dx = corners[at] - kept[kept.length - 2];
    const dy = corners[at + 1] - kept[kept.length - 1];
    if (dx * dx + dy * dy >= least * least) kept.push(corners[at], corners[at + 1]);
  }
  return kept;
}

/** Corners without those on the straight line between their neighbours, up to `slack`. */
export function straightened(corners, slack) {
  const count = corners.length / 2;
  if (count < 4) return [...corners];
  const keep = new Uint8Array(count);
  keep[0] = keep[count - 1] = 1;
  const parts = [[0, count - 1]];
  while (parts.length) {
    const [first, last] = parts.pop();
    let [farthest, most] = [-1, slack];
    for (let one = first + 1; one < last; one++) {
      const away = fromLine(corners, one, first, last);
      if (away > most) [farthest, most] = [one, away];
    }
    if (farthest > 0) {
      keep[farthest] = 1;
      parts.push([first, farthest], [farthest, last]);
    }
  }
  return corners.filter((_, at) => keep[at >> 1]);
}

/** The corners of a box between two opposite ones. */
export function boxed([x0, y0], [x1, y1]) {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

/** Numbers with as many digits as the polygon's size calls for: what is drawn is what is sent. */
export function rounded(corners) {
  let size = 0;
  for (let at = 2; at < corners.length; at++) {
    size = Math.max(size, Math.abs(corners[at] - corners[at % 2]));
  }
  const digits = Math.min(12, Math.max(0, 4 - Math.floor(Math.log10(size || 1))));
  return corners.map((value) => Number(value.toFixed(digits)));
}

/** Whether one place lies inside. */
export function holds(corners, x, y) {
  let odd = false;
  for (let at = 0, last = corners.length - 2; at < corners.length; last = at, at += 2) {
    const [x0, y0, x1, y1] = [corners[last], corners[last + 1], corners[at], corners[at + 1]];
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) odd = !odd;
  }
  return odd;
}

/**
 * Mark the rows inside a polygon: a Uint8Array of 0 and 1. With a matrix, places are seen through
 * it (a lasso in space); rows that are not `there` stay 0.
 */
export function rowsInside(corners, places, dims, there, matrix = null) {
  const inside = new Uint8Array(there.length);
  if (corners.length < 6) return inside;
  const edges = new Edges(corners);
  for (let row = 0, at = 0; row < there.length; row++, at += dims) {
    if (!there[row]) continue;
    let x = places[at];
    let y = places[at + 1];
    if (matrix) [x, y] = projected(matrix, x, y, places[at + 2]);
    if (edges.hold(x, y)) inside[row] = 1;
  }
  return inside;
}

/** A polygon's edges sorted into bands of height, so that a place meets few of them. */
class Edges {
  constructor(corners) {
    this.low = [Infinity, Infinity];
    this.high = [-Infinity, -Infinity];
    corners.forEach((value, at) => {
      this.low[at % 2] = Math.min(this.low[at % 2], value);
      this.high[at % 2] = Math.max(this.high[at % 2], value);
    });
    const bands = Math.max(1, corners.length);
    this.scale = bands / Math.max(this.high[1] - this.low[1], 1e-300);
    this.bands = Array.from({ length: bands }, () => []);
    for (let at = 0, last = corners.length - 2; at < corners.length; last = at, at += 2) {
      const edge = [corners[last], corners[last + 1], corners[at], corners[at + 1]];
      const first = this.band(Math.min(edge[1], edge[3]));
      const end = this.band(Math.max(edge[1], edge[3]));
      for (let band = first; band <= end; band++) this.bands[band].push(...edge);
    }
  }

  band(y) {
    const band = Math.floor((y - this.low[1]) * this.scale);
    return Math.min(this.bands.length - 1, Math.max(0, band));
  }

  hold(x, y) {
    if (!(x >= this.low[0] && x <= this.high[0] && y >= this.low[1] && y <= this.high[1])) {
      return false;
    }
    const edges = this.bands[this.band(y)];
    let odd = false;
    for (let at = 0; at < edges.length; at += 4) {
      const y0 = edges[at + 1];
      const y1 = edges[at + 3];
      if (y0 > y !== y1 > y) {
        const x0 = edges[at];
        if (x < ((edges[at + 2] - x0) * (y - y0)) / (y1 - y0) + x0) odd = !odd;
      }
    }
    return odd;
  }
}

function fromLine(corners, one, first, last) {
  const [x0, y0] = [corners[2 * first], corners[2 * first + 1]];
  const [dx, dy] = [corners[2 * last] - x0, corners[2 * last + 1] - y0];
  const [px, py] = [corners[2 * one] - x0, corners[2 * one + 1] - y0];
  const length = Math.hypot(dx, dy);
  return length ? Math.abs(px * dy - py * dx) / length : Math.hypot(px, py);
}
