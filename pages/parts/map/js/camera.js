// Where the map is looked at from: a flat camera (centre and scale) and a deep one (rotation about
// a centre, mild perspective). Both give one thing: a 4 x 4 matrix, column by column, that takes
// data coordinates to clip space. Everything else (drawing, picking, lasso) only sees that matrix.

const DISTANCE = 3; // of the eye from the centre, in radii of the cloud: a mild perspective
const FILLED = 1.25; // the cloud's radius on the screen, in halves of the shorter side
const WIDEST = 0.25; // how far one can zoom out and in, relative to the whole cloud
const CLOSEST = 4000;
const MARGIN = 1.1; // air around the cloud when all of it is shown
const TOP = 40; // pixels at the top that the toolbar takes: the flat map leaves them free

/** Smallest and largest coordinate on each axis of the rows that are there. */
export function boundsOf(places, dims, there) {
  const low = new Array(dims).fill(Infinity);
  const high = new Array(dims).fill(-Infinity);
  for (let row = 0, at = 0; at < places.length; row++, at += dims) {
    if (there && !there[row]) continue;
    for (let axis = 0; axis < dims; axis++) {
      const value = places[at + axis];
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
  }
  if (low[0] > high[0]) return { low: low.map(() => -1), high: high.map(() => 1) };
  return { low, high };
}

/** Clip coordinates (x, y, w) of one place under a matrix. */
export function projected(matrix, x, y, z = 0) {
  const w = matrix[3] * x + matrix[7] * y + matrix[11] * z + matrix[15];
  return [
    (matrix[0] * x + matrix[4] * y + matrix[8] * z + matrix[12]) / w,
    (matrix[1] * x + matrix[5] * y + matrix[9] * z + matrix[13]) / w,
    w,
  ];
}

/** The map on paper: pan and zoom. */
export class FlatCamera {
  dims = 2;

  constructor(bounds, size) {
    this.bounds = bounds;
    this.fit(size);
  }

  /** Show everything. */
  fit(size) {
    const { low, high } = this.bounds;
    this.follow(size);
    this.zoom = 1;
    this.centre = [(low[0] + high[0]) / 2, (low[1] + high[1] + TOP * this.unit) / 2];
  }

  /** The window has another size: the scale at zoom 1 changes, what is looked at does not. */
  follow(size) {
    const { low, high } = this.bounds;
    const wide = Math.max(high[0] - low[0], 1e-9) * MARGIN;
    const tall = Math.max(high[1] - low[1], 1e-9) * MARGIN;
    const free = Math.max(size.height - TOP, TOP);
    this.unit = Math.max(wide / size.width, tall / free); // data units a pixel at zoom 1
  }

  matrix(size) {
    const unit = this.unit / this.zoom;
    const sx = 2 / (size.width * unit);
    const sy = 2 / (size.height * unit);
    const [x, y] = this.centre;
    return [sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, 1, 0, -x * sx, -y * sy, 0, 1];
  }

  /** The data coordinates under a pixel. */
  place(px, py, size) {
    const unit = this.unit / this.zoom;
    return [
      this.centre[0] + (px - size.width / 2) * unit,
      this.centre[1] - (py - size.height / 2) * unit,
    ];
  }

  /** Zoom so that what is under the pixel stays there. */
  zoomAt(px, py, factor, size) {
    const before = this.place(px, py, size);
    this.zoom = Math.min(CLOSEST, Math.max(WIDEST, this.zoom * factor));
    const after = this.place(px, py, size);
    this.centre = [
      this.centre[0] + before[0] - after[0],
      this.centre[1] + before[1] - after[1],
    ];
  }

  pan(dx, dy) {
    const unit = this.unit / this.zoom;
    this.centre = [this.centre[0] - dx * unit, this.centre[1] + dy * unit];
  }

  turn(dx, dy) {
    this.pan(dx, dy); // a flat map does not turn
  }

  /** What another map needs to show the same part. */
  get state() {
    return { centre: [...this.centre], zoom: this.zoom };
  }

  set state(state) {
    this.centre = [...state.centre];
    this.zoom = state.zoom;
  }
}

/** The map in space: it turns about its centre. */
export class DeepCamera {
  dims = 3;

  constructor(bounds, size) {
    this.bounds = bounds;
    const { low, high } = bounds;
    this.centre = low.map((value, axis) => (value + high[axis]) / 2);
    const halves = low.map((value, axis) => (high[axis] - value) / 2);
    this.radius = Math.max(Math.hypot(...halves), 1e-9);
    this.fit(size);
  }

  fit() {
    this.rotation = multiply3(turnX(-1.05), turnZ(0.6)); // seen from above and the side
    this.shift = [0, 0];
    this.zoom = 1;
  }

  follow() {}

  matrix(size) {
    const shorter = Math.min(size.width, size.height);
    const fx = (FILLED * this.zoom * shorter) / size.width;
    const fy = (FILLED * this.zoom * shorter) / size.height;
    const r = this.rotation.map((value) => value / this.radius);
    const [cx, cy, cz] = this.centre;
    const along = (row) => -(r[row] * cx + r[row + 1] * cy + r[row + 2] * cz);
    const [tx, ty, tz] = [along(0) + this.shift[0], along(3) + this.shift[1], along(6)];
    const near = -0.4; // depth stays well inside the clip volume
    const far = -1 / DISTANCE;
    return [
      fx * r[0], fy * r[3], near * r[6], far * r[6],
      fx * r[1], fy * r[4], near * r[7], far * r[7],
      fx * r[2], fy * r[5], near * r[8], far * r[8],
      fx * tx, fy * ty, near * tz, 1 + far * tz,
    ]; // prettier-ignore
  }

  /** A lasso in space is drawn on the screen: its coordinates are clip coordinates. */
  place(px, py, size) {
    return [(2 * px) / size.width - 1, 1 - (2 * py) / size.height];
  }

  zoomAt(px, py, factor, size) {
    const [x, y] = this.pixels(px - size.width / 2, py - size.height / 2, size);
    const before = this.zoom;
    this.zoom = Math.min(CLOSEST, Math.max(WIDEST, this.zoom * factor));
    const kept = before / this.zoom;
    this.shift = [this.shift[0] - x * (1 - kept), this.shift[1] + y * (1 - kept)];
  }

  pan(dx, dy, size) {
    const [x, y] = this.pixels(dx, dy, size);
    this.shift = [this.shift[0] + x, this.shift[1] - y];
  }

  turn(dx, dy) {
    const rate = 0.008;
    this.rotation = multiply3(multiply3(turnX(dy * rate), turnY(dx * rate)), this.rotation);
  }

  /** Pixels as lengths in the plane through the centre. */
  pixels(dx, dy, size) {
    const scale = 2 / (FILLED * this.zoom * Math.min(size.width, size.height));
    return [dx * scale, dy * scale];
  }

  get state() {
    return { rotation: [...this.rotation], shift: [...this.shift], zoom: this.zoom };
  }

  set state(state) {
    this.rotation = [...state.rotation];
    this.shift = [...state.shift];
    this.zoom = state.zoom;
  }
}

function turnX(angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [1, 0, 0, 0, c, -s, 0, s, c];
}

function turnY(angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, 0, s, 0, 1, 0, -s, 0, c];
}

function turnZ(angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** Product of two 3 x 3 matrices, row by row. */
function multiply3(a, b) {
  const product = new Array(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      product[3 * row + column] =
        a[3 * row] * b[column] + a[3 * row + 1] * b[3 + column] + a[3 * row + 2] * b[6 + column];
    }
  }
  return product;
}
