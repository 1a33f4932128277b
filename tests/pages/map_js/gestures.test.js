import assert from "node:assert/strict";
import test from "node:test";

import { BOX, LASSO, listen, MOVE } from "../../../pages/parts/map/js/gestures.js";

/** A surface that events can be sent to, and what was heard of them. */
function surface(tool, deep = false) {
  const target = new EventTarget();
  target.focus = target.setPointerCapture = () => {};
  target.getBoundingClientRect = () => ({ left: 10, top: 20 });
  const heard = [];
  const hands = { tool, deep };
  for (const name of ["drawing", "drawn", "click", "hover", "leave", "pan", "turn", "zoom"]) {
    hands[name] = (...values) => heard.push([name, ...values]);
  }
  hands.press = (key) => {
    heard.push(["press", key]);
    return key === "Escape";
  };
  const stop = listen(target, hands);
  const send = (type, values = {}) => {
    const event = new Event(type, { cancelable: true });
    const mouse = { pointerId: 1, pointerType: "mouse", button: 0, deltaMode: 0 };
    target.dispatchEvent(Object.assign(event, mouse, values));
    return event;
  };
  const pointer = (type, x, y, more) => send(type, { clientX: x + 10, clientY: y + 20, ...more });
  const of = (name) => heard.filter(([one]) => one === name);
  return { send, pointer, of, stop };
}

test("a stroke of the lasso is told as its corners, with how it joins the selection", () => {
  const { pointer, of } = surface(LASSO);
  pointer("pointerdown", 0, 0, { shiftKey: true });
  pointer("pointermove", 50, 0);
  pointer("pointermove", 50, 50);
  pointer("pointerup", 50, 50);
  assert.deepEqual(of("drawn"), [["drawn", [0, 0, 50, 0, 50, 50], "add"]]);
  assert.deepEqual(of("drawing").at(-1), ["drawing", null]);
  assert.equal(of("click").length, 0);
});

test("a box has four corners", () => {
  const { pointer, of } = surface(BOX);
  pointer("pointerdown", 5, 5, { altKey: true });
  pointer("pointermove", 25, 45);
  pointer("pointerup", 25, 45);
  assert.deepEqual(of("drawn"), [["drawn", [5, 5, 25, 5, 25, 45, 5, 45], "remove"]]);
});

test("a press that does not move is a click, in every tool", () => {
  for (const tool of [LASSO, BOX, MOVE]) {
    const { pointer, of } = surface(tool);
    pointer("pointerdown", 30, 40);
    pointer("pointermove", 31, 42);
    pointer("pointerup", 31, 42);
    assert.deepEqual(of("click"), [["click", 30, 40, "replace"]]);
    assert.equal(of("drawn").length, 0);
  }
});

test("moving pans on paper and turns in space; the right button always pans", () => {
  for (const [deep, button, doing] of [
    [false, 0, "pan"],
    [true, 0, "turn"],
    [true, 2, "pan"],
  ]) {
    const { pointer, of } = surface(MOVE, deep);
    pointer("pointerdown", 0, 0, { button });
    pointer("pointermove", 10, 20);
    pointer("pointermove", 15, 20);
    pointer("pointerup", 15, 20, { button });
    assert.deepEqual(of(doing), [
      [doing, 10, 20],
      [doing, 5, 0],
    ]);
    assert.equal(of("click").length, 0);
  }
});

test("two fingers pinch, and the stroke of the first is forgotten", () => {
  const { pointer, of } = surface(LASSO);
  const finger = (pointerId) => ({ pointerId, pointerType: "touch" });
  pointer("pointerdown", 100, 100, finger(1));
  pointer("pointermove", 120, 100, finger(1));
  pointer("pointerdown", 220, 100, finger(2));
  pointer("pointermove", 320, 100, finger(2)); // 100 apart, now 200
  assert.deepEqual(of("zoom"), [["zoom", 220, 100, 2]]);
  assert.deepEqual(of("pan"), [["pan", 50, 0]]);
  pointer("pointerup", 320, 100, finger(2));
  pointer("pointerup", 120, 100, finger(1));
  assert.equal(of("drawn").length, 0);
  assert.equal(of("click").length, 0);
});

test("one finger draws a lasso", () => {
  const { pointer, of } = surface(LASSO);
  const finger = { pointerId: 7, pointerType: "touch" };
  pointer("pointerdown", 0, 0, finger);
  pointer("pointermove", 40, 0, finger);
  pointer("pointermove", 40, 40, finger);
  pointer("pointerup", 40, 40, finger);
  assert.equal(of("drawn").length, 1);
  assert.equal(of("hover").length, 0);
});

test("arrows pan, turn in space; plus and minus zoom; other keys are offered", () => {
  const flat = surface(LASSO);
  flat.send("keydown", { key: "ArrowLeft" });
  flat.send("keydown", { key: "+" });
  assert.deepEqual(flat.of("pan"), [["pan", 40, 0]]);
  assert.deepEqual(flat.of("zoom"), [["zoom", null, null, 1.3]]);
  assert.equal(flat.send("keydown", { key: "Escape" }).defaultPrevented, true);
  assert.equal(flat.send("keydown", { key: "Tab" }).defaultPrevented, false); // leads on
  assert.equal(flat.send("keydown", { key: "r", ctrlKey: true }).defaultPrevented, false);
  const deep = surface(LASSO, true);
  deep.send("keydown", { key: "ArrowLeft" });
  assert.equal(deep.of("turn").length, 1);
});

test("the wheel zooms about the cursor and does not scroll the page", () => {
  const { pointer, of, stop } = surface(LASSO);
  const event = pointer("wheel", 30, 40, { deltaY: -100 });
  assert.equal(event.defaultPrevented, true);
  const [[, x, y, factor]] = of("zoom");
  assert.deepEqual([x, y], [30, 40]);
  assert.ok(factor > 1);
  stop();
  pointer("wheel", 30, 40, { deltaY: -100 });
  assert.equal(of("zoom").length, 1);
});
