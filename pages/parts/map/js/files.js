// Fetches what Python published (coordinates, codes, masks) once each, and unpacks it. An address
// names its content, so what was fetched stays right for as long as the page is open.

const KEPT = 48; // files kept at most; the oldest go first
const files = new Map();

/** The address of something Python published, wherever the app itself is served. */
export function address(path) {
  return new URL(`.${path}`, document.baseURI).href;
}

/** The bytes behind a path, as an aligned buffer. */
export function bytes(path) {
  if (files.has(path)) {
    const kept = files.get(path);
    files.delete(path); // to the end: the most recently used
    files.set(path, kept);
    return kept;
  }
  const coming = fetched(path);
  coming.catch(() => files.delete(path));
  files.set(path, coming);
  if (files.size > KEPT) files.delete(files.keys().next().value);
  return coming;
}

/** Coordinates: `dims` floats a row. */
export async function places(path) {
  return new Float32Array(await bytes(path));
}

/** One byte a row. */
export async function codes(path) {
  return new Uint8Array(await bytes(path));
}

/** One bit a row, as a byte a row. */
export async function mask(path, count) {
  return unpacked(new Uint8Array(await bytes(path)), count);
}

/** Bits, lowest first, as bytes of 0 and 1. */
export function unpacked(packed, count) {
  const rows = new Uint8Array(count);
  for (let row = 0; row < count; row++) rows[row] = (packed[row >> 3] >> (row & 7)) & 1;
  return rows;
}

async function fetched(path) {
  // a range, so that the server does not spend its time on compressing
  const answer = await fetch(address(path), { headers: { Range: "bytes=0-" } });
  if (!answer.ok) throw new Error(`the map's data could not be loaded (${answer.status})`);
  return answer.arrayBuffer();
}
