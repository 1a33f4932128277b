// Colours as the map needs them: parts of 0 to 255, whatever way the theme writes them.

/** [r, g, b] of "#rgb", "#rrggbb" or "rgb(r, g, b)"; grey where it is none of these. */
export function parts(text) {
  const colour = String(text).trim();
  if (/^#[0-9a-f]{3}$/i.test(colour)) {
    return [...colour.slice(1)].map((one) => parseInt(one, 16) * 17);
  }
  if (/^#[0-9a-f]{6}/i.test(colour)) {
    return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  }
  const numbers = colour.match(/^rgba?\(([^)]+)\)/i)?.[1].split(/[\s,/]+/);
  if (numbers) return numbers.slice(0, 3).map(Number);
  return [128, 128, 128];
}

/** How light a colour is, 0 to 1. */
export function lightness([r, g, b]) {
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

/**
 * A palette for the engine: colours that are too close in lightness to what lies behind them are
 * moved a little away from it; codes in `hidden` are not drawn.
 */
export function paletteOf(colours, hidden, paper) {
  const dark = lightness(paper) < 0.5;
  return colours.map((text, code) => {
    const colour = clear(parts(text), dark);
    return [...colour, hidden.has(code) ? 0 : 255];
  });
}

/** The same colours for what is written beside the map. */
export function colourWords(colours, paper) {
  return paletteOf(colours, new Set(), paper).map(([r, g, b]) => `rgb(${r}, ${g}, ${b})`);
}

function clear(colour, dark) {
  const light = lightness(colour);
  if (dark && light < 0.44) return mixed(colour, 255, 0.44 - light);
  if (!dark && light > 0.8) return mixed(colour, 0, light - 0.8);
  return colour;
}

function mixed(colour, towards, share) {
  return colour.map((part) => Math.round(part + (towards - part) * Math.min(1, share * 1.4)));
}
