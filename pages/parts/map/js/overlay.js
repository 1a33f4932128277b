// What is drawn above the points on a 2-D canvas: names of gaps and classes, the lasso that is
// being drawn, a ring around the point under the cursor. Dragging a lasso so never redraws the
// points.

import { projected } from "./camera.js";

const LINE = 17; // pixels of one line of a label
const AIR = 5; // between labels
const LIFT = 13; // pixels a label stands above its place

/**
 * Which labels fit: from the heaviest down, those that overlap none before them.
 * labels: [{ text, x, y, width }] in pixels, heaviest first; the result has those that fit.
 */
export function fitting(labels, size) {
  const placed = [];
  for (const label of labels) {
    const box = {
      left: label.x - label.width / 2 - AIR,
      right: label.x + label.width / 2 + AIR,
      top: label.y - LINE / 2 - AIR,
      bottom: label.y + LINE / 2 + AIR,
    };
    const outside =
      box.right < 0 || box.left > size.width || box.bottom < 0 || box.top > size.height;
    const hits = placed.some(
      ({ box: other }) =>
        box.left < other.right &&
        box.right > other.left &&
        box.top < other.bottom &&
        box.bottom > other.top,
    );
    if (!outside && !hits) placed.push({ label, box });
  }
  return placed.map(({ label }) => label);
}

export class Overlay {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  /** Draw all of it anew. matrix: how places come on screen; ratio: device pixels a pixel. */
  draw({ matrix, size, ratio, labels, dims, theme, outline, point }) {
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    this.labels(labels, dims, matrix, size, theme);
    if (point) this.ring(point, theme);
    if (outline) this.outline(outline, theme);
  }

  labels(labels, dims, matrix, size, theme) {
    const { context } = this;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const shown = labels.flatMap((label) => {
      const place = dims === 3 ? label.deep : label.flat;
      if (!place) return [];
      const [x, y] = projected(matrix, ...place);
      context.font = fontOf(label, theme);
      return {
        ...label,
        x: ((x + 1) / 2) * size.width,
        y: ((1 - y) / 2) * size.height - LIFT,
        width: context.measureText(label.text).width,
      };
    });
    for (const label of fitting(shown, size)) {
      context.font = fontOf(label, theme);
      context.strokeStyle = theme.paper;
      context.lineWidth = 4;
      context.globalAlpha = 0.85;
      context.strokeText(label.text, label.x, label.y);
      context.globalAlpha = label.tone === "gap" ? 1 : 0.86;
      context.fillStyle = label.tone === "gap" ? theme.gap : theme.ink;
      context.fillText(label.text, label.x, label.y);
    }
    context.globalAlpha = 1;
  }

  ring({ x, y, radius }, theme) {
    const { context } = this;
    for (const [colour, width] of [
      [theme.paper, 4],
      [theme.ink, 1.8],
    ]) {
      context.beginPath();
      context.arc(x, y, radius + 2.5, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  outline({ corners, mode }, theme) {
    const { context } = this;
    context.beginPath();
    for (let at = 0; at < corners.length; at += 2) {
      context[at ? "lineTo" : "moveTo"](corners[at], corners[at + 1]);
    }
    context.closePath();
    context.fillStyle = context.strokeStyle = mode === "remove" ? theme.gap : theme.accent;
    context.globalAlpha = 0.12;
    context.fill("evenodd");
    context.globalAlpha = 1;
    context.lineWidth = 1.6;
    context.setLineDash(mode === "replace" ? [] : [5, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}

function fontOf(label, theme) {
  return `${label.tone === "gap" ? 650 : 550} 12.5px ${theme.font}`;
}
