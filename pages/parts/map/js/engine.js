// Draws points with WebGL 2. It knows buffers and uniforms, nothing of mice or of Python.

import { FRAGMENT, VERTEX } from "./shaders.js";

export const REAL = 1;
export const ABSENT = 2;
export const SHOWN = 4;
export const SELECTED = 8;
export const COLOURS = 256; // a palette holds at most; a code is one byte

/** A WebGL 2 context on a canvas, or null where there is none. */
export function contextOf(canvas) {
  return canvas.getContext("webgl2", {
    antialias: false, // discs smooth their own edge
    alpha: false,
    depth: true,
    powerPreference: "high-performance",
  });
}

export class Engine {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = contextOf(canvas);
    if (!this.gl) throw new Error("WebGL 2 is missing");
    this.kept = {}; // what was uploaded, to do it again when the context was lost
    this.prepare();
  }

  prepare() {
    const { gl } = this;
    this.program = program(gl, VERTEX, FRAGMENT);
    this.uniforms = {};
    for (const name of ["matrix", "palette", "size", "deep", "chosen", "outline", "paper"]) {
      this.uniforms[name] = gl.getUniformLocation(this.program, name);
    }
    this.array = gl.createVertexArray();
    this.buffers = { places: gl.createBuffer(), codes: gl.createBuffer() };
    this.buffers.states = gl.createBuffer();
    this.texture = gl.createTexture();
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** The context came back: upload everything again. */
  restore() {
    this.prepare();
    const { places, codes, states, palette } = this.kept;
    if (places) this.places(...places);
    if (codes) this.codes(codes);
    if (states) this.states(states);
    if (palette) this.palette(palette);
  }

  /** Coordinates, `dims` (2 or 3) floats a point. */
  places(values, dims) {
    const { gl } = this;
    this.kept.places = [values, dims];
    this.count = values.length / dims;
    this.fill("places", values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, dims, gl.FLOAT, false, 0, 0);
  }

  /** One code a point: its place in the palette. */
  codes(values) {
    this.kept.codes = values;
    this.bytes("codes", 1, values);
  }

  /** One byte of flags a point. */
  states(values) {
    this.kept.states = values;
    this.bytes("states", 2, values);
  }

  /** Colours as [r, g, b, a] with parts of 0 to 255; those with a = 0 are not drawn. */
  palette(colours) {
    const { gl } = this;
    this.kept.palette = colours;
    const pixels = new Uint8Array(COLOURS * 4);
    colours.slice(0, COLOURS).forEach((colour, code) => pixels.set(colour, 4 * code));
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, COLOURS, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /**
   * Draw. matrix: 16 numbers; size: of a disc in device pixels; deep: in space; chosen: whether
   * something is selected; paper, outline: [r, g, b] with parts of 0 to 255.
   */
  draw({ matrix, size, deep, chosen, paper, outline }) {
    const { gl, uniforms } = this;
    const part = (value) => value / 255;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...paper.map(part), 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { places, codes, states, palette } = this.kept;
    if (!places || !codes || !states || !palette) return;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.uniform1i(uniforms.palette, 0);
    gl.uniformMatrix4fv(uniforms.matrix, false, matrix);
    gl.uniform1f(uniforms.size, size);
    gl.uniform1f(uniforms.deep, deep ? 1 : 0);
    gl.uniform1f(uniforms.chosen, chosen ? 1 : 0);
    gl.uniform3f(uniforms.outline, ...outline.map(part));
    gl.uniform3f(uniforms.paper, ...paper.map(part));
    gl.drawArrays(gl.POINTS, 0, this.count);
  }

  /** Give everything back to the graphics card. */
  free() {
    const { gl } = this;
    for (const buffer of Object.values(this.buffers)) gl.deleteBuffer(buffer);
    gl.deleteVertexArray(this.array);
    gl.deleteTexture(this.texture);
    gl.deleteProgram(this.program);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.kept = {};
  }

  bytes(name, location, values) {
    const { gl } = this;
    this.fill(name, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, 1, gl.UNSIGNED_BYTE, 0, 0);
  }

  fill(name, values, usage) {
    const { gl } = this;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, usage);
  }
}

/** Pixels of a real image's disc: smaller where there are many, a little larger when zoomed in. */
export function discSize(count, zoom, ratio) {
  const base = Math.min(9, Math.max(2, 8 - 1.85 * Math.log10(Math.max(count, 1) / 1000)));
  const grown = Math.min(Math.max(zoom, 1) ** 0.33, 3);
  return base * grown * ratio;
}

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}
