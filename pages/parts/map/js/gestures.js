// Mouse, touch and keys, told as what the user means: draw, click, pan, turn, zoom, hover.
//
// One finger or the left button does what the tool says; a right or middle button, or the left one
// while the space bar is down, moves the map; two fingers pinch. A press that does not move is a
// click in every tool. Shift adds to the selection, Alt removes from it.

const STILL = 4; // pixels a press may move and still be a click
const STEP = 40; // pixels an arrow key moves the map
const TURN = 30; // pixels of turning an arrow key stands for

export const LASSO = "lasso";
export const BOX = "box";
export const MOVE = "move";

/** How what is drawn joins the selection. */
export function modeOf(event) {
  if (event.altKey) return "remove";
  return event.shiftKey ? "add" : "replace";
}

/**
 * Listen on `target`. `hands` is asked for { tool, deep } and told by drawing(corners, mode),
 * drawn(corners, mode), click(x, y, mode), hover(x, y), leave(), pan(dx, dy), turn(dx, dy),
 * zoom(x, y, factor), press(key). The returned function stops listening.
 */
export function listen(target, hands) {
  const stop = new AbortController();
  const on = (name, handler, more = {}) =>
    target.addEventListener(name, handler, { signal: stop.signal, ...more });
  const fingers = new Map();
  let drag = null;
  let space = false;

  const at = (event) => {
    const box = target.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  on("pointerdown", (event) => {
    target.focus({ preventScroll: true });
    target.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    hands.leave();
    if (fingers.size === 2) {
      drag = null; // it was no stroke but the first finger of a pinch
      hands.drawing(null);
      return;
    }
    if (fingers.size > 2) return;
    const moves = event.button !== 0 || space;
    const doing = moves ? "pan" : hands.tool !== MOVE ? hands.tool : hands.deep ? "turn" : "pan";
    const [x, y] = at(event);
    drag = { doing, mode: modeOf(event), x, y, last: [x, y], corners: [x, y], moved: false };
    event.preventDefault();
  });

  on("pointermove", (event) => {
    const [x, y] = at(event);
    if (!fingers.has(event.pointerId)) {
      if (event.pointerType !== "touch") hands.hover(x, y);
      return;
    }
    if (fingers.size === 2) {
      pinch(fingers, event.pointerId, [x, y], hands);
      return;
    }
    fingers.set(event.pointerId, [x, y]);
    if (!drag) return;
    drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > STILL;
    if (!drag.moved) return;
    if (drag.doing === LASSO) drag.corners.push(x, y);
    else if (drag.doing === BOX) drag.corners = [drag.x, drag.y, x, drag.y, x, y, drag.x, y];
    else hands[drag.doing](x - drag.last[0], y - drag.last[1]);
    drag.last = [x, y];
    if (drag.doing === LASSO || drag.doing === BOX) hands.drawing(drag.corners, drag.mode);
  });

  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (!drag) return;
    const done = drag;
    drag = null;
    hands.drawing(null);
    if (event.type === "pointercancel") return;
    if (!done.moved) {
      if (event.button === 0) hands.click(done.x, done.y, done.mode);
    } else if (done.doing === LASSO || done.doing === BOX) hands.drawn(done.corners, done.mode);
  };
  on("pointerup", lift);
  on("pointercancel", lift);
  on("pointerleave", () => hands.leave());
  on("contextmenu", (event) => event.preventDefault());
  on(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      hands.zoom(...at(event), Math.exp(-event.deltaY * lines * 0.0016));
    },
    { passive: false },
  );
  on("keydown", (event) => {
    if (event.key === " ") space = true;
    const known = keys(event, hands);
    if (known || event.key === " ") {
      event.preventDefault();
      event.stopPropagation(); // Streamlit has shortcuts of its own
    }
  });
  on("keyup", (event) => {
    if (event.key === " ") space = false;
  });
  on("blur", () => {
    space = false;
  });
  return () => stop.abort();
}

function pinch(fingers, id, now, hands) {
  const [other] = [...fingers].filter(([one]) => one !== id).map(([, place]) => place);
  const before = fingers.get(id);
  fingers.set(id, now);
  const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
  const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
  hands.zoom(...middle, apart(now) / Math.max(1, apart(before)));
  hands.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
}

function keys(event, hands) {
  if (event.ctrlKey || event.metaKey) return false;
  const arrows = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  if (event.key in arrows) {
    const [x, y] = arrows[event.key];
    if (hands.deep && !event.shiftKey) hands.turn(-x * TURN, -y * TURN);
    else hands.pan(x * STEP, y * STEP);
    return true;
  }
  if (event.key === "+" || event.key === "=") hands.zoom(null, null, 1.3);
  else if (event.key === "-" || event.key === "_") hands.zoom(null, null, 1 / 1.3);
  else return hands.press(event.key);
  return true;
}
