// Finds the point under the cursor: a counting sort of all points into square cells, made once for
// a flat map and again when a deep one has come to rest.

const PER_CELL = 4; // points a cell holds on average
const MOST_CELLS = 1 << 20;

export class Grid {
  /** places: x, y of each row, one after the other; there: which rows count. */
  constructor(places, there) {
    this.places = places;
    const count = there.reduce((sum, one) => sum + one, 0);
    this.measure(there, count);
    const cells = this.columns * this.lines;
    const cellOf = new Int32Array(there.length).fill(-1);
    this.start = new Uint32Array(cells + 1);
    for (let row = 0; row < there.length; row++) {
      if (!there[row]) continue;
      const cell = this.cell(places[2 * row], places[2 * row + 1]);
      cellOf[row] = cell;
      this.start[cell + 1]++;
    }
    for (let cell = 0; cell < cells; cell++) this.start[cell + 1] += this.start[cell];
    const next = this.start.slice(0, cells);
    this.rows = new Uint32Array(count);
    for (let row = 0; row < there.length; row++) {
      if (cellOf[row] >= 0) this.rows[next[cellOf[row]]++] = row;
    }
  }

  /**
   * The row nearest to (x, y) within reach = [along x, along y], or -1. Distances are measured in
   * units of the reach; where two are equally near the one with the higher `rank` wins.
   */
  nearest(x, y, reach, rank = null) {
    const [left, right] = [this.column(x - reach[0]), this.column(x + reach[0])];
    const [low, high] = [this.line(y - reach[1]), this.line(y + reach[1])];
    let best = -1;
    let least = 1;
    for (let line = low; line <= high; line++) {
      const from = this.start[line * this.columns + left];
      const to = this.start[line * this.columns + right + 1];
      for (let at = from; at < to; at++) {
        const row = this.rows[at];
        const dx = (this.places[2 * row] - x) / reach[0];
        const dy = (this.places[2 * row + 1] - y) / reach[1];
        const away = dx * dx + dy * dy;
        const over = away === least && best >= 0 && rank && rank[row] > rank[best];
        if (away < least || over) [best, least] = [row, away];
      }
    }
    return best;
  }

  measure(there, count) {
    let [left, low, right, high] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let row = 0; row < there.length; row++) {
      if (!there[row]) continue;
      const [x, y] = [this.places[2 * row], this.places[2 * row + 1]];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < low) low = y;
      if (y > high) high = y;
    }
    if (!count) [left, low, right, high] = [0, 0, 1, 1];
    const cells = Math.min(MOST_CELLS, Math.max(1, count / PER_CELL));
    const side = Math.max(1, Math.floor(Math.sqrt(cells)));
    this.columns = this.lines = side;
    [this.left, this.low] = [left, low];
    this.across = side / Math.max(right - left, 1e-12);
    this.up = side / Math.max(high - low, 1e-12);
  }

  column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) * this.across)));
  }

  line(y) {
    return Math.min(this.lines - 1, Math.max(0, Math.floor((y - this.low) * this.up)));
  }

  cell(x, y) {
    return this.line(y) * this.columns + this.column(x);
  }
}
